"""What batches of ten save at the volume that the service publishes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.findings.claim import EXACT, Claim
from analysis.findings.monthly_traffic import BATCH, PUBLISHED, MonthlyTraffic, months_of, traffic_size
from analysis.measures.interval import median_interval
from analysis.measures.throughput import rates, why_no_gain
from analysis.text.labels import Row, event_in_full
from analysis.text.numbers import fixed, interval

VOLUME = "160 billion messages a month, to 6.5 billion devices."


def volume_claim(own: list[Row], family: pd.DataFrame) -> Claim:
    """The bytes, calls and generator cores that batches of ten save, if each message is published once.

    Args:
        own: the rows of ``summarise`` for the representative family.
        family: its slices.
    """
    months = months_of(own, (PUBLISHED,))
    if not months:
        return Claim(
            VOLUME, "not measured", note="No trigger to compare with a batch of 10: wiretax run headline."
        )
    [month] = months
    alone, batched = traffic_size(month.events * month.alone), traffic_size(month.events * month.batched)
    cores = _cores(month, family)
    return Claim(
        VOLUME,
        "for scale",
        f"{traffic_size(month.saved)} and {month.calls_saved / 1e9:,.0f} billion calls saved",
        EXACT,
        f"batch of {BATCH}, {event_in_full(month.ten)}",
        f"If each message is published once: {batched} sent instead of {alone}. {cores}",
    )


def _cores(month: MonthlyTraffic, family: pd.DataFrame) -> str:
    """The cores that generators as fast as this run's need for a month's events, with 95 % intervals."""
    if why := why_no_gain(family):
        return why
    if family["rate"].any():
        return "Arrivals had a rate of their own, so this run doesn't tell how much a core can send."
    # A generator process uses one core; the rates are those of all processes together.
    processes = int(family["worker"].nunique())
    by_round = rates(family)
    alone, batched = (
        _with_interval(month.per_second * processes / by_round[str(row["workload"])].dropna().to_numpy())
        for row in (month.trigger, month.ten)
    )
    return (
        f"Spread evenly, it is {month.per_second:,.0f} messages/s: {batched} generator cores instead of {alone}, "
        "at this run's rates."
    )


def _with_interval(by_round: npt.NDArray[np.float64]) -> str:
    """The median and its interval: ``0.11 [0.10, 0.12]``."""
    return f"{fixed(float(np.median(by_round)), 2)} {interval(*median_interval(by_round))}"
