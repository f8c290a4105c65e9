"""``wiretax run`` with a rate that changes: a row for each stage, no event or byte missing, and the recovery."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from commands import environment
from saved_runs import assert_agrees, saved
from warm import run_warm

from analysis.measures.rate_stages import recoveries, summarise_rate_stages
from wiretax.channels.workload.rate_stages import of_text
from wiretax.queue.sources.schedule import staged_times

# One server makes 500 calls a second, fewer than the spike and many more than the other stages.
PLAN = """
schema = 1
name = "spiky"
rounds = 1
slice = "50ms"
users = 4
[mock]
per_request = "2ms"
[[workload]]
api = "trigger"
stages = [
    {rate = "100/s", for = "500ms"},
    {to = "2000/s", for = "100ms"},
    {rate = "2000/s", for = "100ms", name = "spike"},
    {rate = "100/s", for = "1500ms", name = "after"},
]
"""


def drawn(text: str) -> list[int]:
    """How many events were meant to arrive in each stage of the first round."""
    stages = of_text(text)
    times = takewhile(
        lambda time_s: time_s <= stages.seconds, staged_times("poisson", stages, f"1/arrivals/0/{text}")
    )
    return np.histogram([*times], [0.0, *stages.ends_s])[0].tolist()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("stages")
    (folder / "spiky.toml").write_text(PLAN)
    done = run_warm("wiretax", "run", "spiky.toml", cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, done.stdout


def test_each_stage_has_rows_and_every_event_is_in_one_of_them(measured: tuple[Path, str]) -> None:
    run = saved(measured[0])
    assert_agrees(run)
    assert run.meta["outcome"]["adds_up"]
    queue = run.queue
    assert [*queue["stage"]] == [*run.queued["stage"]] == [0, 1, 2, 3]
    assert (queue["arrived"] == queue["acknowledged"] + queue["lost"] + queue["unsent"]).all()
    assert (queue["intended"] == queue["arrived"]).all()
    # Drawn from the plan's seed, so the same in every run; the last stage goes on until the slice is closed.
    assert [*queue["arrived"]][:3] == drawn(queue["stages"][0])[:3]
    total = run.waits[run.waits["kind"] == "total"]
    assert total.groupby("stage")["count"].sum().tolist() == queue["acknowledged"].tolist()
    assert run.series["arrived"].sum() == queue["arrived"].sum()
    assert run.series["acknowledged"].sum() == queue["acknowledged"].sum()


def test_the_slice_lasts_its_stages_and_goes_on_through_a_spike(measured: tuple[Path, str]) -> None:
    run = saved(measured[0])
    stages = summarise_rate_stages(run)
    assert (run.queued["duration_s"] >= 0.9 * stages["seconds"]).all()
    assert stages["overloaded"][2] == 1.0
    assert len(recoveries(run)) == 1


def test_the_run_prints_its_stages_and_the_recovery(measured: tuple[Path, str]) -> None:
    text = measured[1]
    assert "100 to 2,000/s in 4 stages" in text
    assert "! 3 spike" in text
    assert "spike    trigger " in text
