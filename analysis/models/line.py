"""A straight line through call times, T(n) = a + b n, and the gain of batches that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

# The share of the largest gain for which a batch size is given.
SHARE = 0.9

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """T(n) = a + b n, for each round.

    Attributes:
        call_s: a, seconds per call; a value per round.
        event_s: b, seconds per event; a value per round.
    """

    call_s: Floats
    event_s: Floats

    def times(self, sizes: Sequence[float] | Floats) -> Floats:
        """Seconds per call: a row per round, a column per size."""
        times: Floats = self.call_s[:, None] + self.event_s[:, None] * np.asarray(sizes, dtype=float)
        return times

    def gains(self, sizes: Sequence[float] | Floats) -> Floats:
        """Events per second over the trigger's: a row per round, a column per size."""
        gains: Floats = np.asarray(sizes, dtype=float) * self.times([1.0]) / self.times(sizes)
        return gains

    @property
    def limits(self) -> Floats:
        """The gain that ever larger batches approach, a value per round; infinite unless b is positive."""
        grows = self.event_s > 0
        return np.where(grows, (self.call_s + self.event_s) / np.where(grows, self.event_s, 1.0), inf)

    @property
    def sizes_for_share(self) -> Floats:
        """The batch size that reaches 90 % of the limit, a value per round."""
        grows = self.event_s > 0
        # n (a + b) / (a + b n) = s (a + b) / b, solved for n.
        size = np.maximum(1.0, SHARE / (1 - SHARE) * self.call_s / np.where(grows, self.event_s, 1.0))
        return np.where(grows, size, inf)


def fit_line(sizes: Floats, times: Floats) -> Line:
    """A line per round, so that a machine's drift cancels out.

    Points are weighted by the inverse square of their median, because the spread is proportional to the time.

    Args:
        sizes: batch sizes.
        times: seconds per call: a row per round, a column per size.
    """
    medians = np.median(times, axis=0)
    shares = medians**-2 / (medians**-2).sum()
    centred = sizes - shares @ sizes
    event = times @ (shares * centred) / (shares @ centred**2)
    return Line(times @ shares - event * (shares @ sizes), event)
