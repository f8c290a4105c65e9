"""The stages of a free run: a row for each, with its own users, rates, bytes and times."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from judged import run_of
from rich.console import Console
from saved import latency_frame, record, slice_, slices_frame

from analysis.measures.stages import stage_numbers, summarise_stages
from analysis.tables.stage_table import MOST_STAGES, print_stages
from wiretax.channels.workload import Workload
from wiretax.runs.run import Run
from wiretax.wire.slices import Slice

TRIGGER, BATCH = Workload.of(), Workload.of("batch", 10)


def window(workload: Workload, round_: int, stage: int, requests: int, duration_s: float, call_ms: int) -> Slice:
    made = slice_(workload, round_, 0, duration_s)
    made.stage, made.started_at = stage, 10.0 * round_
    made.measured.requests = requests
    made.measured.events = requests * workload.call.batch_size
    made.measured.body_bytes = 100 * requests
    made.measured.latency.record([call_ms * 1_000_000] * requests)
    return made


def run_with(*windows: Slice, **meta: Any) -> Run:
    made = record(*windows)
    stages = [{"users": users, "user_classes": []} for users in (2, 8)]
    return run_of(
        slices_frame(made), latency_frame(made), **{"plan": {"name": "free-run", "stages": stages}, **meta}
    )


def staged() -> Run:
    """A stage of a whole window, and one of a whole window and a short one."""
    return run_with(
        window(TRIGGER, 0, 0, 100, 10.0, 1),
        window(TRIGGER, 1, 1, 400, 10.0, 4),
        window(BATCH, 1, 1, 50, 10.0, 2),
        window(TRIGGER, 2, 1, 0, 1.0, 4),
    )


def test_each_stage_has_its_users_rate_bytes_and_times() -> None:
    run = staged()
    first, second = summarise_stages(run, stage_numbers(run))
    assert (first.number, first.users, second.number, second.users) == (0, 2, 1, 8)
    assert first.seconds == pytest.approx(10)
    rows = {row["workload"]: row for row in second.workloads.to_dict("records")}
    # All of its time, however many windows it was.
    assert rows[TRIGGER.name]["events_per_second"] == pytest.approx(400 / 11)
    assert rows[BATCH.name]["events_per_second"] == 50
    assert rows[BATCH.name]["sent_per_event"] == 10
    assert [each.workloads["p50_s"].iloc[0] for each in (first, second)] == pytest.approx([0.001, 0.004], rel=0.01)


def printed(run: Run) -> list[str]:
    text = StringIO()
    print_stages(run, Console(file=text, width=120, color_system=None, highlight=False))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_the_table_has_a_row_for_each_stage_and_workload() -> None:
    assert printed(staged()) == [
        "                                              sent    cable   p50  p99   max",
        "stage  users     s  sent as      events/s  B/event  B/event    ms   ms    ms",
        "    1      2  10.0  trigger            10    100.0    100.0  1.00    -  1.00",
        "    2      8  11.0  trigger            36    100.0    100.0  4.01    -  4.01",
        "                    batch of 10        50     10.0     10.0  2.00    -  2.00",
        "stages: users as Locust was told; rates include the ramp-up",
        "",
    ]


def test_a_load_without_stages_has_no_table() -> None:
    assert printed(run_with(window(TRIGGER, 0, 0, 100, 10.0, 1), window(TRIGGER, 1, 0, 100, 10.0, 1))) == []


def test_of_very_many_stages_the_first_are_shown() -> None:
    lines = printed(run_with(*(window(TRIGGER, number, number, 20, 1.0, 1) for number in range(MOST_STAGES + 5))))
    assert len(lines) == 2 + MOST_STAGES + 3
    # The run says nothing of the users of most.
    assert lines[2 + 2].split()[:2] == ["3", "-"]
    assert lines[-3] == "5 further stages: column stage of slices.parquet"


def test_runs_from_before_stages_have_none() -> None:
    run = staged()
    assert stage_numbers(run_of(run.slices.drop(columns="stage"), run.latency)) == []
