"""The saving per month at several volumes, with the arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.measures.representative import representative_family
from analysis.measures.summary import summarise
from analysis.text import numbers
from analysis.text.labels import Row
from analysis.text.numbers import fixed

# What the service says it delivers in a month, to 6.5 billion devices.
PUBLISHED = 160_000_000_000
MONTHLY_EVENTS = (10_000_000, 1_000_000_000, 100_000_000_000, PUBLISHED)
BATCH = 10
MONTH_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class MonthlyTraffic:
    """A month's events, sent in calls of one event and of ten.

    Attributes:
        events: per month.
        trigger: the row of ``summarise`` for one event per call.
        ten: the row for ten.
    """

    events: int
    trigger: Row
    ten: Row

    @property
    def alone(self) -> float:
        """Sent bytes per event, one event per call."""
        return float(self.trigger["sent_per_event"])

    @property
    def batched(self) -> float:
        """Sent bytes per event, ten events per call."""
        return float(self.ten["sent_per_event"])

    @property
    def saved(self) -> float:
        """Bytes saved per month."""
        return self.events * (self.alone - self.batched)

    @property
    def calls_saved(self) -> int:
        """Calls saved per month."""
        return self.events - self.events // BATCH

    @property
    def per_second(self) -> float:
        """Events per second, spread evenly over a month of 30 days."""
        return self.events / MONTH_S

    @property
    def arithmetic(self) -> str:
        """``1,000,000,000 x (473.0 - 195.6) B = 277.4 GB``."""
        return arithmetic(self.events, self.events * self.alone, self.events * self.batched, self.saved)


def monthly_traffic(slices: pd.DataFrame, monthly: tuple[int, ...] = MONTHLY_EVENTS) -> list[MonthlyTraffic]:
    """The saving of batches of ten at several volumes; empty if a run lacks a trigger or such a batch.

    Args:
        slices: ``slices.parquet``.
        monthly: events per month.
    """
    return months_of(summarise(representative_family(slices)).to_dict("records"), monthly)


def months_of(rows: Iterable[Row], monthly: tuple[int, ...]) -> list[MonthlyTraffic]:
    """The same from the rows of ``summarise`` for the representative family."""
    by_call = {(row["api"], row["batch_size"]): row for row in rows}
    trigger, ten = by_call.get(("trigger", 1)), by_call.get(("batch", BATCH))
    if trigger is None or ten is None:
        return []
    return [MonthlyTraffic(events, trigger, ten) for events in monthly]


def arithmetic(events: int, alone: float, batched: float, saved: float) -> str:
    """A month's saving as the product that it is.

    Args:
        events: per month.
        alone: the month's bytes with one event per call.
        batched: the same with ten.
        saved: the difference.
    """
    return f"{events:,} x ({fixed(alone / events, 1)} - {fixed(batched / events, 1)}) B = {traffic_size(saved)}"


def traffic_size(count: float) -> str:
    """Bytes to a tenth of the largest unit that fits: ``277.4 GB``."""
    return numbers.size(count, 1)
