"""Runs with deliveries, made from counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wiretax.channels.workload import Workload
from wiretax.delivery.counting.counted import CountedSlice
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.tally import DelayKind, DeliveryTally
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord

# Bytes of a delivery on each layer, and what its subscriber sent meanwhile.
LAYERS = {"frame_header": 2, "envelope": 60, "payload": 100, "sent": 0, "received": 162}


def counted(
    workload: Workload,
    round_: int,
    delivered: int,
    *,
    total_ms: float = 1.0,
    times_ms: Mapping[DelayKind, float] | None = None,
    alone: bool = True,
    **counts: Any,
) -> CountedSlice:
    """A slice whose acknowledged events all arrived after the same time, but for what ``counts`` say."""
    tally = DeliveryTally(subscribers=1, grace_s=1.0, **{"sent": delivered, "acknowledged": delivered, **counts})
    tally.expected = tally.expected or delivered + tally.lost + tally.missed
    tally.delivered = delivered
    tally.bytes = DeliveryBytes(**{name: size * delivered for name, size in LAYERS.items()}, messages=delivered)
    for kind, milliseconds in {"total": total_ms, "after": 0.1, **(times_ms or {})}.items():
        tally.times[kind].record(np.full(delivered, round(milliseconds * 1e6)))
    return CountedSlice(workload, round_, 1.0, tally, alone)


def delivered_run(*slices: CountedSlice, mode: str = "sweep", totals: Mapping[str, int] | None = None) -> Run:
    """A run of these slices."""
    record = RunRecord()
    for each in slices:
        each.add_to(record)
    meta = {"mode": mode, "delivery": {"grace_s": 1.0, "own_process": True, "totals": {**(totals or {})}}}
    return as_read(record, Path("run"), meta)
