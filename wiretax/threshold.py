"""A rate that a server carries, estimated from probes at single rates that it carried or did not.

An adaptive threshold estimate, as in psychophysics (Watson and Pelli, 1983; Kontsevich and Tyler, 1999): the
chance that a probe holds falls with its rate r along a logistic curve in ln(c / r), where c is the capacity. Two
things are unknown, too, and averaged over: how steep the curve is, and how often a probe far below the capacity
breaks by accident.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# What a capacity may be, in events per second, if nothing else is known.
LEAST, MOST = 10.0, 1_000_000.0
# The grid's step, as a share of the capacity; between its points capacities are interpolated.
STEP = 0.004
# How wide the range is, in ln(rate), in which probes sometimes hold and sometimes break: narrow for long slices of
# a steady server, wide on a busy machine. All are as likely.
SLOPES = np.geomspace(0.005, 0.32, 7)
# How often a probe far below the capacity breaks, since another process took the processor for a moment, and how
# likely a machine is to be like this.
ACCIDENTS = np.array([0.01, 0.08, 0.3])
ACCIDENTS_PRIOR = np.array([0.6, 0.3, 0.1])
# How often a probe far above the capacity holds.
LUCK = 0.001
# Once one probe held and one broke, the capacity is not farther than this factor from the rates that were tried.
BEYOND = 2.0


class Probe(NamedTuple):
    """One slice at a rate, in events per second, and whether the server carried it."""

    rate: float
    held: bool


class Threshold:
    """What is known of a capacity after a number of probes, in any order.

    Attributes:
        capacities: the grid, in events per second, ascending.
    """

    def __init__(self, least: float = LEAST, most: float = MOST, probes: Iterable[Probe] = ()) -> None:
        """Nothing is known but the range, in events per second: any ln(capacity) in it is as likely."""
        self.capacities = _grid(least, most)
        shape = (len(self.capacities), len(SLOPES), len(ACCIDENTS))
        self._ln = np.broadcast_to(np.log(ACCIDENTS_PRIOR), shape).copy()
        self._probability: Floats | None = None
        self._probes: list[Probe] = []
        for probe in probes:
            self.add(probe)

    def add(self, probe: Probe) -> None:
        """Take a probe in."""
        x = np.log(self.capacities / probe.rate)[:, None] / SLOPES
        # A steep curve far away would overflow; 40 stands for certainty.
        holds = 1 / (1 + np.exp(-np.clip(x, -40, 40)))
        held = LUCK + (1 - LUCK - ACCIDENTS) * holds[:, :, None]
        self._ln += np.log(held if probe.held else 1 - held)
        self._probes.append(probe)
        self._probability = None

    @property
    def probability(self) -> Floats:
        """The probability of each capacity of the grid; they add up to 1."""
        if self._probability is None:
            self._probability = np.asarray(self._weights().sum(axis=(1, 2)))
        return self._probability

    @property
    def slope(self) -> float:
        """How wide the range is, in ln(rate), in which probes sometimes hold and sometimes break."""
        return float(np.exp(self._weights().sum(axis=(0, 2)) @ np.log(SLOPES)))

    def quantile(self, share: float) -> float:
        """The capacity, in events per second, that the true one is below with this probability (0 to 1)."""
        reached = self.probability.cumsum() - self.probability / 2
        return float(np.exp(np.interp(share, reached, np.log(self.capacities))))

    @property
    def median(self) -> float:
        """The estimate, in events per second."""
        return self.quantile(0.5)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The central interval, in events per second, that has the true capacity with this probability."""
        return self.quantile((1 - confidence) / 2), self.quantile((1 + confidence) / 2)

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval, as a share of the estimate."""
        low, high = self.interval()
        return (high - low) / 2 / self.median

    def _weights(self) -> Floats:
        ln = self._ln
        if len({each.held for each in self._probes}) == 2:
            rates = [each.rate for each in self._probes]
            near = (self.capacities >= min(rates) / BEYOND) & (self.capacities <= max(rates) * BEYOND)
            ln = np.where(near[:, None, None], ln, -np.inf)
        weights: Floats = np.exp(ln - ln.max())
        weights /= weights.sum()
        return weights


@lru_cache(maxsize=16)
def _grid(least: float, most: float) -> Floats:
    grid: Floats = np.geomspace(least, most, max(2, round(float(np.log(most / least)) / STEP) + 1))
    return grid
