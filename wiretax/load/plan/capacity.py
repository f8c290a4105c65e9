"""``[capacity]`` of a plan: what a rate has to meet to count as carried, and how long the search takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from wiretax.channels.workload import Workload
from wiretax.load.plan.bounds import within_bounds
from wiretax.load.plan.schema import CapacityTable
from wiretax.units.duration import format_duration, parse_duration
from wiretax.units.rate import parse_rate

# A batch that fills at capacity leaves when it is full. At low rates it waits this share of the target at most.
LINGER_SHARE = 0.25
SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
# In seconds; below the first the clock of the generator decides, and a search needs some probes of each workload.
P99_S = (0.001, 60.0)
TIME_S = (1.0, 24 * 3600.0)
WITHIN = (0.005, 0.5)
# In events per second.
RATES = (10.0, 10_000_000.0)


@dataclass(frozen=True, slots=True)
class Capacity:
    """A search for the highest rate that each workload of a plan carries.

    Attributes:
        p99_s: the target of p99 of total latency (s).
        within: a workload's search ends once its 95 % interval is narrower than plus or minus this share.
        time_s: when the run ends, whatever is still uncertain.
        least: the lowest rate that is tried, in events per second.
        most: the highest.
    """

    p99_s: float
    within: float
    time_s: float
    least: float
    most: float

    @property
    def linger_s(self) -> float:
        """The linger of batches that name none."""
        return LINGER_SHARE * self.p99_s

    def refuse(self, workload: Workload) -> None:
        """Check a workload whose rate is searched.

        Raises:
            ValueError: its capacity can't be searched.
        """
        linger_s = workload.arrivals.linger_s
        if linger_s >= self.p99_s:
            raise ValueError(
                f"linger = {format_duration(linger_s)!r}, expected less than {format_duration(self.p99_s)}, the "
                "p99 of [capacity]: events wait that long at low rates; lower linger or raise p99"
            )

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "p99_s": self.p99_s,
            "within": self.within,
            "time_s": self.time_s,
            "least": self.least,
            "most": self.most,
        }


def capacity_of(table: CapacityTable) -> Capacity:
    """The search that a table asks for.

    Raises:
        ValueError: with the key, what was given and what was expected.
    """
    least, most = (_rate(key, text) for key, text in (("least", table.least), ("most", table.most)))
    if least >= most:
        raise ValueError(f"least = {table.least!r}, expected less than most, which is {table.most!r}")
    return Capacity(
        p99_s=_seconds("p99", table.p99, P99_S),
        within=_share(table.within),
        time_s=_seconds("time", table.time, TIME_S),
        least=least,
        most=most,
    )


def _seconds(key: str, text: str, bounds: tuple[float, float]) -> float:
    least, most = map(format_duration, bounds)
    return within_bounds(key, text, parse_duration, *bounds, f"{least} to {most}")


def _rate(key: str, text: str) -> float:
    least, most = RATES
    return within_bounds(key, text, parse_rate, least, most, f"{least:,.0f}/s to {most:,.0f}/s")


def _share(text: str) -> float:
    match = SHARE.fullmatch(text.strip())
    share = float(match[1]) / 100 if match else 0.0
    least, most = WITHIN
    if not least <= share <= most:
        raise ValueError(f"within = {text!r}, expected {100 * least:g}% to {100 * most:g}%, like 5%")
    return share
