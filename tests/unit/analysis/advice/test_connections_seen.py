"""What a run shows about a server's connections, and which runs advice uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from saved import record, run_json, slice_, slices_frame

from analysis.advice.connections_seen import ConnectionBehaviour, closes_most_calls, find_seen
from analysis.advice.saved_runs import SavedRuns
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.runs.reader import RunNotFoundError
from wiretax.runs.writer import write_run

SERVER = "http://key:secret@127.0.0.1:6001/apps/1"
KEPT = Workload.of()


def save(
    results: Path, name: str, closes: bool, endpoint: str = "http://127.0.0.1:6001/apps/1", **meta: Any
) -> None:
    made = record(*(slice_(KEPT, number, 100, connections=100 if closes else 0) for number in range(3)))
    made.meta = run_json(
        made, started=f"2026-01-01T00:00:00.{name}", **{"mock": None, "endpoint": endpoint, **meta}
    )
    (results / name).mkdir()
    write_run(results / name, made)


@pytest.mark.parametrize(
    ("workload", "connections", "closes"),
    [
        (KEPT, 0, False),
        (KEPT, 16, False),
        (KEPT, 100, True),
        # 99 of 100, as some were open before.
        (KEPT, 84, True),
        # Those do not tell what the server would have done.
        (Workload.of(connection="close"), 100, None),
        (Workload.of(calls_per_connection=2), 50, None),
        (Workload.of(client=LIBRARY), 100, None),
    ],
)
def test_a_server_closes_connections_that_clients_would_have_kept(
    workload: Workload, connections: int, closes: bool | None
) -> None:
    assert closes_most_calls(slices_frame(record(slice_(workload, 0, 100, connections=connections)))) is closes


def test_the_newest_run_against_the_same_server_is_used(tmp_path: Path) -> None:
    target = Endpoint.parse(SERVER)
    assert find_seen(SavedRuns(tmp_path), target) is None
    save(tmp_path, "1", closes=False)
    save(tmp_path, "2", closes=True)
    save(tmp_path, "3", closes=False, endpoint="http://127.0.0.1:6002/apps/1")
    save(tmp_path, "4", closes=False, mock={"servers": 1, "rtt_s": 0.0})
    save(tmp_path, "5", closes=False, valid=False)
    assert find_seen(SavedRuns(tmp_path), target) == ConnectionBehaviour(True, "2")
    assert find_seen(SavedRuns(tmp_path), Endpoint.parse(SERVER.replace("6001", "6003"))) is None
    assert find_seen(SavedRuns(tmp_path), Endpoint.parse(SERVER.replace("http:", "https:"))) is None


def test_a_given_run_is_used_for_any_server_but_the_mock(tmp_path: Path) -> None:
    other = Endpoint.parse(SERVER.replace("6001", "6003"))
    save(tmp_path, "1", closes=True)
    save(tmp_path, "2", closes=False, mock={"servers": 1, "rtt_s": 0.0})
    assert find_seen(SavedRuns(tmp_path, "1"), other) == ConnectionBehaviour(True, "1")
    assert find_seen(SavedRuns(tmp_path, "2"), other) is None
    with pytest.raises(RunNotFoundError):
        find_seen(SavedRuns(tmp_path, "nowhere"), other)
