"""A value that is known as a probability distribution: its median, its interval, and the ratio of two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf, log, nan

import numpy as np
import numpy.typing as npt

from analysis.measures.interval import CONFIDENCE

Floats = npt.NDArray[np.float64]
# Values outside this share of the probability, on each side, are left out of ratios.
NEGLIGIBLE = 1e-4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A positive value on a grid.

    Attributes:
        logs: the natural logarithms of the possible values.
        weights: the probability of each; they add up to 1.
        no_upper: whether the true value may be any larger one: nothing that was measured limits it.
        no_lower: whether it may be any smaller one.
    """

    logs: Floats
    weights: Floats
    no_upper: bool = False
    no_lower: bool = False

    @property
    def value(self) -> float:
        """The median. If nothing limits the value on one side, the end of the interval on the other side; NaN if
        nothing limits it at all."""
        if self.no_upper and self.no_lower:
            return nan
        if self.no_upper:
            return self.interval()[0]
        return self.interval()[1] if self.no_lower else self._quantile(0.5)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The central interval that has the value with this probability; 0 or infinity for an end that nothing
        limits."""
        tail = (1 - confidence) / 2
        low, high = (self._quantile(each) for each in (tail, 1 - tail))
        return 0.0 if self.no_lower else low, inf if self.no_upper else high

    def times(self, factor: float) -> Estimate:
        """This value times a number above 0."""
        return replace(self, logs=self.logs + log(factor))

    def over(self, other: Estimate) -> Estimate:
        """This value divided by another that was measured independently."""
        own, by = self._likely(), other._likely()
        logs = np.subtract.outer(own.logs, by.logs).ravel()
        weights = np.multiply.outer(own.weights, by.weights).ravel()
        order = np.argsort(logs, kind="stable")
        return Estimate(
            logs[order],
            weights[order] / weights.sum(),
            no_upper=self.no_upper or other.no_lower,
            no_lower=self.no_lower or other.no_upper,
        )

    def _likely(self) -> Estimate:
        below = self.weights.cumsum()
        kept = (below > NEGLIGIBLE) & (below - self.weights < 1 - NEGLIGIBLE)
        return Estimate(self.logs[kept], self.weights[kept])

    def _quantile(self, share: float) -> float:
        middles = self.weights.cumsum() - self.weights / 2
        return exp(float(np.interp(share, middles, self.logs)))
