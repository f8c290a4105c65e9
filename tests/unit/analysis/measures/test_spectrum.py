"""A spectrum of percentiles: which are in it, their values, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.measures.latency import LatencyDistribution
from analysis.measures.spectrum import NAMED, spectrum


def uniform(calls: int, censored: int = 0) -> LatencyDistribution:
    """Calls of 1 ms, 2 ms and so on; the slowest were never acknowledged."""
    ends = np.arange(1, calls + 1) / 1e3
    counts = np.ones(calls, dtype=np.int64)
    open_ = np.arange(calls) >= calls - censored
    return LatencyDistribution(ends - 0.0001, ends + 0.0001, counts * ~open_, counts * open_)


def test_it_ends_where_ten_calls_are_left() -> None:
    found = spectrum(uniform(2_000))
    assert found["percentile"].iloc[-1] == pytest.approx(99.5)
    assert found["latency_s"].iloc[-1] == pytest.approx(1.99)
    assert found["percentile"].iloc[0] == pytest.approx(10)
    assert found["percentile"].is_monotonic_increasing
    assert spectrum(uniform(19)).empty
    assert spectrum(uniform(20))["percentile"].iloc[-1] == 50


def test_named_percentiles_are_those_of_the_tables() -> None:
    latencies = uniform(20_000)
    found = spectrum(latencies).set_index("percentile")["latency_s"]
    known = [share for share in NAMED if share <= 0.999]
    for share, quantile in zip(known, latencies.quantiles(tuple(known)), strict=True):
        assert found.loc[share * 100] == pytest.approx(quantile.seconds)


def test_nines_have_the_same_width() -> None:
    found = spectrum(uniform(20_000)).set_index("percentile")["nines"]
    assert [found.loc[each] for each in (90.0, 99.0, 99.9)] == pytest.approx([1, 2, 3])


def test_intervals_grow_with_the_percentile_and_shrink_with_calls() -> None:
    few, many = spectrum(uniform(2_000)), spectrum(uniform(200_000))
    assert ((few["low_s"] <= few["latency_s"]) & (few["latency_s"] <= few["high_s"])).all()

    def share(found: object, percentile: float, calls: int) -> float:
        row = found.set_index("percentile").loc[percentile]  # type: ignore[attr-defined]
        return float(row["high_s"] - row["low_s"]) / calls * 1e3

    assert share(few, 50, 2_000) == pytest.approx(2 * 1.96 * 0.5 / 2_000**0.5, rel=0.05)
    assert share(many, 50, 200_000) == pytest.approx(share(few, 50, 2_000) / 10, rel=0.05)


def test_what_depends_on_calls_without_an_acknowledgement_is_a_lower_bound() -> None:
    found = spectrum(uniform(2_000, censored=100)).set_index("percentile")["is_lower_bound"]
    assert not found.loc[90.0]
    assert found.loc[99.0]
    assert not found[found.index < 94.9].any()
