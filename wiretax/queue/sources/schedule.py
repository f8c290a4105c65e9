"""When events are meant to arrive: drawn from a seed, so that nothing a server does can delay them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from wiretax.channels.workload import Process

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
    random = np.random.default_rng(np.frombuffer(str(seed).encode(), dtype=np.uint8))
    gaps = PROCESSES[arrivals]
    began = 0.0
    while True:
        times = began + np.cumsum(gaps(random, rate))
        began = float(times[-1])
        yield from times.tolist()


def _constant(_: np.random.Generator, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.full(BLOCK, 1 / rate)


def _poisson(random: np.random.Generator, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return random.exponential(1 / rate, BLOCK)


def _burst(random: np.random.Generator, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    gaps = np.zeros((BLOCK // BURST, BURST))
    gaps[:, 0] = random.exponential(BURST / rate, len(gaps))
    return gaps.ravel()


PROCESSES: dict[Process, Gaps] = {"constant": _constant, "poisson": _poisson, "burst": _burst}
