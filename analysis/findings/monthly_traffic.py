"""The saving per month at several volumes, with the arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.measures.representative import representative_family
from analysis.measures.summary import summarise
from analysis.text import numbers
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
        alone: sent bytes per event, one event per call.
        batched: sent bytes per event, ten events per call.
    """

    events: int
    alone: float
    batched: float

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
        return (
            f"{self.events:,} x ({fixed(self.alone, 1)} - {fixed(self.batched, 1)}) B = {traffic_size(self.saved)}"
        )


def monthly_traffic(slices: pd.DataFrame, monthly: tuple[int, ...] = MONTHLY_EVENTS) -> list[MonthlyTraffic]:
    """The saving of batches of ten at several volumes; empty if a run lacks a trigger or such a batch.

    Args:
        slices: ``slices.parquet``.
        monthly: events per month.
    """
    sent = summarise(representative_family(slices)).set_index(["api", "batch_size"])["sent_per_event"]
    if ("trigger", 1) not in sent or ("batch", BATCH) not in sent:
        return []
    return [MonthlyTraffic(events, float(sent["trigger", 1]), float(sent["batch", BATCH])) for events in monthly]


def traffic_size(count: float) -> str:
    """Bytes to a tenth of the largest unit that fits: ``277.4 GB``."""
    return numbers.size(count, 1)
