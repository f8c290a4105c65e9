"""Advice reads ``run.json`` of every saved run once, and frames only of the runs that it may use."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from saved import record, run_json, slice_

from analysis.advice import saved_runs
from analysis.advice.advise import Demand
from analysis.advice.call_cost import find_call_cost
from analysis.advice.connections_seen import find_seen
from analysis.advice.measured_queue import find_measured_queue
from analysis.advice.saved_runs import SavedRuns
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run
from wiretax.runs.writer import write_run

MOCK = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0}
TARGET = Endpoint.parse("http://key:secret@127.0.0.1:6001/apps/1")


def save_many(results: Path, metas: list[dict[str, Any]]) -> None:
    """Runs of a trigger and two batches that differ in their ``run.json``, the newest one last."""
    sent = (Workload.of(), Workload.of("batch", 5), Workload.of("batch", 10))
    made = record(*(slice_(each, number, 100) for number in range(6) for each in sent))
    made.meta = run_json(made, mock=MOCK)
    (results.parent / "first").mkdir()
    write_run(results.parent / "first", made)
    for number, meta in enumerate(metas):
        folder = results / f"{number:03}"
        shutil.copytree(results.parent / "first", folder, copy_function=shutil.copyfile)
        started = f"2026-01-31T12:{number // 60:02}:{number % 60:02}"
        (folder / "run.json").write_bytes(orjson.dumps({**made.meta, "started": started, **meta}))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """How often each run's ``run.json`` and its frames were read."""
    counted: Counter[tuple[str, str]] = Counter()
    meta, run = saved_runs.read_meta, saved_runs.read_run

    def read_meta(folder: Path) -> dict[str, Any]:
        counted[folder.name, "run.json"] += 1
        return meta(folder)

    def read_run(folder: Path, only: Any = None) -> Run:
        counted.update((folder.name, name) for name in only)
        return run(folder, only)

    monkeypatch.setattr(saved_runs, "read_meta", read_meta)
    monkeypatch.setattr(saved_runs, "read_run", read_run)
    return counted


def test_of_200_runs_advice_reads_each_run_json_once_and_the_slices_of_two(
    tmp_path: Path, opened: Counter[tuple[str, str]]
) -> None:
    unusable: list[dict[str, Any]] = [
        {"valid": False},
        {"mode": "free"},
        {"rounds_measured": 4},
        {"mock": {**MOCK, "rtt_s": 0.05}},
        {"mock": None, "endpoint": "http://192.0.2.1:80/apps/1"},
    ]
    metas = [unusable[number % 5] for number in range(200)]
    # The only ones that can show a call's cost, and what the server does with connections.
    metas[7], metas[3] = {}, {"mock": None, "endpoint": "http://127.0.0.1:6001/apps/1"}
    results = tmp_path / "results"
    save_many(results, metas)
    runs = SavedRuns(results)
    assert find_call_cost(runs, Workload.of()).run == "007"
    seen = find_seen(runs, TARGET)
    assert seen is not None
    assert seen.by == "003"
    assert find_measured_queue(runs, Demand(Workload.of(), TARGET, 1000.0, 0.05, 0.1, 10)) is None
    frames = {key: times for key, times in opened.items() if key[1] != "run.json"}
    assert frames == {("007", "slices"): 1, ("003", "slices"): 1}
    assert {key: times for key, times in opened.items() if key not in frames} == {
        (f"{number:03}", "run.json"): 1 for number in range(200)
    }


def test_a_run_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    results = tmp_path / "results"
    save_many(results, [{}, {}, {}, {}])
    (results / "003" / "run.json").write_text("{")
    (results / "002" / "slices.parquet").write_bytes(b"PAR1")
    # Latencies are not needed for the cost of a call.
    (results / "001" / "latency.parquet").unlink()
    assert find_call_cost(SavedRuns(results), Workload.of()).run == "001"
