"""The search for one workload's capacity: which rate comes next, given which rates held. No clock, no I/O."""

from __future__ import annotations

from math import exp
from random import Random
from typing import Literal

from wiretax.load.plan.capacity import Capacity
from wiretax.threshold import Probe, Threshold

# The first rate that is tried, as a share of the rate at which calls follow each other without a pause.
FIRST_SHARE = 0.75
# Until one rate held and one did not, each step goes this much farther than the last.
FIRST_STEP = 1.3
# An interval after fewer probes owes more to what was assumed than to what was seen.
MIN_PROBES = 8
# As many probes at one end of the range that is searched settle that the capacity is beyond it.
PROBES_AT_END = 3


class Search:
    """First the rate goes up or down in growing steps, until one rate held and one did not. Then rates are drawn
    around the median of what is known, at distances that tell most about both the capacity and its blur.

    Attributes:
        threshold: what is known so far.
        probes: those so far, in order.
    """

    def __init__(self, capacity: Capacity, saturated: float, seed: str) -> None:
        """
        Args:
            capacity: the search's range and precision.
            saturated: events per second that were acknowledged when calls followed each other without a pause; 0
                if that is unknown.
            seed: what distances are drawn from.
        """
        self._capacity = capacity
        self._random = Random(seed)
        self._step = FIRST_STEP
        self._repeats = False
        self._next = self._within(FIRST_SHARE * saturated)
        self.threshold = Threshold(capacity.least, capacity.most)
        self.probes: list[Probe] = []

    @property
    def phase(self) -> Literal["bracket", "search"]:
        """What the next probe is for; "search" once one rate held and one did not."""
        return "search" if len({each.held for each in self.probes}) == 2 else "bracket"

    @property
    def decided(self) -> bool:
        """Whether the interval is narrow enough, or the capacity beyond the range that is searched."""
        enough = len(self.probes) >= MIN_PROBES and self.threshold.half_width <= self._capacity.within
        return enough or self._is_beyond(self._capacity.most, True) or self._is_beyond(self._capacity.least, False)

    @property
    def found(self) -> float:
        """The capacity as far as it is known, in events per second: the farthest rate that was tried if all probes
        held, or none did."""
        if self.phase == "search":
            return self.threshold.median
        rates = [each.rate for each in self.probes]
        return max(rates) if self.probes[0].held else min(rates)

    def next_rate(self) -> float:
        """The rate of the next probe, in events per second."""
        return self._next

    def add(self, rate: float, held: bool, by_generator: bool = False) -> bool:
        """Take in whether a rate held.

        Args:
            rate: in events per second.
            held: whether it was carried.
            by_generator: whether it was not because of the generator. Another process may have taken its processor
                for a moment, so the same rate is tried once more.

        Returns:
            Whether it counts; it does not if the rate is tried once more.
        """
        self._repeats = by_generator and not self._repeats
        if self._repeats:
            return False
        probe = Probe(rate, held)
        self.probes.append(probe)
        self.threshold.add(probe)
        if self.phase == "bracket":
            self._next = self._within(rate * self._step if held else rate / self._step)
            self._step **= 1.5
        else:
            distance = self._random.choice((-1, 0, 1)) * self.threshold.slope
            # Accidents may make the median jump; nothing is known beyond what was tried.
            tried = [each.rate for each in self.probes]
            least, most = min(tried) / FIRST_STEP, FIRST_STEP * max(tried)
            self._next = self._within(min(max(self.threshold.median * exp(distance), least), most))
        return True

    def _within(self, rate: float) -> float:
        """A rate within the range, and with few digits: it is part of a name."""
        least, most = self._capacity.least, self._capacity.most
        return min(max(float(f"{rate:.4g}"), least), most)

    def _is_beyond(self, end: float, held: bool) -> bool:
        same = [each.held == held for each in self.probes if each.rate == end]
        return len(same) >= PROBES_AT_END and all(same) and len({each.held for each in self.probes}) == 1
