"""When events are meant to arrive: drawn from a seed, so that nothing a server does can delay them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from wiretax.channels.workload import Process
from wiretax.channels.workload.rate_stages import RateStages

# Events of a burst, which arrive at one moment.
BURST = 20
# How many gaps are drawn at a time.
BLOCK = 1024

Gaps = Callable[[np.random.Generator, float], "np.ndarray[tuple[int], np.dtype[np.float64]]"]


def intended_times(arrivals: Process, rate: float, seed: int | str) -> Iterator[float]:
    """Endless ascending times in seconds from the start, the same for the same seed.

    "constant": 1 / rate apart. "poisson": at random, independently. "burst": ``BURST`` events at one moment, and
    those moments at random.

    Args:
        arrivals: the process.
        rate: events a second on average, above 0.
        seed: what the times are drawn from.
    """
    for times in _blocks(arrivals, rate, seed):
        yield from times.tolist()


def staged_times(arrivals: Process, stages: RateStages, seed: int | str) -> Iterator[float]:
    """The same for a rate that changes. After the last stage, its last rate goes on.

    Times of a rate of 1 count the events that have arrived on average: each event's time is when the integral of
    the rate reaches its count.
    """
    ends = np.array(stages.ends_s)
    begins = np.concatenate([[0.0], ends])
    reached = np.concatenate([[0.0], np.cumsum([stage.events for stage in stages])])
    first = np.array([*(stage.first for stage in stages), stages[-1].last])
    # By how much the rate grows in a second.
    slope = np.array([*((stage.last - stage.first) / stage.seconds for stage in stages), 0.0])
    for counts in _blocks(arrivals, 1.0, seed):
        at = np.searchsorted(reached[1:], counts, side="right")
        more = counts - reached[at]
        # The root of slope/2 t^2 + first t = more in a form that holds for a slope of 0, too.
        root = np.sqrt(np.maximum(first[at] ** 2 + 2 * slope[at] * more, 0.0))
        yield from (begins[at] + 2 * more / (first[at] + root)).tolist()


def _blocks(
    arrivals: Process, rate: float, seed: int | str
) -> Iterator[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    random = np.random.default_rng(np.frombuffer(str(seed).encode(), dtype=np.uint8))
    gaps = PROCESSES[arrivals]
    began = 0.0
    while True:
        times = began + np.cumsum(gaps(random, rate))
        began = float(times[-1])
        yield times


def _constant(_: np.random.Generator, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.full(BLOCK, 1 / rate)


def _poisson(random: np.random.Generator, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return random.exponential(1 / rate, BLOCK)


def _burst(random: np.random.Generator, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    gaps = np.zeros((BLOCK // BURST, BURST))
    gaps[:, 0] = random.exponential(BURST / rate, len(gaps))
    return gaps.ravel()


PROCESSES: dict[Process, Gaps] = {"constant": _constant, "poisson": _poisson, "burst": _burst}
