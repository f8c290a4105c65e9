"""Sentences about connections: whether they were kept, or that the server closed them and the cost of that."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import numpy as np
import pandas as pd

from analysis.measures.connections import MANY_CALLS, connection_use
from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.event_bytes import bytes_per_event
from analysis.text.labels import Row, call, protocol, second_server
from analysis.text.numbers import fixed


def connection_notes(slices: pd.DataFrame | SliceCounts) -> Iterator[str]:
    """A line for each server that closed connections; one line if all were kept."""
    counted = counts_of(slices)
    closed = list(closing_notes(counted))
    yield from closed
    if not closed and counted.workloads and np.isinf(connection_use(counted)["calls_on_connection"]).all():
        yield "connections were kept: all calls of a user shared one"


def closing_notes(slices: pd.DataFrame | SliceCounts) -> Iterator[str]:
    """A sentence for each server that closed connections before the client would have, and a separate one for its
    TLS connections; without full stops."""
    counted = counts_of(slices)
    if not counted.workloads:
        return
    use, cost = connection_use(counted), bytes_per_event(counted)["cable"]
    closing = totals(counted).merge(use[use["server_closes"]], left_on="workload", right_index=True)
    for _, rows in closing.groupby(["server", "tls"], sort=False):
        ordered = rows.sort_values(["batch_size", "channels", "payload_bytes"], kind="stable")
        first = ordered.to_dict("records")[0]
        first["calls_on_connection"] = float(rows["calls_on_connection"].median())
        note = closing_note(first, float(cost.loc[first["workload"]]))
        yield "".join([*(f"{each}: " for each in second_server(first)), note])


def closing_note(row: Row, cable: float) -> str:
    """``the server closed the connection after every call: 428 B of 1,367 B per event are connection set-up``.

    Args:
        row: a workload, with its columns of ``connection_use``.
        cable: bytes per event of all its layers.
    """
    calls = float(row["calls_on_connection"])
    when = "every call" if round(calls, 1) == 1 else f"{calls_per_connection(calls)} calls on average"
    note = f"the server closed the connection after {when}"
    setup = float(row["setup_per_event"])
    if isnan(setup) or isnan(cable):
        return note
    what = ", ".join([call(row), f"{row['payload_bytes']:,} B", *protocol(row)])
    return f"{note}: {fixed(setup, 0)} B of {fixed(cable, 0)} B per event are connection set-up ({what})"


def calls_per_connection(calls: float) -> str:
    """``1``, ``49.8``, or ``all``."""
    return f"{calls:.3g}" if calls < MANY_CALLS else "all"
