"""The table: what an event costs in each workload, and what that saves against one event a call."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.measures.connections import connection_use
from analysis.measures.latency import TIMES, column_names, percentiles
from analysis.measures.layers import WORKLOAD, bytes_per_event, totals
from analysis.measures.throughput import Ratio, Rounds, rates
from wiretax.channels.workload import COMPARISON_KEY

FIGURES = [
    "events_per_second",
    "messages_per_second",
    "sent_per_event",
    "received_per_event",
    "cable_per_event",
    "head_per_request",
    "overhead_factor",
    "saving",
    "gain",
    "gain_low",
    "gain_high",
    "rounds",
    *(title for both in column_names(TIMES).values() for title in both),
    "samples",
    "failures",
    "calls_on_connection",
    "server_closes",
    "setup_per_event",
]
NO_TIMES = {"samples": 0} | {
    title: value
    for both in column_names(TIMES).values()
    for title, value in zip(both, (np.nan, False), strict=True)
}
API_ORDER = {"trigger": 0, "batch": 1, "multi_trigger": 2}


def summarise(slices: pd.DataFrame, latency: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a workload, ordered by client, payload, API and size.

    The baseline of a row is the trigger of the same payload, client, connection and server. Against it the
    comparison is by message (an event to one channel), since that is what the service delivers and bills: an event
    to ten channels replaces ten triggers. For trigger and batch an event is a message.

    Args:
        slices: ``slices.parquet``.
        latency: ``latency.parquet``; without it there are no percentiles.

    Returns:
        The workload's columns and: ``events_per_second``, ``messages_per_second``, ``sent_per_event``,
        ``received_per_event``, ``cable_per_event`` (bytes; all layers both ways),
        ``head_per_request`` (bytes), ``overhead_factor`` (ratio),
        ``saving`` (share of the baseline's sent bytes a message that is not sent; NaN without a baseline),
        ``gain``, ``gain_low``, ``gain_high`` (ratio of message rates; NaN where workloads were not sent in turn),
        ``p50_s``, ``p99_s`` (of a call; NaN where too few calls ended), ``max_s`` (the longest call),
        ``p50_s_is_lower_bound``, ``p99_s_is_lower_bound``, ``max_s_is_lower_bound`` (whether calls without an
        acknowledgement decide them), ``samples`` (calls they are taken from), ``failures``, and
        ``calls_on_connection``, ``server_closes`` and ``setup_per_event`` of ``connection_use``.
    """
    total = totals(slices)
    by_name = total.set_index("workload")
    cost, use = bytes_per_event(slices), connection_use(slices)
    message_rates, event_rates, rounds = rates(slices), rates(slices, "events"), Rounds(slices)
    sent_per_message = cost["sent"] * by_name["events"] / by_name["messages"].where(by_name["messages"] > 0)
    times = percentiles(pd.DataFrame() if latency is None else latency, TIMES)
    base = baselines(total)
    rows = []
    for workload in total["workload"]:
        baseline = base.get(workload)
        gain = Ratio(np.nan, np.nan, np.nan, 0)
        saving = np.nan
        if baseline is not None and baseline != workload:
            gain = rounds.ratio(workload, baseline)
            saving = 1 - sent_per_message[workload] / sent_per_message[baseline]
        rows.append(
            {
                "workload": workload,
                "baseline": baseline,
                "events_per_second": event_rates[workload].median(),
                "messages_per_second": message_rates[workload].median(),
                "sent_per_event": cost.at[workload, "sent"],
                "received_per_event": cost.at[workload, "received"],
                "cable_per_event": cost.at[workload, "cable"],
                "head_per_request": cost.at[workload, "head_per_request"],
                "overhead_factor": cost.at[workload, "overhead_factor"],
                "saving": saving,
                "gain": gain.estimate,
                "gain_low": gain.low,
                "gain_high": gain.high,
                "rounds": gain.rounds,
                **(times.loc[workload].to_dict() if workload in times.index else NO_TIMES),
                "failures": by_name.at[workload, "failures"],
                **use.loc[workload].to_dict(),
            }
        )
    table = total[WORKLOAD].merge(pd.DataFrame(rows, columns=["workload", "baseline", *FIGURES]), on="workload")
    return ordered(table)


def baselines(total: pd.DataFrame) -> dict[str, str]:
    """The trigger each workload is held against, by name; absent where the run has none."""
    triggers = total[total["api"] == "trigger"][["workload", *COMPARISON_KEY]]
    paired = total[["workload", *COMPARISON_KEY]].merge(
        triggers, on=list(COMPARISON_KEY), suffixes=("", "_baseline")
    )
    return dict(zip(paired["workload"], paired["workload_baseline"], strict=True))


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of workloads as they are read: by client, payload, way, API and size."""
    # The reference client first: the others are read against it.
    keys = table.assign(
        _reference=table["client"] != "reference",
        _api=table["api"].map(API_ORDER),
        _against=table["server"] != "endpoint",
        # One call a connection, then more; connections that are kept come first.
        _calls=table["calls_per_connection"].mask(table["connection"] == "close", 1),
    )
    order = [
        "_reference",
        "client",
        "payload_kind",
        "payload_bytes",
        "http",
        "tls",
        "_calls",
        "_api",
        "batch_size",
        "channels",
        "_against",
    ]
    return table.loc[keys.sort_values(order).index].reset_index(drop=True)
