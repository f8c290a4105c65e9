"""A run in three sentences: the bytes of an event, its bytes in a batch, and the change of the rate.

A fourth sentence follows if the server closed connections.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from analysis.findings.connection_notes import closing_notes
from analysis.measures.clients import LEAST_CLIENTS, compare_clients, head_claim
from analysis.measures.representative import representative_family
from analysis.measures.summary import summarise
from analysis.measures.throughput import why_no_gain
from analysis.models.call_time import fit_time
from analysis.models.cost_model import fit_bytes
from analysis.text.labels import Row, an_event, gain_limit
from analysis.text.numbers import interval, multiple, percent


def brief(slices: pd.DataFrame, meta: dict[str, Any]) -> list[str]:
    """At most four sentences that sum up a run; fewer if it has less data.

    Args:
        slices: ``slices.parquet``.
        meta: ``run.json``.
    """
    if slices.empty or not (slices["events"] > 0).any():
        return ["Nothing was measured: no event was acknowledged in a whole slice."]
    summary = summarise(slices)
    closed = [f"{note[0].upper()}{note[1:]}." for note in closing_notes(slices)]
    if summary["client"].nunique() >= LEAST_CLIENTS:
        return [*_of_clients(slices, summary), *closed]
    own = representative_family(slices)
    rows: list[Row] = list(summary[summary["workload"].isin(own["workload"])].to_dict("records"))
    return [*_of_family(own, rows, meta), *closed]


def _of_family(own: pd.DataFrame, rows: list[Row], meta: dict[str, Any]) -> Iterator[str]:
    first = next((row for row in rows if row["api"] == "trigger"), rows[0])
    how = "published by itself" if first["api"] == "trigger" else f"in a call of {first['batch_size']}"
    below = "TCP/IP, TLS" if first["tls"] else "TCP/IP"
    cable = first["cable_per_event"]
    crosses = "" if isnan(cable) else f", and {cable:,.0f} B cross the cable with {below} and the response"
    yield (
        f"{an_event(first)} {how} sends {first['sent_per_event']:,.0f} B, "
        f"{multiple(first['overhead_factor'])} its payload: the head of its HTTP call has "
        f"{first['head_per_request']:,.0f} B{crosses} (client: {first['client']})."
    )
    batches = [row for row in rows if row["api"] == "batch" and not isnan(row["saving"])]
    if first["api"] != "trigger" or not batches:
        return
    batch = next((row for row in batches if row["batch_size"] == 10), batches[-1])
    limit = [row["event_bytes"] for row in fit_bytes(own).to_dict("records") if row["api"] == "batch"]
    yield (
        f"In a batch of {batch['batch_size']} it sends {batch['sent_per_event']:,.0f} B, "
        f"{percent(batch['saving'])} less"
        + ("." if not limit or isnan(limit[0]) else f"; no batch, however large, gets below {limit[0]:,.0f} B.")
    )
    yield why_no_gain(own) or _rate(own, batch, meta)


def _rate(own: pd.DataFrame, batch: Row, meta: dict[str, Any]) -> str:
    sentence = (
        f"Events then go out {multiple(batch['gain'])} as fast {interval(batch['gain_low'], batch['gain_high'])}, "
        f"all connections busy, {_endpoint(meta)}"
    )
    fits = fit_time(own).to_dict("records")
    if not fits or (isnan(fits[0]["gain_limit"]) and fits[0]["largest_gain_at"] == [batch["batch_size"]]):
        return f"{sentence}."
    return f"{sentence}; {gain_limit(fits[0])}."


def _endpoint(meta: dict[str, Any]) -> str:
    mock = meta.get("mock")
    if mock is None:
        return "on the given endpoint"
    costs = any(value for name, value in mock.items() if name != "servers")
    return "on a mock that simulates a server's cost" if costs else "on a mock that costs nothing"


def _of_clients(slices: pd.DataFrame, summary: pd.DataFrame) -> Iterator[str]:
    pairs = compare_clients(summary)
    claim = head_claim(slices)
    heads, sent, clients = pairs["trigger_head"], pairs["trigger_sent"], pairs["client"].nunique()
    if claim is not None:
        yield (
            f"A trigger of the {claim.libraries} official libraries has a head of {claim.least:,.0f} to "
            f"{claim.most:,.0f} B, {claim.mean:,.0f} on average; all {clients} clients measured lie between "
            f"{heads.min():,.0f} and {heads.max():,.0f} B."
        )
    payload = ", ".join(f"{size:,}" for size in sorted(pairs["payload_bytes"].unique()))
    yield f"An event of {payload} B published by itself sends {sent.min():,.0f} to {sent.max():,.0f} B."
    if pairs["saving"].notna().any():
        known = pairs.dropna(subset=["saving"])
        yield (
            f"In a batch of {known['batch_size'].max():g} it sends {known['batch_sent'].min():,.0f} to "
            f"{known['batch_sent'].max():,.0f} B, {percent(known['saving'].min())} to "
            f"{percent(known['saving'].max())} less."
        )
