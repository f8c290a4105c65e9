"""Checks of a run in several starts: the interval covers starts that were not measured."""

from __future__ import annotations

import pytest
from judged import judged, run_of
from started import BATCH, started

GAIN = """
[[check]]
id = "gain"
metric = "gain"
where = {{ api = "batch" }}
min = {least}
"""
RATE = """
[[check]]
id = "rate"
metric = "events_per_second"
where = { api = "batch" }
min = 450
"""
# Within each start the gain is the same to a percent; starts differ by a fifth.
APART = [[50, 50, 51, 50, 49, 50], [60, 60, 61, 60, 59, 60], [55, 55, 56, 55, 54, 55]]


def test_rounds_that_agree_within_starts_that_differ_decide_nothing() -> None:
    apart = run_of(started(APART))
    (case,) = judged(apart, GAIN.format(least=4.9)).cases
    assert (case.workload, case.verdict) == (BATCH.name, "inconclusive")
    assert case.measured == pytest.approx(5.5)
    assert case.low is not None
    assert case.low < 4.9
    # The same rounds, measured in one start.
    (case,) = judged(run_of(started([[*APART[0], *APART[1], *APART[2]]])), GAIN.format(least=4.9)).cases
    assert case.verdict == "pass"


def test_starts_that_agree_pass() -> None:
    alike = [[50, 50, 51, 50, 49, 50]] * 3
    assert [each.verdict for each in judged(run_of(started(alike)), GAIN.format(least=4.8)).cases] == ["pass"]
    assert [each.verdict for each in judged(run_of(started(alike)), GAIN.format(least=5.2)).cases] == ["fail"]


def test_rates_have_the_interval_of_starts_too() -> None:
    (case,) = judged(run_of(started(APART)), RATE).cases
    assert case.verdict == "inconclusive"
    assert case.measured == pytest.approx(550)
