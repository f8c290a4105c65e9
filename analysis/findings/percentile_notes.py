"""Percentiles in words: lower bounds, missing ones, and the notes below a table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isnan

import pandas as pd

from analysis.measures.latency import samples_needed
from analysis.text.labels import Row
from analysis.text.numbers import LOWER_BOUND

LOWER_BOUNDS = f"{LOWER_BOUND}: lower bound; {{}} without an acknowledgement count with the time waited for them"
OPEN_LOOP = (
    "for the latency of a service's users, measure an open loop: a workload with a rate, as in plan tradeoff"
)


def percentile(row: Row, name: str, shown: Callable[[float], str]) -> str:
    """A percentile of a row of latencies: ``1.25``, ``>1.25`` for a lower bound, ``-`` with too few
    samples.

    Args:
        row: with the columns ``NAME_s`` and ``NAME_s_is_lower_bound``.
        name: the percentile's: ``p99``.
        shown: a duration in seconds as text.
    """
    seconds = row[f"{name}_s"]
    return "-" if isnan(seconds) else f"{bound(row, name)}{shown(seconds)}"


def bound(row: Row, name: str) -> str:
    """``>`` if a row's percentile is a lower bound, otherwise empty."""
    return LOWER_BOUND if row[f"{name}_s_is_lower_bound"] else ""


def closed_loop(users: int, is_free: bool = False) -> str:
    """The load under which a sweep or a free run measured its latencies.

    Args:
        users: how many.
        is_free: whether Locust set their pace; then they may have paused between calls.
    """
    who = f"{'1 user' if users == 1 else f'{users} users'} with one call at a time each"
    return f"times: closed loop, {who}" if is_free else f"times: saturated, {who} (closed loop)"


def too_few(table: pd.DataFrame, names: Mapping[str, float], of: str) -> Iterator[str]:
    """``-: too few calls; p50 needs 20, p99 1,000``, with the percentiles that a table's rows lack; empty if
    they have all.

    Args:
        table: with a column ``NAME_s`` for each percentile.
        names: the percentiles' names in the table, with their quantiles.
        of: what is counted: ``calls``.
    """
    missing = [name for name in names if table[f"{name}_s"].isna().any()]
    if missing:
        yield f"-: too few {of}; {needed({shown_as(name): names[name] for name in missing})}"


def needed(quantiles: Mapping[str, float]) -> str:
    """``p50 needs 20, p99 1,000``: how many samples each percentile needs."""
    first, *others = ((name, f"{samples_needed(quantile):,}") for name, quantile in quantiles.items())
    return ", ".join([f"{first[0]} needs {first[1]}", *(f"{name} {count}" for name, count in others)])


def shown_as(name: str) -> str:
    """A percentile's name without its column's prefix, as people write it: ``p99.9`` for ``total_p999``."""
    short = name.rpartition("_")[2]
    return f"{short[:3]}.{short[3:]}" if len(short) > 3 and short[1:].isdigit() else short


def notes(table: pd.DataFrame, names: Mapping[str, float], of: str = "calls") -> Iterator[str]:
    """Notes on a table's percentiles, a line each: lower bounds and missing ones, if it has any."""
    if any(table[f"{name}_s_is_lower_bound"].any() for name in names):
        yield LOWER_BOUNDS.format(of)
    yield from too_few(table, names, of)
