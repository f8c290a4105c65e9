"""Formulas for batching, compared with a simulation that does not use them."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.advice.batching_theory import batch_arrivals, time_to_fill

BATCHES = 40_000


def simulate(rate: float, linger_s: float, most: int, seed: int) -> tuple[float, float, float, float]:
    """Events per batch, mean and longest wait (s) and the share of full batches, event by event."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, BATCHES * most)
    times = np.cumsum(gaps).tolist()
    waits: list[float] = []
    sizes: list[int] = []
    at = 0
    while len(sizes) < BATCHES and at + most <= len(times):
        ends = times[at] + linger_s
        batch = [time for time in times[at : at + most] if time <= ends]
        leaves = batch[-1] if len(batch) == most else ends
        waits += [leaves - time for time in batch]
        sizes.append(len(batch))
        at += len(batch)
    counts = np.array(sizes)
    return float(counts.mean()), float(np.mean(waits)), max(waits), float((counts == most).mean())


@pytest.mark.parametrize(
    ("rate", "linger_s", "most"),
    [(500, 0.029, 10), (500, 0.010, 10), (20, 0.059, 4), (0.1, 0.059, 10), (3000, 0.005, 2), (5000, 0.02, 81)],
)
def test_batch_fill_and_wait_agree_with_a_simulation(rate: float, linger_s: float, most: int) -> None:
    size, wait, longest, full = simulate(rate, linger_s, most, seed=5)
    batching = batch_arrivals(rate, linger_s, most)
    assert batching.mean_size == pytest.approx(size, rel=0.01)
    assert batching.mean_wait_s == pytest.approx(wait, rel=0.015)
    assert batching.filled == pytest.approx(full, abs=0.01)
    assert longest <= linger_s + 1e-9
    assert batching.shares.sum() == pytest.approx(1)


def test_values_computed_by_hand() -> None:
    # At most two: the second comes within the linger with 1 - exp(-1).
    two = batch_arrivals(10, 0.1, 2)
    second = 1 - np.exp(-1)
    assert two.shares == pytest.approx([1 - second, second])
    assert two.mean_size == pytest.approx(1 + second)
    # Only the first of them waits, a tenth of a second times that chance on average.
    assert two.mean_wait_s == pytest.approx(0.1 * second / (1 + second))


@pytest.mark.parametrize("most", [2, 10, 100, 1000])
@pytest.mark.parametrize("rate", [0.1, 500, 200_000])
def test_the_time_to_fill_is_as_short_as_possible(rate: float, most: int) -> None:
    needed = time_to_fill(rate, most)
    assert batch_arrivals(rate, needed, most).filled == pytest.approx(0.95, abs=1e-6)
    assert batch_arrivals(rate, needed * 0.99, most).filled < 0.95


def test_a_batch_of_one_never_waits() -> None:
    assert time_to_fill(500, 1) == 0
    alone = batch_arrivals(500, 0.0, 1)
    assert (alone.mean_size, alone.mean_wait_s, alone.filled) == (1, 0, 1)


def test_at_high_rates_batches_are_always_full() -> None:
    flooded = batch_arrivals(1e9, 1000.0, 10)
    assert flooded.filled == 1
    assert flooded.mean_size == 10
    assert flooded.mean_wait_s < 1e-8
