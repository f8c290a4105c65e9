"""A capacity is estimated from probes that held or did not, with an interval that has it as often as it says."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from wiretax.threshold import Probe, Threshold

CAPACITY = 2_000.0


def searched(random: np.random.Generator, slope: float, accidents: float, probes: int) -> Threshold:
    """A search of a server that carries ``CAPACITY``, with probes around what is known so far."""
    made = Threshold()
    rate = 1_500.0
    for _ in range(probes):
        chance = 0.01 + (0.99 - accidents) / (1 + exp(-log(CAPACITY / rate) / slope))
        made.add(Probe(rate, bool(random.random() < chance)))
        rate = made.median * exp(made.slope * random.choice([-1, 0, 1]))
    return made


def test_nothing_is_known_before_the_first_probe() -> None:
    made = Threshold(10, 1_000)
    assert made.median == pytest.approx(100, rel=0.01)
    assert made.interval(0.5) == pytest.approx((10 * 100**0.25, 10 * 100**0.75), rel=0.01)
    assert made.probability.sum() == pytest.approx(1)
    assert len(made.capacities) == len(made.probability)


def test_a_capacity_is_between_what_held_and_what_did_not() -> None:
    probes = [Probe(1_000.0, True), Probe(2_000.0, False)] * 4
    low, high = Threshold(probes=probes).interval()
    assert 900 < low < high < 2_200
    assert 1_300 < Threshold(probes=probes).median < 1_550


def test_the_order_of_probes_does_not_matter() -> None:
    probes = [Probe(900.0, True), Probe(2_500.0, False), Probe(1_700.0, True), Probe(1_900.0, False)]
    one, other = Threshold(probes=probes), Threshold(probes=probes[::-1])
    assert one.probability == pytest.approx(other.probability)


def test_one_accident_far_below_does_not_pull_the_estimate_down() -> None:
    probes = [Probe(1_900.0, True), Probe(2_100.0, False)] * 5
    without, with_it = Threshold(probes=probes), Threshold(probes=[*probes, Probe(1_000.0, False)])
    assert with_it.median == pytest.approx(without.median, rel=0.02)


def test_a_capacity_is_near_the_rates_that_were_tried() -> None:
    low, high = Threshold(probes=[Probe(1_000.0, True), Probe(2_000.0, False)]).interval(0.999)
    assert 490 < low < high < 4_100


def test_without_a_broken_probe_the_upper_end_is_open() -> None:
    assert Threshold(probes=[Probe(5_000.0, True)] * 5).interval()[1] > 500_000


def test_the_interval_has_the_capacity_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    made = [searched(random, slope=0.02, accidents=0.02, probes=25) for _ in range(10)]
    assert sum(low <= CAPACITY <= high for low, high in (each.interval() for each in made)) >= 9
    assert float(np.median([each.half_width for each in made])) < 0.12
    assert abs(float(np.median([each.median for each in made])) / CAPACITY - 1) < 0.02
