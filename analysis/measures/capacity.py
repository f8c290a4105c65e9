"""Capacity: the highest rate of arrivals that a workload carries within a latency target, from a search's probes.

The search saves each probe: a slice at one rate, which held the target or broke it. The distribution of the
capacity is computed from these again, so a saved run can be judged anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.counts import totals
from analysis.measures.estimate import Estimate
from analysis.measures.latency import LatencyDistribution, column_names
from analysis.measures.queues import LATER, MOST_OVERLOADED, SAME_ARRIVALS, SETTINGS
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.reader import Run
from wiretax.threshold import Probe, Threshold

QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
# The latency is measured at these shares of the capacity.
SHARES = (0.5, 0.8, 0.95, 1.0)
SEARCHING, LEVELS = ("bracket", "search"), "levels"
# What identifies a probe in the files of a run.
PROBE = ["round", "workload"]
GENERATOR = "generator"
# Probes up to this multiple of the capacity tell what limits it; far above it something else may be saturated.
NEAR = 1.25
# The workload of a search has no rate.
SEARCHED = [name for name in SETTINGS if name not in ("workload", "rate")]
# Searches with the same values of these differ only in the call, its size and its linger.
SAME_TARGET = [name for name in SAME_ARRIVALS if name != "rate"]
PER_SECOND = {"calls_per_second": "requests", "bytes_per_second": "sent"}


def capacities(run: Run) -> pd.DataFrame:
    """A row per searched workload, the trigger first among those that differ only in the call.

    Args:
        run: a saved run; one without a search has no rows.

    Returns:
        ``search``, the workload's attributes (without a rate), and: ``capacity``, ``capacity_low``,
        ``capacity_high`` (events/s: median and central 95 % interval), ``is_lower_bound`` (only the generator, or
        nothing, limited it: the capacity is this or any higher rate), ``is_upper_bound`` (no probe held),
        ``decided`` (the interval is as narrow as the plan asked for), ``probes`` (their number), ``limited_by``
        ("server", "connections", "generator"; empty if no probe broke), ``calls_per_second``,
        ``bytes_per_second`` (calls, and HTTP bytes sent, at the capacity; NaN if unknown), for each of
        ``QUANTILES`` and ``SHARES`` ``p99_s_at_80`` and so on (total latency at that share of the capacity, s; NaN
        if not measured) with ``p99_s_at_80_is_lower_bound``, ``gain``, ``gain_low``, ``gain_high`` (capacity over
        that of the trigger of the same payload, client, arrivals and number of connections; NaN without one; 0 or
        infinity for an end that nothing limits) with ``gain_is_lower_bound``, ``gain_is_upper_bound``, and
        ``curve`` (a number, the same for searches that differ only in the call, its size and its linger).
    """
    if run.capacity.empty:
        return pd.DataFrame(columns=["search", *SEARCHED])
    probes = run.capacity.assign(**{name: value for name, value in LATER.items() if name not in run.capacity})
    table = probes.groupby("search", sort=False)[SEARCHED].first()
    mock = run.meta.get("mock")
    if mock is not None:
        table["rtt_s"] = table["rtt_s"].astype(float).fillna(mock["rtt_s"])
    found = found_by_search(run)
    grew = run.queue["overloaded"].ne("").groupby([run.queue[name] for name in PROBE]).any().rename("grew")
    rows = {name: _row(each.join(grew, on=PROBE), found[name], run) for name, each in _searches(run)}
    table = table.join(pd.DataFrame.from_dict(rows, orient="index"))
    table["curve"] = table.groupby(SAME_TARGET, sort=False, dropna=False).ngroup()
    table = table.join(_gains(table, found)).rename_axis("search").reset_index()
    order = ["rtt_s", "payload_bytes", "client", "curve", "batch_size", "linger_s"]
    return table.sort_values(order, kind="stable").reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        capacity: in events per second.
        limited_by: what was saturated first: "server", "connections" or "generator"; empty if no probe broke.
    """

    capacity: Estimate
    limited_by: str


def found_by_search(run: Run) -> dict[str, Found]:
    """What each search of a run found, by its name."""
    return {name: _found(_of_search(probes), target(run)) for name, probes in _searches(run)}


def _searches(run: Run) -> Iterator[tuple[str, pd.DataFrame]]:
    """The probes of each search, by its name; none of a damaged run that does not say what was searched."""
    if len(run.capacity) and run.meta["plan"].get("capacity"):
        yield from ((str(name), probes) for name, probes in run.capacity.groupby("search", sort=False))


def target(run: Run) -> Mapping[str, float]:
    """What was searched for: ``p99_s``, ``within`` (half the interval's width, as a share of the capacity),
    ``time_s``, and the range of rates, ``least`` to ``most``."""
    wanted: Mapping[str, float] = run.meta["plan"]["capacity"]
    return wanted


def levels(table: pd.DataFrame) -> pd.DataFrame:
    """The latencies in a table of ``capacities``, a row per search and share.

    Returns:
        ``search``, ``share`` (of the capacity), ``p50_s``, ``p99_s``, ``p999_s`` and their ``_is_lower_bound``.
    """
    parts = [
        table.assign(share=share).rename(columns=dict(_renamed(share)))[["search", "share", *_COLUMNS]]
        for share in SHARES
    ]
    return pd.concat(parts, ignore_index=True)


def _of_search(probes: pd.DataFrame) -> pd.DataFrame:
    """Those that count in the capacity, not those that were repeated or measured the latency afterwards."""
    found: pd.DataFrame = probes[probes["phase"].isin(SEARCHING)]
    return found


def _found(probes: pd.DataFrame, wanted: Mapping[str, float]) -> Found:
    known = _threshold(probes, wanted)
    limit = _limited_by(probes, known.median)
    if limit == GENERATOR:
        # What the generator could not send says nothing of the server; what the server carried still does.
        probes = probes[probes["limited_by"] != GENERATOR]
        known = _threshold(probes, wanted)
    rates, held = probes["rate"].to_numpy(), probes["held"].to_numpy()
    logs, no_upper, no_lower = np.log(known.capacities), limit in ("", GENERATOR), not held.any()
    # If no probe limits the capacity, the prior distribution must not.
    if no_upper and held.any():
        logs = np.minimum(logs, np.log(rates[held].max()))
    if no_lower and len(rates):
        logs = np.maximum(logs, np.log(rates.min()))
    return Found(Estimate(logs, known.probability, no_upper, no_lower), limit)


def _threshold(probes: pd.DataFrame, wanted: Mapping[str, float]) -> Threshold:
    given = map(Probe, probes["rate"].tolist(), probes["held"].tolist())
    return Threshold(wanted["least"], wanted["most"], given)


def _limited_by(probes: pd.DataFrame, capacity: float) -> str:
    """What was saturated in most broken probes near the capacity; the generator is blamed in a draw."""
    broken = probes[~probes["held"]]
    if broken.empty:
        return ""
    near = broken[broken["rate"] <= max(NEAR * capacity, broken["rate"].min())]
    counts = near["limited_by"].value_counts()
    most = counts[counts == counts.max()].index
    return GENERATOR if GENERATOR in most else str(most[0])


def _row(probes: pd.DataFrame, found: Found, run: Run) -> dict[str, Any]:
    (low, high), value = found.capacity.interval(), found.capacity.value
    return {
        "capacity": value,
        "capacity_low": low,
        "capacity_high": high,
        "is_lower_bound": found.capacity.no_upper,
        "is_upper_bound": found.capacity.no_lower,
        "decided": (high - low) / 2 <= target(run)["within"] * value,
        "probes": len(_of_search(probes)),
        "limited_by": found.limited_by,
        **_per_second(_at_capacity(probes, value), run.queued, value),
        **_latencies(probes, run.wait_times),
    }


def _at_capacity(probes: pd.DataFrame, capacity: float) -> pd.DataFrame:
    """The probes that show what is sent at the capacity; without any at this level, those that held nearest to
    it."""
    levels: pd.DataFrame = probes[(probes["phase"] == LEVELS) & (probes["share"] == 1)]
    held = probes[probes["held"]]
    if levels.empty and len(held):
        distance = np.log(held["rate"] / capacity).abs()
        levels = held[distance == distance.min()]
    return levels


def _per_second(probes: pd.DataFrame, queued: pd.DataFrame, capacity: float) -> dict[str, float]:
    """Calls and bytes per event in these probes, times the capacity."""
    rows = queued[pd.MultiIndex.from_frame(queued[PROBE]).isin(pd.MultiIndex.from_frame(probes[PROBE]))]
    if rows.empty or not rows["events"].sum():
        return dict.fromkeys(PER_SECOND, np.nan)
    counted = totals(rows.assign(workload=probes["search"].iloc[0])).iloc[0]
    return {name: float(capacity * counted[of] / counted["events"]) for name, of in PER_SECOND.items()}


def _latencies(probes: pd.DataFrame, histograms: Histograms) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for share in SHARES:
        level = probes[(probes["phase"] == LEVELS) & np.isclose(probes["share"], share)]
        held = _times(histograms, level)
        values = held.quantiles(tuple(QUANTILES.values()))
        grew = bool(len(level)) and level["grew"].mean() >= MOST_OVERLOADED
        cells = (cell for each in values for cell in (each.seconds, each.is_lower_bound or grew))
        found |= dict(zip((name for name, _ in _renamed(share)), cells, strict=True))
    return found


def _renamed(share: float) -> Iterator[tuple[str, str]]:
    """The columns of ``capacities`` for the latencies at a share, with their names in ``levels``."""
    for value, bound in column_names(QUANTILES).values():
        at = f"{value}_at_{share * 100:g}"
        yield at, value
        yield f"{at}_is_lower_bound", bound


_COLUMNS = [name for both in column_names(QUANTILES).values() for name in both]


def _times(histograms: Histograms, probes: pd.DataFrame) -> LatencyDistribution:
    """The total latency of all events of these probes."""
    lows, highs = histograms.ends()
    none = np.zeros(0, dtype=np.int64)
    parts: list[tuple[Any, ...]] = [(lows[none], highs[none], none, none)]
    for workload, rounds in probes.groupby("workload")["round"]:
        rows = histograms.of_rounds(str(workload), "total")
        if rows is not None:
            kept = np.repeat(np.isin(rows.rounds, rounds.to_numpy()), rows.lengths)
            buckets = rows.buckets[kept]
            parts.append((lows[buckets], highs[buckets], rows.counts[kept], rows.censored[kept]))
    low, high, counts, censored = (np.concatenate(each) for each in zip(*parts, strict=True))
    return LatencyDistribution(low, high, counts, censored)


def _gains(table: pd.DataFrame, found: Mapping[str, Found]) -> pd.DataFrame:
    triggers = table[table["api"] == "trigger"].drop_duplicates("curve").reset_index().set_index("curve")
    names = triggers.iloc[:, 0].to_dict()
    rows = {}
    for name, row in table.iterrows():
        base = names.get(row["curve"])
        if base is None or row["api"] == "trigger":
            rows[name] = (np.nan, np.nan, np.nan, False, False)
            continue
        gain = found[str(name)].capacity.over(found[str(base)].capacity)
        rows[name] = (gain.value, *gain.interval(), gain.no_upper, gain.no_lower)
    columns = ["gain", "gain_low", "gain_high", "gain_is_lower_bound", "gain_is_upper_bound"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)
