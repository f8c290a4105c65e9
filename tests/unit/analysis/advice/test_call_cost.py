"""The cost of a call, from the closest workloads of a saved run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from saved import record, run_json, slice_, unseal

from analysis.advice.call_cost import UNKNOWN, find_call_cost
from analysis.advice.saved_runs import SavedRuns
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.runs.reader import RunNotFoundError
from wiretax.runs.writer import write_run

FREE_MOCK = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0}
HOST = "http://127.0.0.1:1/apps/1"


def save(results: Path, name: str, *workloads: Workload, call_s: float = 50e-6, **meta: Any) -> Path:
    """A run in which a call takes ``call_s`` and each event 2 µs, for six rounds."""
    slices = [
        slice_(each, number, 1000, duration_s=1000 * (call_s + 2e-6 * each.call.batch_size))
        for number in range(6)
        for each in workloads
    ]
    made = record(*slices)
    made.meta = run_json(
        made, started=f"2026-01-01T00:00:00.{name}", **{"mock": FREE_MOCK, "endpoint": HOST, **meta}
    )
    folder = results / name
    folder.mkdir()
    write_run(folder, made)
    return folder


def pair(**settings: Any) -> tuple[Workload, ...]:
    """A trigger and the two batches that a line takes at least."""
    return (
        Workload.of("trigger", **settings),
        Workload.of("batch", 5, **settings),
        Workload.of("batch", 10, **settings),
    )


def test_recovers_the_time_of_a_call_and_of_an_event(tmp_path: Path) -> None:
    save(tmp_path, "1", *pair())
    cost = find_call_cost(SavedRuns(tmp_path), Workload.of())
    assert cost.call_s == pytest.approx(50e-6)
    assert cost.event_s == pytest.approx(2e-6)
    assert cost.largest_batch == 10
    assert (cost.run, cost.workload, cost.by_round_trips) == ("1", Workload.of(), False)


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        (Workload.of(payload_bytes=400), Workload.of(payload_bytes=1000)),  # by ratio, not by difference
        (Workload.of(payload_bytes=300), Workload.of(payload_bytes=100)),
        (Workload.of(payload_bytes=1000, client="php"), Workload.of(payload_bytes=17, client="php")),
        (Workload.of(client="go"), Workload.of()),
        (Workload.of(payload_bytes=120, tls=True), Workload.of(tls=True)),
        (Workload.of(payload_kind="json", payload_bytes=900), Workload.of(payload_kind="json", payload_bytes=17)),
        (Workload.of(connection="close"), Workload.of(payload_bytes=9, connection="close")),
    ],
)
def test_the_closest_family_is_used(tmp_path: Path, wanted: Workload, nearest: Workload) -> None:
    families: tuple[dict[str, Any], ...] = (
        {"payload_bytes": 1000},
        {},
        {"tls": True},
        {"payload_bytes": 17, "client": "php"},
        {"payload_bytes": 17, "payload_kind": "json"},
        {"payload_bytes": 9, "connection": "close"},
    )
    save(tmp_path, "1", *(each for family in families for each in pair(**family)))
    assert find_call_cost(SavedRuns(tmp_path), wanted).workload == nearest


def test_the_newest_usable_run_is_used(tmp_path: Path) -> None:
    save(tmp_path, "1", *pair(), call_s=1e-6)
    save(tmp_path, "2", *pair())
    save(tmp_path, "3", Workload.of())  # one size only
    save(tmp_path, "4", *pair(client=LIBRARY, tls=True))  # not wiretax's own publisher
    save(tmp_path, "5", *pair(), observed={})
    save(tmp_path, "6", *pair(), valid=False)
    save(tmp_path, "7", *pair(), mock={**FREE_MOCK, "rtt_s": 0.04})
    save(tmp_path, "8", *pair(), mock=None, endpoint="https://api-eu.pusher.com/apps/1")
    (tmp_path / "9").mkdir()
    (tmp_path / "9" / "run.json").write_text("{")
    assert find_call_cost(SavedRuns(tmp_path), Workload.of()).run == "2"
    assert find_call_cost(SavedRuns(tmp_path, "1"), Workload.of()).call_s == pytest.approx(1e-6)
    assert find_call_cost(SavedRuns(tmp_path, "7"), Workload.of()).by_round_trips
    assert find_call_cost(SavedRuns(tmp_path, "8"), Workload.of()).by_round_trips


def test_only_sweeps_with_linear_call_times_are_usable(tmp_path: Path) -> None:
    save(tmp_path, "1", *pair(), call_s=1e-6)
    save(tmp_path, "2", *pair(), mode="free")
    save(tmp_path, "3", *pair(), plan={"name": "free-run", "seed": 1})  # before runs had a mode
    save(tmp_path, "4", *pair(), mode="observe")
    save(tmp_path, "5", *pair()[:2])  # two sizes, nothing to check a line against
    bend(save(tmp_path, "6", *pair()))
    assert find_call_cost(SavedRuns(tmp_path), Workload.of()).run == "1"


def bend(folder: Path) -> None:
    """Batches of five take three times as long."""
    slices = pd.read_parquet(folder / "slices.parquet")
    slices["duration_s"] = slices["duration_s"].mask(slices["batch_size"] == 5, slices["duration_s"] * 3)
    slices.to_parquet(folder / "slices.parquet")
    unseal(folder)


def test_a_run_records_whether_call_times_include_connections(tmp_path: Path) -> None:
    save(tmp_path, "1", *pair())
    assert not find_call_cost(SavedRuns(tmp_path), Workload.of()).with_connection
    save(tmp_path, "2", *pair(connection="close"))
    assert find_call_cost(SavedRuns(tmp_path), Workload.of()).with_connection


def test_a_run_against_a_local_server_is_usable_too(tmp_path: Path) -> None:
    save(tmp_path, "1", *pair(), mock=None, endpoint="http://127.0.0.1:6001/apps/1")
    assert find_call_cost(SavedRuns(tmp_path), Workload.of()).run == "1"


def test_without_a_run_the_cost_is_unknown(tmp_path: Path) -> None:
    assert find_call_cost(SavedRuns(tmp_path / "none"), Workload.of()) == UNKNOWN
    save(tmp_path, "1", Workload.of())
    assert find_call_cost(SavedRuns(tmp_path), Workload.of()) == UNKNOWN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nowhere", "no run 'nowhere'"),
        ("one", "can't show the cost of a call; name a run with a trigger and batches"),
        ("free", "it is a free run, whose user classes compete; name a sweep"),
        ("two", "can't show the cost of a call (two batch sizes leave nothing to check a line against)"),
        ("bent", "can't show the cost of a call (a line through the call times is"),
        ("bad", "it is invalid (nothing was acknowledged); name another, or leave --run out"),
        ("cut", "can't be read"),
    ],
)
def test_a_given_run_that_is_not_usable_is_rejected(tmp_path: Path, name: str, text: str) -> None:
    save(tmp_path, "one", Workload.of())
    save(tmp_path, "free", *pair(), mode="free")
    save(tmp_path, "two", *pair()[:2])
    bend(save(tmp_path, "bent", *pair()))
    save(tmp_path, "bad", *pair(), valid=False, invalid_because=["nothing was acknowledged"])
    (save(tmp_path, "cut", *pair()) / "run.json").write_text('{"schema": 1')
    with pytest.raises(RunNotFoundError) as caught:
        find_call_cost(SavedRuns(tmp_path, name), Workload.of())
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
