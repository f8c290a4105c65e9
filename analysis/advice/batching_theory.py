"""Batches of random arrivals: the events per batch, and their wait for the batch to leave.

A batch begins with its first event and leaves when it is full, or when the linger after that event ends. Events
arrive as in a Poisson process: independently, at a constant rate. N, the number of events that follow the first
within the linger, is then Poisson with the mean rate x linger.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# The target share of batches that leave full.
FILLED = 0.95
HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Batching:
    """The sizes of batches, and the wait of their events.

    Attributes:
        shares: the shares of batches with 1, 2, ... events; the last is the share of full ones.
        mean_wait_s: how long an event waits for its batch to leave, on average (s); the longest wait is the
            linger.
    """

    shares: Floats
    mean_wait_s: float

    @property
    def sizes(self) -> Floats:
        """1 to the largest batch."""
        return np.arange(1.0, len(self.shares) + 1)

    @property
    def mean_size(self) -> float:
        """Events per batch, on average."""
        return self.expect(self.sizes)

    @property
    def filled(self) -> float:
        """The share of batches that leave full."""
        return float(self.shares[-1])

    def expect(self, values: Floats) -> float:
        """The mean over batches of a value per size."""
        return float(self.shares @ values)


def batch_arrivals(rate: float, linger_s: float, most: int) -> Batching:
    """Batches that leave with ``most`` events, or ``linger_s`` seconds after their first event.

    While k events have followed the first, 1 + k wait. A batch is in that state for P(N > k) / rate seconds on
    average, so the waits in it add up to the sum of (1 + k) P(N > k) / rate over k from 0 to most - 2.

    Args:
        rate: events per second, above 0.
        linger_s: seconds.
        most: events of a full batch, 1 or more.
    """
    exactly = _poisson(rate * linger_s, most - 1)
    # Rounding must not make a share negative.
    more = np.clip(1.0 - np.cumsum(exactly), 0.0, 1.0)
    full = float(more[-1]) if most > 1 else 1.0
    shares = np.append(exactly, full)
    waits = float(np.arange(1, most) @ more) / rate
    return Batching(shares, waits / float(shares @ np.arange(1, most + 1)))


def time_to_fill(rate: float, most: int, share: float = FILLED) -> float:
    """The shortest linger in seconds by which this share of batches of ``most`` events is full."""
    return _events_to_fill(most - 1, share) / rate


@cache
def _events_to_fill(wanted: int, share: float) -> float:
    """The least mean of N with which this share of batches has the ``wanted`` events that follow the first."""
    if not wanted:
        return 0.0
    low, high = 0.0, wanted + 10 * sqrt(wanted) + 10
    for _ in range(HALVINGS):
        mean = (low + high) / 2
        if 1.0 - float(_poisson(mean, wanted).sum()) < share:
            low = mean
        else:
            high = mean
    return high


def _poisson(mean: float, count: int) -> Floats:
    """P(N = 0) to P(N = count - 1); by logarithms, since powers and factorials soon overflow."""
    k = np.arange(count)
    if not mean:
        return np.asarray(k == 0, dtype=float)
    factorials = np.cumsum(np.log(np.maximum(k, 1)))
    return np.asarray(np.exp(k * log(mean) - mean - factorials), dtype=float)
