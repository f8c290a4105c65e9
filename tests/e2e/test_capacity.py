"""``wiretax run`` of a plan with ``[capacity]``, on a mock whose capacity is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import environment
from warm import run_warm

from analysis.measures.capacity import capacities
from wiretax.runs.reader import Run, find_run, read_run

# Two calls at a time of 14 ms each, full: 1,429 events a second, which any machine can send.
KNOWN = 2 * 10 / 0.014
PLAN = """
schema = 1
name = "search"
users = 8
[capacity]
p99 = "80ms"
time = "10s"
[mock]
servers = 2
per_request = "4ms"
per_event = "1ms"
[[workload]]
api = "batch"
batch_size = 10
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, str]:
    folder = tmp_path_factory.mktemp("capacity")
    (folder / "search.toml").write_text(PLAN)
    done = run_warm("wiretax", "run", "search.toml", cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    return read_run(find_run(folder / "results")), done.stdout


def test_a_search_ends_with_levels_and_every_byte_is_accounted_for(measured: tuple[Run, str]) -> None:
    run, said = measured
    assert run.meta["valid"], run.meta["invalid_because"]
    assert "mock agree to the byte" in said
    probes = run.capacity
    assert len(probes) == len(run.queue) == len(run.queued)
    assert probes.loc[probes["phase"] == "levels", "share"].sort_values().tolist() == [0.5, 0.8, 0.95, 1.0]
    assert {"bracket", "levels"} <= set(probes["phase"])
    assert run.meta["plan"]["capacity"]["p99_s"] == 0.08


def test_no_rate_beyond_what_the_server_carries_holds(measured: tuple[Run, str]) -> None:
    run, _ = measured
    probes = run.capacity
    # In a short slice a queue grows little at a slightly higher rate; a busy machine lowers the rates that hold.
    assert (probes.loc[probes["held"], "rate"] < 1.3 * KNOWN).all()
    late = probes["p99_s"] > 0.08
    assert not probes.loc[late, "held"].any()
    assert set(probes.loc[~probes["held"], "reason"]) <= {"latency", "queue", "generator"}


def test_the_capacity_is_in_the_table(measured: tuple[Run, str]) -> None:
    run, said = measured
    [capacity] = capacities(run)["capacity"]
    assert 0 < capacity < 1.3 * KNOWN
    assert f"{capacity:,.0f}" in said


def test_the_number_of_rounds_does_not_go_with_a_search(tmp_path: Path) -> None:
    (tmp_path / "search.toml").write_text(PLAN)
    (tmp_path / "gates.toml").write_text(
        'schema = 1\n[[check]]\nid = "overhead"\nmetric = "overhead_factor"\nwhere = { api = "batch" }\nmax = 9\n'
    )
    options = ("--gates", "gates.toml", "--max-rounds", "20")
    done = run_warm("wiretax", "run", "search.toml", *options, cwd=tmp_path, env=environment())
    assert done.returncode == 2, done.stderr + done.stdout
    assert "--max-rounds: plan search has [capacity]; its time" in done.stderr.replace("\n", " ")
