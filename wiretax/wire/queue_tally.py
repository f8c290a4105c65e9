"""How long the events of a queue waited, and what became of them, as counts that add up over rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from math import nan
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wiretax.channels.workload import Workload
from wiretax.channels.workload.rate_stages import of_text
from wiretax.wire.histogram import Histogram
from wiretax.wire.queue_series import QueueSeries
from wiretax.wire.stage_tallies import StageTallies

# The times of an event: before the call that carried it, in that call, and both.
Kind = Literal["waiting", "wire", "total"]
KINDS: tuple[Kind, ...] = ("waiting", "wire", "total")


@dataclass(slots=True)
class QueueTally:
    """One slice of a queue; of a rate that changes, one of its stages.

    Attributes:
        intended: events whose time had come when the slice closed.
        arrived: those of them that were put into the queue.
        acknowledged: events in acknowledged calls.
        lost: events whose call failed.
        left: events in the queue when the slice closed.
        unsent: events that were never sent.
        overloaded: why the queue counts as overloaded; empty if it does not.
        fills: number of calls by how many events they carried.
        depths: samples of the depth: seconds since the slice began, and events.
        times: histograms by kind, of events, once settled. Events that were never acknowledged are censored:
            their times are at least that long.
        late: how long after its time an event came into the queue: scheduling delay, which is included in the
            waiting time.
        publishers: how many of the queue's publishers this process has, if several drain it; None if one does.
        normal_depth: how deep a queue that keeps up may be; NaN if its rate doesn't change.
        series: what it did over time, if its rate changes.
        of_pass: the tallies of all stages, if its rate changes.
    """

    intended: int = 0
    arrived: int = 0
    acknowledged: int = 0
    lost: int = 0
    left: int = 0
    unsent: int = 0
    overloaded: str = ""
    fills: Counter[int] = field(default_factory=Counter)
    depths: list[tuple[float, int]] = field(default_factory=list)
    times: dict[Kind, Histogram] = field(default_factory=lambda: {kind: Histogram() for kind in KINDS})
    late: Histogram = field(default_factory=Histogram)
    publishers: int | None = None
    normal_depth: float = nan
    series: QueueSeries | None = None
    of_pass: StageTallies | None = None
    # Seconds; converted all at once when they are settled.
    _noted_s: dict[Kind, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    _late_s: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, workload: Workload) -> QueueTally:
        """The tally of a slice; of a rate that changes, of the first stage."""
        if not workload.arrivals.stages:
            return cls()
        stages = of_text(workload.arrivals.stages)
        return StageTallies(stages, [cls() for _ in stages]).tallies[0]

    def by_stage(self, intended_s: Sequence[float]) -> Iterable[tuple[QueueTally, Sequence[float]]]:
        """Events by the tally that counts them: when they were meant to arrive, in order."""
        return ((self, intended_s),) if self.of_pass is None else self.of_pass.split(intended_s)

    def failed(self, intended_s: Sequence[float], began_s: float, ended_s: float) -> None:
        """Note a call without an acknowledgement: when its events were meant to arrive, and when it began and
        ended (s). How long they waited for it is known; the rest took at least until it ended."""
        self.lost += len(intended_s)
        self._noted_s["waiting"] += [began_s - each for each in intended_s]
        self.times["wire"].record_censored(_ns([ended_s - began_s] * len(intended_s)))
        self.times["total"].record_censored(_ns([ended_s - each for each in intended_s]))
        if self.series is not None:
            self.series.unacknowledged(intended_s, ended_s)

    def delivered(self, intended_s: Sequence[float], began_s: float, ended_s: float) -> None:
        """Note an acknowledged call: when its events were meant to arrive, and when it began and ended (s)."""
        count = len(intended_s)
        self.acknowledged += count
        self.fills[count] += 1
        self._noted_s["waiting"] += [began_s - each for each in intended_s]
        self._noted_s["wire"] += [ended_s - began_s] * count
        self._noted_s["total"] += [ended_s - each for each in intended_s]
        if self.series is not None:
            self.series.acknowledged(intended_s, ended_s)

    def came_late(self, intended_s: Sequence[float], now_s: float) -> None:
        """Note events that are put into the queue now."""
        self._late_s += [now_s - each for each in intended_s]
        if self.series is not None:
            self.series.came(intended_s, now_s)

    def never_sent(self, intended_s: Sequence[float], now_s: float) -> None:
        """Note events that are left unsent in the queue: their times are at least what they have waited so far."""
        self.unsent += len(intended_s)
        waited = _ns([now_s - each for each in intended_s])
        self.times["waiting"].record_censored(waited)
        self.times["total"].record_censored(waited)
        if self.series is not None:
            self.series.unacknowledged(intended_s, now_s)

    def settle(self) -> None:
        """Move the times noted so far into the histograms."""
        for kind, noted in self._noted_s.items():
            self.times[kind].record(_ns(noted))
            noted.clear()
        self.late.record(_ns(self._late_s))
        self._late_s.clear()
        if self.series is not None:
            self.series.settle()

    def as_plain(self) -> dict[str, Any]:
        """A settled tally as plain numbers, text and bytes, for a message from a worker to its master."""
        at_s, depths = zip(*self.depths, strict=True) if self.depths else ((), ())
        return {
            **{name: getattr(self, name) for name in COUNTS},
            "overloaded": self.overloaded,
            "publishers": self.publishers,
            "fills": list(self.fills.items()),
            "depths": [np.array(at_s, dtype="<f8").tobytes(), np.array(depths, dtype="<u4").tobytes()],
            "times": [self.times[kind].as_plain() for kind in KINDS],
            "late": self.late.as_plain(),
        }

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> QueueTally:
        """The inverse of ``as_plain``.

        Raises:
            KeyError, TypeError, ValueError: ``plain`` was not made by ``as_plain``.
        """
        tally = cls()
        for name in COUNTS:
            setattr(tally, name, int(plain[name]))
        tally.overloaded, tally.publishers = plain["overloaded"], plain["publishers"]
        tally.fills.update({int(size): int(calls) for size, calls in plain["fills"]})
        at_s, depths = (
            np.frombuffer(data, kind) for data, kind in zip(plain["depths"], ("<f8", "<u4"), strict=True)
        )
        if not np.isfinite(at_s).all():
            raise ValueError("a depth at no time")
        tally.depths = list(zip(at_s.tolist(), depths.tolist(), strict=True))
        for kind, histogram in zip(KINDS, plain["times"], strict=True):
            tally.times[kind] = Histogram.of_plain(histogram)
        tally.late = Histogram.of_plain(plain["late"])
        return tally


COUNTS = tuple(each.name for each in fields(QueueTally) if each.type == "int")


def _ns(seconds: list[float]) -> npt.NDArray[np.int64]:
    return np.maximum(np.rint(np.array(seconds, dtype=float) * 1e9), 0).astype(np.int64)
