"""The cost of a connection, and its share per event if many calls use it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.measures.connections import connection_use
from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.layers import TCP_IP, WORKLOAD

GROUP = [name for name in WORKLOAD if name not in ("workload", "connection", "calls_per_connection")]
FITTED = ["_below", "_share"]
# If connections per event differ by less than this share, there is no curve.
LEAST_DIFFERENCE = 0.05


def connection_cost(slices: pd.DataFrame | SliceCounts) -> pd.DataFrame:
    """Bytes per event on the cable by calls per connection, and the cost of a connection.

    A slice may end while a connection is open, so calls per connection are measured rather than the plan's number;
    the fitted line is valid for both.

    Args:
        slices: ``slices.parquet``, or its counts.

    Returns:
        A row per workload, for each group of workloads that differ only in calls per connection and have at least
        two measured values of it. If the server closes every connection after a call, there is only one, whatever
        the plan asks for. Columns: the group's, ``workload``, ``calls_per_connection`` (the plan's; 1 if
        connections are closed, 0 for all calls), ``calls`` (measured, per connection; infinite if none was
        opened), ``bytes_per_event`` (all layers in both directions), ``connection_bytes`` (B per connection,
        fitted to the group), ``call_bytes`` (B per event, without connections), ``residual`` (B per event,
        measured minus fitted). NaN if the kernel did not count.
    """
    counted = counts_of(slices)
    total = totals(counted)
    total = total[total["events"] > 0].reset_index(drop=True)
    events = total["carried_events"].where(total["carried_events"] > 0)
    headers = total[TCP_IP].sum(axis=1, skipna=False)
    unread = total["close_received_bytes"].fillna(0)
    below = total["tls_sent_bytes"] + total["tls_received_bytes"] + unread + headers
    points = total[WORKLOAD].assign(
        calls_per_connection=total["calls_per_connection"].mask(total["connection"] == "close", 1),
        calls=total["workload"].map(connection_use(counted)["calls_on_connection"]),
        bytes_per_event=(total["carried_bytes"] + below) / events,
        _below=below / events,
        _share=total["connections"] / events,
    )
    fitted = [
        _fit(group)
        for _, group in points.groupby(GROUP, sort=False)
        if group["calls_per_connection"].nunique() > 1 and _differ(group["_share"])
    ]
    if not fitted:
        return points.iloc[:0].drop(columns=FITTED).assign(connection_bytes=[], call_bytes=[], residual=[])
    return pd.concat(fitted, ignore_index=True).drop(columns=[*FITTED, "connection"])


def _differ(shares: pd.Series[float]) -> bool:
    """Whether the numbers of connections per event differ enough for a fit."""
    return bool(shares.max() - shares.min() > LEAST_DIFFERENCE * shares.max())


def _fit(group: pd.DataFrame) -> pd.DataFrame:
    """Fit a line to a group's points: TLS and TCP/IP bytes per event by connections per event.

    HTTP bytes are left out of the fit, because a call that closes its connection has an additional header.
    """
    known = group.dropna(subset=FITTED)
    slope = base = np.nan
    if known["_share"].nunique() > 1:
        slope, base = np.polyfit(known["_share"], known["_below"], 1)
    done = group.assign(connection_bytes=slope, call_bytes=group["bytes_per_event"] - group["_below"] + base)
    done["residual"] = done["_below"] - (base + slope * done["_share"])
    # 0 means all calls, so it comes last.
    order = done.assign(_asked=done["calls_per_connection"].replace(0, np.iinfo(np.int32).max))
    return done.loc[order.sort_values(["calls", "_asked"]).index]
