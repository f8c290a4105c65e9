"""The table: what an event costs in each workload, and what that saves compared with one event per call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.connections import connection_use
from analysis.measures.counts import LATER, SERVER, Counts, Row, SliceCounts, by_index, counts_of, rows_of, totals
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.latency import TIMES, column_names, percentiles
from analysis.measures.layers import WORKLOAD
from analysis.measures.throughput import NO_RATIO, Rounds, rates
from wiretax.channels.workload import columns_of
from wiretax.runs.files.histograms import Histograms

# Its columns of ``bytes_per_event``.
COSTS = {
    "sent_per_event": "sent",
    "received_per_event": "received",
    "cable_per_event": "cable",
    "head_per_request": "head_per_request",
    "overhead_factor": "overhead_factor",
}
FIGURES = [
    "events_per_second",
    "messages_per_second",
    *COSTS,
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
NO_TIMES: dict[Any, Any] = {"samples": 0} | {
    title: value
    for both in column_names(TIMES).values()
    for title, value in zip(both, (np.nan, False), strict=True)
}
API_ORDER = {"trigger": 0, "batch": 1, "multi_trigger": 2}
NAMES = columns_of("names")
# What a workload's place in a table depends on.
PLACED_BY = [
    *("client", "payload_kind", "payload_bytes", "encrypted", "http", "tls", "connection", "calls_per_connection"),
    *NAMES,
    *("api", "batch_size", "channels", "server"),
]


def summarise(
    slices: pd.DataFrame | SliceCounts, latency: pd.DataFrame | Histograms | None = None
) -> pd.DataFrame:
    """A row per workload, ordered by client, payload, API and size.

    The baseline of a row is the trigger of the same payload, client, connection and server. They are compared by
    message (an event to one channel), which the service delivers and bills: an event to ten channels replaces ten
    triggers. For trigger and batch, an event is a message.

    Args:
        slices: ``slices.parquet``, or its counts.
        latency: ``latency.parquet``, or its histograms; without it there are no percentiles.

    Returns:
        The workload's columns and: ``baseline`` (a workload's name, or None), ``events_per_second``,
        ``messages_per_second``, ``sent_per_event``, ``received_per_event``, ``cable_per_event`` (bytes; all layers
        both ways), ``head_per_request`` (bytes), ``overhead_factor`` (ratio), ``saving`` (share of the baseline's
        sent bytes per message that is not sent; NaN without a baseline), ``gain``, ``gain_low``, ``gain_high``
        (ratio of message rates; NaN if workloads were not sent in turn), ``p50_s``, ``p99_s`` (of a call; NaN with
        too few calls), ``max_s`` (the longest call), ``p50_s_is_lower_bound``, ``p99_s_is_lower_bound``,
        ``max_s_is_lower_bound`` (whether they depend on calls without an acknowledgement), ``samples`` (the calls
        with a latency), ``failures``, and ``calls_on_connection``, ``server_closes`` and ``setup_per_event`` of
        ``connection_use``.
    """
    counted = counts_of(slices)
    total, rounds = totals(counted), Rounds(counted)
    cost, use = by_index(bytes_per_event(counted)), by_index(connection_use(counted))
    message_rates, event_rates = rates(counted).median(), rates(counted, "events").median()
    times = by_index(percentiles(pd.DataFrame() if latency is None else latency, TIMES))
    sums = counted.rows()
    rows: list[dict[Any, Any]] = []
    for workload, own in sums.items():
        baseline, gain, saving = counted.triggers.get(workload), NO_RATIO, np.nan
        if baseline is not None and baseline != workload:
            gain = rounds.ratio(workload, baseline)
            saving = 1 - _a_message(own) / _a_message(sums[baseline])
        rows.append(
            {
                "baseline": baseline,
                "events_per_second": event_rates[workload],
                "messages_per_second": message_rates[workload],
                **{name: cost[workload][column] for name, column in COSTS.items()},
                "saving": saving,
                "gain": gain.estimate,
                "gain_low": gain.low,
                "gain_high": gain.high,
                "rounds": gain.rounds,
                **times.get(workload, NO_TIMES),
                "failures": own["failures"],
                **use[workload],
            }
        )
    # The same workloads in the same order.
    figures = pd.DataFrame(rows, columns=["baseline", *FIGURES])
    return ordered(pd.concat([total[WORKLOAD], figures], axis=1))


def _a_message(counts: Counts) -> float:
    return counts["sent"] / counts["messages"] if counts["messages"] > 0 else np.nan


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of workloads in the order of tables: by client, payload, transport, API and size."""
    keys = [_place(row) for row in rows_of(table, PLACED_BY)]
    return table.take(sorted(range(len(keys)), key=keys.__getitem__)).reset_index(drop=True)


def _place(row: Row) -> tuple[Any, ...]:
    return (
        # The reference client first: the others are compared with it.
        row["client"] != "reference",
        row["client"],
        row["payload_kind"],
        row["payload_bytes"],
        row["encrypted"],
        row["http"],
        row["tls"],
        # Kept connections first, then one call per connection, then more.
        1 if row["connection"] == "close" else row["calls_per_connection"],
        # The usual names first.
        [(row[name] != LATER[name], row[name]) for name in NAMES],
        API_ORDER[row["api"]],
        row["batch_size"],
        row["channels"],
        row["server"] != SERVER,
    )
