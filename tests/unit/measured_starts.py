"""Runs of single starts, made by hand."""

from __future__ import annotations

from typing import Any

from saved import parts_of, record, run_json, slice_

from wiretax.channels.workload import Workload
from wiretax.load.starts.merging import MeasuredStart
from wiretax.runs.record import RunRecord
from wiretax.runs.run_tables import RunTables
from wiretax.runs.writer import queue_tables, tables

ADDRESS = {
    "server": "endpoint",
    "tls": False,
    "rtt_s": None,
    "host": 9,
    "host_with_port": 15,
    "app_id": 6,
    "key": 20,
}
TCP = {"sent": 10, "received": 5, "retransmitted": 0}


def start_record(rounds: int = 6, batches: int = 100, **changes: Any) -> RunRecord:
    """What one start measured: 100 triggers and so many batches of ten in each round, of a second each."""
    slices = [
        each
        for number in range(rounds)
        for each in (slice_(Workload.of(), number, 100), slice_(Workload.of("batch", 10), number, batches))
    ]
    made = record(*slices)
    total = made.total
    made.server = {
        "requests": total.requests,
        "events": total.events,
        "request_bytes": total.sent_bytes,
        "response_bytes": total.received_bytes,
        "rejected": {},
        "cpu_s": 0.5,
    }
    made.meta = {
        **run_json(made, parts=parts_of(made)),
        "finished": "2026-01-31T12:30:09.000+00:00",
        "addresses": [ADDRESS],
        "profiles": {"reference": "1"},
        "worker_states": [],
        "outcome": {
            "sent": total.requests,
            "acknowledged": total.requests,
            "rejected": 0,
            "failed": 0,
            "unknown": 0,
            "adds_up": True,
        },
        "tcp": TCP,
        "tls": {"sent": 0},
        "connections": {"opened": 4},
        "peers": [{"server": "endpoint", "address": "127.0.0.1", "port": 40000, "connections": 4}],
        "busy": {"generator": 0.5, "mock": 0.25, "others": None},
        "paused": {"times": 0, "waited_s": 0.0, "cut_s": 0.0, "given_up": False},
        "budget": None,
        "skipped": [],
        **changes,
    }
    return made


def start(rounds: int = 6, batches: int = 100, seconds: float = 20.0, **changes: Any) -> MeasuredStart:
    """The run of one start, as it is read."""
    made = start_record(rounds, batches, **changes)
    return MeasuredStart(RunTables(made.meta, {**tables(made), **queue_tables(made)}, made.server), seconds)
