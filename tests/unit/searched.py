"""Runs with searches for a capacity, made by hand: what each workload carries is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from saved import run_json, slice_

from wiretax.channels.workload import Workload
from wiretax.runs.files.probes import Limit, Phase, ProbeRecord
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.wire.slices import Slice

TARGET: dict[str, Any] = {"p99_s": 0.02, "within": 0.05, "time_s": 75.0, "least": 10.0, "most": 1_000_000.0}
TRIGGER = Workload.of(publishers=16, rtt_s=0.0)
BATCH = TRIGGER.replace(api="batch", batch_size=10, linger_s=0.002)
SHARES = (0.5, 0.8, 0.95, 1.0)
# Rates as shares of the capacity: doubled and halved first, then near its edge.
BRACKET = (0.1, 0.4, 1.6, 0.8)
NEAR = (1.2, 0.9, 1.1, 0.95, 1.05, 0.97, 1.03, 0.985, 1.015, 0.99, 1.01, 0.995, 1.005, 0.992, 1.008, 0.98, 1.02)


@dataclass(frozen=True, slots=True)
class Search:
    """A search whose probes hold below the capacity and break above it.

    Attributes:
        workload: what is searched, without a rate.
        capacity: events per second that it carries.
        fill: events of a call.
        limited_by: what is saturated above the capacity.
        rates: the rates of its probes, as shares of the capacity.
        levels: the shares at which its latency is measured afterwards.
    """

    workload: Workload
    capacity: float
    fill: int = 1
    limited_by: Limit = "server"
    rates: Sequence[float] = (*BRACKET, *NEAR)
    levels: Sequence[float] = SHARES


SEARCHES = (Search(TRIGGER, 2_000.0), Search(BATCH, 9_000.0, fill=8))


def run_of(*searches: Search, **meta: Any) -> Run:
    """A run of these searches, as it would be read back; ``meta`` replaces keys of ``run.json``."""
    record = record_of(searches or SEARCHES)
    plan = {"name": "capacity", "users": 16, "capacity": TARGET}
    return as_read(record, Path("by-hand"), run_json(record, **{"plan": plan, **meta}))


@lru_cache(100)
def record_of(searches: tuple[Search, ...]) -> RunRecord:
    """The same, as it is being measured. It is made once for all who ask for it."""
    record = RunRecord()
    for search in searches:
        for probe in _probes(search):
            record.add(_slice(search, probe), 16)
            record.capacity.append(probe.as_row())
    return record


def _probes(search: Search) -> Iterator[ProbeRecord]:
    phases: list[Phase] = ["bracket" if place < len(BRACKET) else "search" for place in range(len(search.rates))]
    probes = [*zip(search.rates, phases, strict=True), *((share, None) for share in search.levels)]
    for number, (share, phase) in enumerate(probes):
        held = share <= 1
        yield ProbeRecord(
            search.workload,
            number,
            round(share * search.capacity, 3),
            phase or "levels",
            held,
            _p99_s(share),
            "" if held else "generator" if search.limited_by == "generator" else "latency",
            "" if held else search.limited_by,
            None if phase else share,
        )


def _p99_s(load: float) -> float:
    """20 ms at the capacity, 2.1 ms at half of it."""
    return float(0.001 + 0.019 * load**4)


def _slice(search: Search, probe: ProbeRecord) -> Slice:
    """One second of a probe: 98 % of its events took half of the p99, 1.2 % the p99, 0.8 % half as long again."""
    events = round(probe.rate)
    made = slice_(probe.workload.replace(batch_size=search.fill), probe.round, events // search.fill)
    made.workload, tally = probe.workload, Slice(probe.workload, probe.round).queue
    assert tally is not None
    tally.intended = tally.arrived = tally.acknowledged = events
    tally.fills[search.fill] = events // search.fill
    tally.depths = [(0.0, 0), (1.0, 1)]
    p99_s = probe.p99_s
    times_s = np.repeat(
        [p99_s / 2, p99_s, p99_s * 1.5], [events - events // 50, events // 50 - events // 125, events // 125]
    )
    for kind in ("waiting", "wire", "total"):
        tally.times[kind].record((times_s * 1e9).astype(np.int64))  # type: ignore[index]
    made.queue = tally
    return made
