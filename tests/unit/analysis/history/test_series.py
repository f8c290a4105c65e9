"""One metric across runs: in order, with commit and labels, and with a step for each change of bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from judged import run_of
from saved import Costs, made_up

from analysis.history.series import comparable, history, steps
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run

SENT, RATE = "http.request.size.per_event", "events_per_second"
TRIGGER = Workload.of()
A, B, C = ("a" * 40, "b" * 40, "c" * 40)


def run(day: int, commit: str | None, more_bytes: int = 0, **meta: Any) -> Run:
    """A run of a day in January, with longer headers."""
    frame = made_up(Costs(), [TRIGGER], rounds=8)
    frame["header_bytes"] += more_bytes * frame["requests"]
    if commit is not None:
        meta["source"] = {"commit": commit, "branch": "main", "changed": False}
    made = run_of(frame, started=f"2026-01-{day:02}T12:30:00.000+00:00", **meta)
    return replace(made, folder=Path(f"run-{day}"))


def test_runs_are_in_order_with_commit_and_labels() -> None:
    frame = history(
        [run(2, B, labels={"team": "x"}), run(1, A), run(3, None, labels={"a.b": "c"})], TRIGGER.name, SENT
    )
    assert list(frame["run"]) == ["run-1", "run-2", "run-3"]
    assert list(frame["commit"]) == [A, B, None]
    assert list(frame["changed"]) == [False, False, None]
    assert list(frame["label.team"]) == [None, "x", None]
    assert list(frame["label.a.b"]) == [None, None, "c"]
    assert frame["started"].iloc[0] == pd.Timestamp("2026-01-01T12:30:00Z")
    assert frame["exact"].all()
    assert frame[["low", "high"]].isna().all(axis=None)
    assert frame["value"].nunique() == 1


def test_a_step_is_named_by_its_commit_and_the_one_before() -> None:
    runs = [run(1, A), run(2, B), run(3, C, 24), run(4, C, 24), run(5, None)]
    found = steps(history(runs, TRIGGER.name, SENT))
    assert list(found["run"]) == ["run-3", "run-5"]
    assert list(found["difference"]) == [24, -24]
    assert list(found["commit"]) == [C, None]
    assert list(found["since"]) == [B, C]
    assert list(found["value"] - found["before"]) == [24, -24]


def test_noisy_metrics_have_intervals_and_no_steps() -> None:
    frame = history([run(1, A), run(2, B)], TRIGGER.name, RATE)
    assert not frame["exact"].any()
    assert (frame["low"] <= frame["value"]).all()
    assert (frame["value"] <= frame["high"]).all()
    assert steps(frame).empty


def test_invalid_runs_and_runs_without_the_workload_are_left_out() -> None:
    invalid = run(2, B, valid=False, invalid_because=["the mock died"])
    assert list(history([run(1, A), invalid], TRIGGER.name, SENT)["run"]) == ["run-1"]
    assert len(history([run(1, A), invalid], TRIGGER.name, SENT, with_invalid=True)) == 2
    empty = history([run(1, A)], "another", SENT)
    assert list(empty) == ["run", "started", "commit", "changed", "value", "low", "high", "exact", "conditions"]
    assert steps(empty).empty


def test_noisy_values_compare_under_the_same_conditions_only() -> None:
    elsewhere = run(1, A, environment={"cpu_model": "another", "cores": 2})
    frame = history([elsewhere, run(2, B), run(3, C)], TRIGGER.name, RATE)
    assert list(comparable(frame)["run"]) == ["run-2", "run-3"]
    exact = history([elsewhere, run(2, B)], TRIGGER.name, SENT)
    assert list(comparable(exact)["run"]) == ["run-1", "run-2"]
    assert comparable(frame.iloc[:0]).empty


def test_a_metric_that_does_not_exist() -> None:
    with pytest.raises(KeyError, match="nosuch"):
        history([run(1, A)], TRIGGER.name, "nosuch")
