"""A row of ``capacity.parquet``: one probe of a capacity search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from wiretax.channels.workload import Workload

# The first probes, up to a rate that held and one that did not; those around the capacity; those that don't count
# but were repeated, since the generator failed; and slices at shares of the capacity.
Phase = Literal["bracket", "search", "repeated", "levels"]
# Why a probe did not hold: p99 above the target, events lost, a queue that grew, or a generator that did not send
# in time; empty if it held.
Reason = Literal["", "latency", "lost", "queue", "generator"]
# What was saturated in a probe that did not hold; empty if it held.
Limit = Literal["", "server", "connections", "generator"]

PHASES: tuple[str, ...] = get_args(Phase)
REASONS: tuple[str, ...] = get_args(Reason)
LIMITS: tuple[str, ...] = get_args(Limit)


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """One probe.

    Attributes:
        searched: the workload whose capacity is searched, without a rate.
        round: the number of its round.
        rate: what was asked for, in events per second.
        phase: what the probe was for.
        held: whether the rate was carried.
        p99_s: of total latency (s); a lower bound if more than one in a hundred events was never acknowledged.
        reason: why it did not hold.
        limited_by: what was saturated then.
        share: of the capacity found, in phase "levels"; else None.
    """

    searched: Workload
    round: int
    rate: float
    phase: Phase
    held: bool
    p99_s: float
    reason: Reason = ""
    limited_by: Limit = ""
    share: float | None = None

    @property
    def workload(self) -> Workload:
        """What was sent."""
        return self.searched.replace(rate=self.rate)

    def as_row(self) -> dict[str, Any]:
        """The row."""
        return {
            "search": self.searched.name,
            "round": self.round,
            "workload": self.workload.name,
            **self.workload.columns(),
            "phase": self.phase,
            "share": self.share,
            "held": self.held,
            "reason": self.reason,
            "p99_s": self.p99_s,
            "limited_by": self.limited_by,
        }
