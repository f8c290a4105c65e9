"""Runs with queues, made by hand: what was sent and what waited can be worked out on paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saved import parts_of, run_json, slice_

from wiretax.channels.workload import Workload
from wiretax.runs.files.probes import ProbeRecord
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.wire.ledger import Failure
from wiretax.wire.queue_tally import QueueTally

META: dict[str, Any] = {
    "valid": True,
    "mock": {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0},
    "plan": {"name": "by-hand", "users": 16},
}
TRIGGER = Workload.of(rate=1000.0, publishers=16, rtt_s=0.05)
BATCH = TRIGGER.replace(api="batch", batch_size=10, linger_s=0.005)
CLOSED = (Workload.of(), Workload.of("batch", 10))


@dataclass(frozen=True, slots=True)
class Drain:
    """How one queue was drained in a slice of a second.

    Attributes:
        workload: whose queue.
        calls: acknowledged.
        fill: events each carried.
        waiting_s: what each event waited.
        wire_s: what each call took.
        left: events in the queue at the end, never sent, that waited for half a second.
        overloaded: why, or empty.
        made: the share of its rate that the generator made.
    """

    workload: Workload
    calls: int = 100
    fill: int = 1
    waiting_s: float = 0.001
    wire_s: float = 0.05
    left: int = 0
    overloaded: str = ""
    made: float = 1.0


def run_of(*drains: Drain, rounds: int = 2) -> Run:
    """A run of queues, as it would be read back."""
    return as_read(record_of(*drains, rounds=rounds), Path("by-hand"), META)


def record_of(*drains: Drain, rounds: int = 2) -> RunRecord:
    """The same, as it is being measured."""
    record = RunRecord()
    for round_ in range(rounds):
        for drain in drains:
            # Batches that are not full carry fewer events and bytes.
            sent = drain.workload.replace(batch_size=drain.fill)
            made = slice_(sent, round_, drain.calls)
            made.workload, made.queue = drain.workload, _tally(drain)
            made.queue.settle()
            record.add(made, 16)
    return record


def whole_record() -> RunRecord:
    """A run of three rounds with all kinds of files."""
    made = record_of(Drain(BATCH), rounds=3)
    # Drains made by hand have no latency of their calls.
    made.total, made.latency = type(made.total)(), []
    made.slices.clear()
    made.queues, queues, made.waits, waits = [], made.queues, [], made.waits
    for number in range(3):
        for each in CLOSED:
            one = slice_(each, number, 50, unfinished=2, failures=2)
            one.measured.failed[Failure("lost", 0, "reset")] = 2
            made.add(one, 4)
        made.add(slice_(BATCH, number, 5), 16)
    made.queues, made.waits = queues, waits
    made.capacity = [
        ProbeRecord(BATCH.replace(rate=0.0), number, 1000.0, "search", False, 0.03, "latency", "server").as_row()
        for number in range(3)
    ]
    made.server = {"requests": 300, "events": 1500, "cpu_s": 0.5, "rejected": {}}
    made.meta = run_json(made, parts=parts_of(made), profiles={"reference": "none"})
    return made


def _tally(drain: Drain) -> QueueTally:
    events = drain.calls * drain.fill
    arrived = events + drain.left
    tally = QueueTally(
        intended=round(arrived / drain.made), arrived=arrived, left=drain.left, overloaded=drain.overloaded
    )
    for _ in range(drain.calls):
        tally.delivered([0.0] * drain.fill, drain.waiting_s, drain.waiting_s + drain.wire_s)
    tally.never_sent([0.0] * drain.left, 0.5)
    tally.depths = [(0.0, 0), (0.5, drain.left // 2), (1.0, drain.left)]
    return tally
