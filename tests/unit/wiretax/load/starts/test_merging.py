"""One run of several starts: rounds are numbered on, counts add up, and no doubt about a start is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from measured_starts import ADDRESS, start

from wiretax.load.starts.merging import merge
from wiretax.runs.reader import read_run
from wiretax.runs.saving import save_run

PLAN = {"name": "by-hand", "users": 4, "starts": 2}


def test_rounds_are_numbered_on_and_every_row_names_its_start(tmp_path: Path) -> None:
    merged = merge([start(6, batches=100), start(7, batches=90)], PLAN)
    saved = save_run(tmp_path / "run", merged)
    # Reading compares all tables with the totals of run.json.
    run = saved.read()
    assert run.is_saved
    batches = run.slices[run.slices["workload"].str.startswith("batch")]
    assert batches["round"].tolist() == list(range(13))
    assert batches["start"].tolist() == [0] * 6 + [1] * 7
    assert batches["requests"].tolist() == [100] * 6 + [90] * 7
    assert run.latency.groupby("start")["round"].agg(["min", "max"]).to_numpy().tolist() == [[0, 5], [6, 12]]
    assert run.meta["rounds_measured"] == 13
    assert run.meta["valid"]
    assert run.meta["warnings"] == []


def test_counts_add_up(tmp_path: Path) -> None:
    one, other = start(6, batches=100), start(6, batches=90)
    run = save_run(tmp_path / "run", merge([one, other], PLAN)).read()
    requests = 6 * (100 + 100) + 6 * (100 + 90)
    assert run.meta["reconcile"]["model"]["requests"] == requests
    assert run.meta["outcome"] == {
        "sent": requests,
        "acknowledged": requests,
        "rejected": 0,
        "failed": 0,
        "unknown": 0,
        "adds_up": True,
    }
    assert run.meta["tcp"] == {"sent": 20, "received": 10, "retransmitted": 0}
    assert run.server is not None
    assert (run.server["requests"], run.server["cpu_s"]) == (requests, 1.0)
    assert run.meta["peers"] == [{"server": "endpoint", "address": "127.0.0.1", "port": 40000, "connections": 8}]
    assert [each["slices_s"] for each in run.meta["starts"]] == [12.0, 12.0]
    assert run.meta["busy"] == {"generator": 0.5, "mock": 0.25, "others": None}


def test_a_start_whose_counts_disagree_makes_the_run_invalid() -> None:
    reconcile = {
        **start().run.meta["reconcile"],
        "agrees": False,
        "differences": ["sent: 1 by one, 2 by the other"],
    }
    because = ["the byte counts disagree: sent: 1 by one, 2 by the other"]
    other = start(reconcile=reconcile, valid=False, invalid_because=because)
    meta = merge([start(), other], PLAN).meta
    assert not meta["valid"]
    assert meta["invalid_because"] == [f"start 2: {because[0]}"]
    assert not meta["reconcile"]["agrees"]
    assert meta["reconcile"]["differences"] == ["start 2: sent: 1 by one, 2 by the other"]


def test_a_port_of_other_digits_makes_the_run_invalid() -> None:
    meta = merge([start(), start(addresses=[{**ADDRESS, "host_with_port": 14}])], PLAN).meta
    assert not meta["valid"]
    assert "different numbers of digits" in meta["invalid_because"][0]


@pytest.mark.parametrize(
    ("by_start", "merged"),
    [
        ([["the same"], ["the same"]], ["the same"]),
        ([["used 1.5 cores"], ["used 1.6 cores"]], ["start 1, and likewise start 2: used 1.5 cores"]),
        ([[], ["of one"]], ["start 2: of one"]),
    ],
)
def test_a_warning_is_given_once(by_start: list[list[str]], merged: list[str]) -> None:
    starts = [start(warnings=each) for each in by_start]
    assert merge(starts, PLAN).meta["warnings"] == merged


def test_what_was_measured_before_an_interruption_is_all_of_the_run() -> None:
    meta = merge([start()], PLAN).meta
    assert meta["warnings"] == ["measured 1 of 2 starts"]


def test_what_one_start_could_not_count_is_unknown() -> None:
    assert merge([start(), start(tcp=None)], PLAN).meta["tcp"] is None


def test_a_workload_that_a_later_start_skipped_names_the_last_round_before() -> None:
    def row(after: int) -> dict[str, Any]:
        return {"workload": "w", "after_round": after}

    skipped = merge([start(), start(skipped=[row(-1)]), start(skipped=[row(3)])], PLAN).meta["skipped"]
    assert skipped == [{"workload": "w", "after_round": 5}]
    assert merge([start(), start(skipped=[row(2)])], PLAN).meta["skipped"] == [{"workload": "w", "after_round": 8}]


def test_a_limit_that_any_start_met_was_met() -> None:
    budget = {"max_messages": 10, "messages": 9, "spent": False}
    merged = merge([start(budget=budget), start(budget={**budget, "spent": True})], PLAN).meta["budget"]
    assert merged == {"max_messages": 20, "messages": 18, "spent": True}


def test_the_merged_run_is_read_back_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    save_run(folder, merge([start(), start()], PLAN))
    assert not read_run(folder).damage
