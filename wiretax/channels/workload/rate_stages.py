"""Stages of an arrival rate: constant for a time, or changing evenly from the rate before to another one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s

# As a workload's column has a stage: ``500/s for 10s`` or ``spike: to 5000/s for 20s``.
FORM = re.compile(r"(?:([A-Za-z0-9._-]+): )?(to )?([0-9.e+-]+)/s for ([0-9.e+-]+)s")
# Longer parts of a workload's name are cut off, and end in a hash.
MOST_IN_NAME = 60
# Bins of a time series: the first of these of which there are not too many, with enough events on average.
MOST_BINS, LEAST_EVENTS = 100, 20
BINS_S = tuple(digit * 10.0**power for power in range(-2, 4) for digit in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class RateStage:
    """One stage.

    Attributes:
        first: the rate at its beginning, events per second.
        last: the rate at its end; between the two the rate changes linearly.
        seconds: how long it lasts.
        name: what the plan calls it; empty if it has no name.
    """

    first: float
    last: float
    seconds: float
    name: str = ""

    @property
    def is_ramp(self) -> bool:
        """Whether the rate changes during the stage."""
        return self.first != self.last

    @property
    def events(self) -> float:
        """How many events arrive in it on average: the integral of the rate."""
        return (self.first + self.last) / 2 * self.seconds

    @property
    def most(self) -> float:
        """Its highest rate."""
        return max(self.first, self.last)


class RateStages(tuple[RateStage, ...]):
    """The stages of a rate, in order, at least one."""

    @property
    def seconds(self) -> float:
        """How long all stages last."""
        return sum(stage.seconds for stage in self)

    @property
    def mean(self) -> float:
        """The mean rate, events per second."""
        return sum(stage.events for stage in self) / self.seconds

    @property
    def ends_s(self) -> list[float]:
        """When each stage ends, seconds since the beginning of the first."""
        ends, end_s = [], 0.0
        for stage in self:
            end_s += stage.seconds
            ends.append(end_s)
        return ends

    def events_by(self, time_s: float) -> float:
        """How many events arrive in the first seconds on average: the integral of the rate. After the last stage
        its last rate goes on."""
        total, began_s = 0.0, 0.0
        for stage in self:
            part_s = min(stage.seconds, time_s - began_s)
            if part_s <= 0:
                return total
            total += part_s * (stage.first + (stage.last - stage.first) * part_s / stage.seconds / 2)
            began_s += stage.seconds
        return total + max(0.0, time_s - began_s) * self[-1].last

    @property
    def bin_s(self) -> float:
        """The width of a bin of the time series, seconds."""
        least_s = max(self.seconds / MOST_BINS, LEAST_EVENTS / self.mean) * (1 - 1e-9)
        return next((each for each in BINS_S if each >= least_s), BINS_S[-1])

    @property
    def spike(self) -> int | None:
        """The stage at whose end the highest rate ends; None if the rate does not rise and fall again."""
        peak = max(stage.most for stage in self)
        at = max(number for number, stage in enumerate(self) if stage.last == peak or stage.first == peak)
        if self[at].last < peak:  # it begins at the highest rate and falls
            at -= 1
        has_fallen = 0 <= at < len(self) - 1
        return at if has_fallen and self.before_spike(at) is not None else None

    def before_spike(self, spike: int) -> int | None:
        """The last stage before the rate rises to a spike; None if it begins with the spike."""
        at = spike
        while at >= 0 and self[at].most == self[spike].most:
            at -= 1
        while at >= 0 and self[at].last > self[at].first:
            at -= 1
        return at if at >= 0 else None


def as_text(stages: Iterable[RateStage]) -> str:
    """Stages as a workload's column has them; ``of_text`` is the inverse."""
    words = []
    for number, stage in enumerate(stages):
        name, to = f"{stage.name}: " * bool(stage.name), "to " * (number > 0 and stage.is_ramp)
        words.append(f"{name}{to}{stage.last:.15g}/s for {stage.seconds:.15g}s")
    return ", ".join(words)


@lru_cache(maxsize=256)
def of_text(text: str) -> RateStages:
    """The stages in a workload's column.

    Raises:
        ValueError: it has none.
    """
    stages: list[RateStage] = []
    for part in text.split(", "):
        match = FORM.fullmatch(part)
        if match is None:
            raise ValueError(
                f"{part[:40]!r} is not a stage of a rate, like '500/s for 10s' or 'to 5000/s for 20s'"
            )
        last, seconds = float(match[3]), float(match[4])
        first = stages[-1].last if match[2] and stages else last
        stages.append(RateStage(first, last, seconds, match[1] or ""))
    return RateStages(stages)


def part_of_name(text: str) -> str:
    """``500ps10s+spike=to5000ps20s``: the part of a workload's name."""
    part = text.replace(": ", "=").replace(", ", "+").replace("/s for ", "ps").replace("to ", "to")
    if len(part) <= MOST_IN_NAME:
        return part
    return f"{part[:MOST_IN_NAME]}~{blake2s(text.encode(), digest_size=4).hexdigest()}"


def in_brief(stages: Sequence[RateStage]) -> str:
    """``200 to 2,000/s in 5 stages``."""
    least = min(min(stage.first, stage.last) for stage in stages)
    most = max(stage.most for stage in stages)
    span = f"{least:,.10g}/s" if least == most else f"{least:,.10g} to {most:,.10g}/s"
    return f"{span} in {len(stages)} stage{'s' * (len(stages) > 1)}"
