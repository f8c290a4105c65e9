"""What a connection costs, and its share per event if many calls use it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.measures.connections import connection_use
from analysis.measures.counts import acknowledged, totals
from analysis.measures.layers import TCP_IP, WORKLOAD

GROUP = [name for name in WORKLOAD if name not in ("workload", "connection", "calls_per_connection")]
FITTED = ["_below", "_share"]
# If connections per event differ by less than this share, there is no curve.
LEAST_DIFFERENCE = 0.05


def connection_cost(slices: pd.DataFrame) -> pd.DataFrame:
    """Bytes on the cable an event, by how many calls share a connection.

    A slice ends within a connection's life, so calls are those really sent over a connection, and not the plan's
    number; the line through the points holds for either.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row per workload of every group that differs in nothing but connections, and has at least two ways of
        sharing them, as measured: where the server closes each after a call there is but one, whatever the plan
        asked for. The group's columns, ``workload``, ``calls_per_connection`` (the plan's; 1 where it closes, 0
        for all), ``calls`` (measured, a connection; infinite where none was opened), ``bytes_per_event`` (all
        layers both ways), ``connection_bytes`` (B per connection, fitted to the group), ``call_bytes`` (B per
        event, without connections), ``residual`` (B per event, measured less fitted). NaN where the kernel kept no
        count.
    """
    total = totals(acknowledged(slices))
    events = total["carried_events"].where(total["carried_events"] > 0)
    headers = total[TCP_IP].sum(axis=1, skipna=False)
    unread = total["close_received_bytes"].fillna(0)
    below = total["tls_sent_bytes"] + total["tls_received_bytes"] + unread + headers
    points = total[WORKLOAD].assign(
        calls_per_connection=total["calls_per_connection"].mask(total["connection"] == "close", 1),
        calls=total["workload"].map(connection_use(slices)["calls_on_connection"]),
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
    """Whether workloads opened more connections per event than others."""
    return bool(shares.max() - shares.min() > LEAST_DIFFERENCE * shares.max())


def _fit(group: pd.DataFrame) -> pd.DataFrame:
    """A line through a group's points: TLS and TCP/IP an event = its call's + connections per event x theirs.

    HTTP's own bytes are left out of the fit: a call that closes its connection says so in its head.
    """
    known = group.dropna(subset=FITTED)
    slope = base = np.nan
    if known["_share"].nunique() > 1:
        slope, base = np.polyfit(known["_share"], known["_below"], 1)
    done = group.assign(connection_bytes=slope, call_bytes=group["bytes_per_event"] - group["_below"] + base)
    done["residual"] = done["_below"] - (base + slope * done["_share"])
    # 0 stands for all calls, so it comes last.
    order = done.assign(_asked=done["calls_per_connection"].replace(0, np.iinfo(np.int32).max))
    return done.loc[order.sort_values(["calls", "_asked"]).index]
