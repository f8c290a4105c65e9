"""What became of the events of queues, by workload and round, as gates need it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from analysis.measures.queues import KEPT_UP, MOST_OVERLOADED, depths_by_round
from analysis.measures.rate_stages import whole_rounds
from wiretax.channels.workload import ATTRIBUTES

# How events arrive: of workloads without a queue, the values that they have.
ARRIVALS = {each.column: each.default for each in ATTRIBUTES if each.of_queue}


@dataclass(slots=True)
class QueueRound:
    """A queue in one round, all workers together; counts are of events.

    Attributes:
        intended: those whose time had come when the slice closed.
        arrived: those of them that the generator put into the queue.
        lost: those whose call failed.
        left: those in the queue when the slice closed.
        depth_max: the most that were in the queue at once.
        is_overloaded: whether the queue was still growing.
    """

    intended: int = 0
    arrived: int = 0
    lost: int = 0
    left: int = 0
    depth_max: int = 0
    is_overloaded: bool = False


class QueueCounts:
    """The rows of ``queue.parquet``."""

    def __init__(self, queue: pd.DataFrame) -> None:
        self._rounds: dict[str, dict[int, QueueRound]] = {}
        queue = whole_rounds(queue)
        for row in queue.to_dict("records"):
            self._add(self._rounds.setdefault(row["workload"], {}).setdefault(row["round"], QueueRound()), row)
        for (workload, round_), depths in depths_by_round(queue).items():
            self._rounds[workload][round_].depth_max = max(map(int, depths), default=0)

    def _add(self, into: QueueRound, row: dict[Any, Any]) -> None:
        for name in ("intended", "arrived", "lost", "left"):
            setattr(into, name, getattr(into, name) + int(row[name]))
        into.is_overloaded |= row["overloaded"] != ""

    def by_round(self, workload: str, name: str) -> dict[int, float]:
        """A figure in each round that has one.

        Args:
            workload: its name.
            name: "depth_max", "left" or "lost" (events), or "reached": the share of its rate that the generator
                reached.
        """
        rounds = self._rounds.get(workload, {})
        if name == "reached":
            return {number: each.arrived / each.intended for number, each in rounds.items() if each.intended}
        return {number: float(getattr(each, name)) for number, each in rounds.items()}

    def whole(self, workload: str, name: str) -> Fraction | None:
        """A count over all rounds, of events; None if no round was counted. ``name``: "lost" alone adds up."""
        rounds = self._rounds.get(workload)
        return None if rounds is None else Fraction(sum(getattr(each, name) for each in rounds.values()))

    def grew_in(self, workload: str) -> frozenset[int]:
        """The rounds in which the queue was overloaded."""
        rounds = self._rounds.get(workload, {})
        return frozenset(number for number, each in rounds.items() if each.is_overloaded)

    def why_overloaded(self, workload: str) -> str:
        """In how many rounds a queue was overloaded, as part of a sentence; empty if it counts as one that keeps
        up."""
        grew, rounds = len(self.grew_in(workload)), len(self._rounds.get(workload, {}))
        if not grew or grew < MOST_OVERLOADED * rounds:
            return ""
        return f"the queue of {workload} was still growing at the end of {grew} of {rounds} rounds"

    def why_not_offered(self, workload: str, rate: float) -> str:
        """That the generator did not reach a queue's rate (1/s), and what to do; empty if it did."""
        rounds = self._rounds.get(workload, {}).values()
        intended, arrived = sum(each.intended for each in rounds), sum(each.arrived for each in rounds)
        if arrived >= KEPT_UP * intended:
            return ""
        return (
            f"the generator made {rate * arrived / intended:,.0f} of {rate:,.15g} events/s of {workload} "
            f"({100 * arrived / intended:.1f} %, expected {KEPT_UP:.0%} or more): lower the rate or use a faster "
            "machine"
        )
