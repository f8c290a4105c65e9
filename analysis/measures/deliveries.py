"""Deliveries: what became of each event, how late it reached its subscribers, and in how many bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.delivery_kinds import SETTINGS, by_kind_of_call
from analysis.measures.latency import column_names, percentiles
from analysis.measures.round_latencies import RoundLatencies
from analysis.measures.throughput import NO_RATIO, Ratio, ratio_of
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.reader import Run

QUANTILES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
# The times of which all values have the same sign.
KINDS = ("waiting", "wire", "total", "spread")
EVENTS = ("sent", "acknowledged", "rejected", "failed", "unknown")
DELIVERIES = ("expected", "delivered", "lost", "missed", "duplicated", "late", "foreign", "ambiguous")
ORDER = ("out_of_order_publisher", "out_of_order_channel")
UNACKNOWLEDGED = ("unacknowledged_rejected", "unacknowledged_failed", "unacknowledged_unknown")
BYTES = (
    *("frame_header_bytes", "envelope_bytes", "payload_delivered_bytes", "encryption_delivered_bytes"),
    *("protocol_bytes", "control_bytes", "ws_sent_bytes", "ws_received_bytes"),
    *("ws_tls_sent_bytes", "ws_tls_received_bytes", "ws_tcp_sent_bytes", "ws_tcp_received_bytes"),
    *("ws_segments_out", "ws_segments_in"),
)
# Of columns whose names mean something else in other frames.
UNITS = {"sent": "events"}
# Workloads with the same values of these differ in the call, its size and its linger only.
SAME = [each for each in SETTINGS if each not in ("workload", "api", "batch_size", "linger_s", "channels")]
# Of IPv4 and TCP, with timestamps.
SEGMENT_HEADER = 52


def summarise_deliveries(run: Run) -> pd.DataFrame:
    """A row per workload whose deliveries were counted, each trigger before the batches it is compared with; of an
    observed publisher in the order in which it first called.

    Returns:
        The workload's settings and: ``rounds``; events and deliveries over all rounds (``EVENTS``, ``DELIVERIES``,
        ``ORDER``, ``UNACKNOWLEDGED``); ``reconnections``; ``backlog_max_bytes``; ``subscriber_busy``
        (processor time of the subscribers' process per second of publishing); ``adds_up`` (whether events and
        deliveries are each counted once); for each of ``KINDS`` ``KIND_p50_s``, ``_p99_s``, ``_max_s`` (NaN with
        too few deliveries) and ``..._is_lower_bound``; ``after_p50_s`` (from the response to the arrival; negative
        if most arrive first), ``early`` (share of deliveries that arrive before the response); bytes per
        delivery: ``frame_header``, ``envelope``, ``payload``, ``encryption``, ``tls``, ``tcp_ip`` (estimated from
        segments) and ``cable``, all of them; ``delay_ratio``, ``delay_ratio_low``, ``delay_ratio_high``: the
        median total delay over the trigger's of the same arrivals, by round; NaN in a closed loop, in which a
        batch publishes more events than the trigger.
    """
    if run.delivery.empty:
        return pd.DataFrame(columns=[*SETTINGS, *EVENTS, *DELIVERIES])
    delivery, delays = by_kind_of_call(run)
    grouped = delivery.groupby("workload", sort=False)
    table = grouped[[each for each in SETTINGS if each != "workload"]].first()
    counted = [*EVENTS, *DELIVERIES, *ORDER, *UNACKNOWLEDGED, "reconnections", *BYTES]
    table[counted] = grouped[counted].sum(min_count=1)
    table["rounds"] = grouped["round"].nunique()
    table["subscriber_busy"] = grouped["subscriber_cpu_s"].sum() / grouped["duration_s"].sum()
    table["backlog_max_bytes"] = grouped["backlog_max_bytes"].max()
    outcomes = table[["acknowledged", "rejected", "failed", "unknown"]].sum(axis=1)
    ends = table[["delivered", "lost", "missed"]].sum(axis=1)
    table["adds_up"] = (table["sent"] == outcomes) & (table["expected"] == ends)
    for kind in KINDS:
        found = percentiles(delays, QUANTILES, f"{kind}_", kind).reindex(table.index)
        for _, bound in column_names(QUANTILES, f"{kind}_").values():
            found[bound] = found[bound].eq(True)
        found[f"{kind}_samples"] = found[f"{kind}_samples"].fillna(0).astype(int)
        table[found.columns] = found
    after = {name: _after(delays, name) for name in table.index}
    table["after_p50_s"] = pd.Series({name: median for name, (median, _) in after.items()})
    table["early"] = pd.Series({name: share for name, (_, share) in after.items()})
    _add_bytes(table)
    table = table.reset_index()
    ratios = _ratios(table, delays)
    table["delay_ratio"] = [each.estimate for each in ratios]
    table["delay_ratio_low"] = [each.low for each in ratios]
    table["delay_ratio_high"] = [each.high for each in ratios]
    if run.mode == "observe":
        return table
    order = ["rate", "payload_bytes", "client", "subscribers", "batch_size", "linger_s"]
    return table.sort_values(order, kind="stable").reset_index(drop=True)


def delay_by_round(delays: Histograms, workload: str, quantile: float = 0.5) -> dict[int, float]:
    """A quantile of the total delay (s) in each round that has enough deliveries for a median."""
    times = RoundLatencies(delays, workload, "total")
    rounds = [round_ for round_, samples in times.samples.items() if samples]
    found = times.quantiles([[each] for each in rounds], quantile)
    return dict(zip(rounds, found.seconds.tolist(), strict=True))


def delay_ratio(delays: Histograms, of: str, to: str) -> Ratio:
    """The median total delay of one workload over another's, round by round."""
    mine, theirs = delay_by_round(delays, of), delay_by_round(delays, to)
    paired = [mine[each] / theirs[each] for each in mine if theirs.get(each)]
    return ratio_of(np.array(paired)) if paired else NO_RATIO


def _ratios(table: pd.DataFrame, delays: Histograms) -> list[Ratio]:
    """By row the ratio to the trigger of the same arrivals; unknown for triggers, and in closed loops."""
    same = table.groupby(SAME, sort=False, dropna=False).ngroup()
    rows = list(zip(same, table["workload"], table["api"], table["rate"], strict=True))
    triggers = {group: name for group, name, api, _ in rows if api == "trigger"}
    return [
        delay_ratio(delays, name, triggers[group]) if rate and api != "trigger" and group in triggers else NO_RATIO
        for group, name, api, rate in rows
    ]


def _after(delays: Histograms, workload: str) -> tuple[float, float]:
    """The median time (s) from a response to an arrival, negative if the arrival came first; and the share of
    arrivals that came first. NaN without arrivals."""
    values, counts = [], []
    for kind, sign in (("before", -1), ("after", 1)):
        if workload in (sums := delays.sums(kind)):
            lows, highs, number, _ = sums[workload]
            values.append(sign * (lows + highs) / 2)
            counts.append(number)
    if not values or not sum(each.sum() for each in counts):
        return np.nan, np.nan
    of_before = delays.sums("before").get(workload)
    early = 0 if of_before is None else int(of_before[2].sum())
    value, count = np.concatenate(values), np.concatenate(counts)
    order = np.argsort(value)
    reached = count[order].cumsum()
    middle = value[order][np.searchsorted(reached, reached[-1] / 2)]
    return float(middle), early / int(reached[-1])


def _add_bytes(table: pd.DataFrame) -> None:
    """Add the bytes per delivery by layer, and those of all layers."""
    arrived = table["delivered"].where(table["delivered"] > 0)
    per: dict[str, pd.Series[Any]] = {
        "frame_header": table["frame_header_bytes"],
        "envelope": table["envelope_bytes"],
        "payload": table["payload_delivered_bytes"],
        "encryption": table["encryption_delivered_bytes"],
        "tls": table["ws_tls_sent_bytes"] + table["ws_tls_received_bytes"],
        "tcp_ip": SEGMENT_HEADER * (table["ws_segments_out"] + table["ws_segments_in"]),
    }
    for name, values in per.items():
        table[name] = values / arrived
    rest = (table["protocol_bytes"] + table["control_bytes"]) / arrived
    table["cable"] = sum(table[name] for name in per) + rest
