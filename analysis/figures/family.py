"""The workloads that a figure shows, and their names in it."""

from __future__ import annotations

import pandas as pd

from analysis.measures.counts import with_all_columns
from analysis.measures.representative import representative_family
from analysis.measures.summary import API_ORDER
from analysis.text.labels import Row, call, transport
from wiretax.channels.workload import COMPARISON_KEY

ONE_SIZE = [name for name in COMPARISON_KEY if name != "payload_bytes"]
ANY_RUN = "wiretax run"
HEADLINE = "wiretax run headline"
NOTHING = "no event of this run was acknowledged"
# The payload kind of an observed publisher.
OBSERVED = "observed"


def shown_family(slices: pd.DataFrame) -> pd.DataFrame:
    """The representative family, which a figure of one payload shows; no rows if nothing was acknowledged."""
    return representative_family(slices) if len(slices) else slices


def siblings(slices: pd.DataFrame) -> pd.DataFrame:
    """The triggers and batches of that family at every payload."""
    family = shown_family(slices)
    if family.empty:
        return family
    slices = with_all_columns(slices)
    slices = slices[slices["api"].isin(["trigger", "batch"]) & (slices["events"] > 0)]
    return slices.merge(family.iloc[:1][ONE_SIZE], on=ONE_SIZE)


def distinct_workloads(slices: pd.DataFrame) -> pd.DataFrame:
    """A row per workload: trigger first, then batches by size, then by channels."""
    rows = slices.drop_duplicates("workload")
    rows = rows.assign(_api=rows["api"].map(API_ORDER)).sort_values(["_api", "batch_size", "channels"])
    return rows.drop(columns="_api").reset_index(drop=True)


def calls_of(slices: pd.DataFrame) -> list[str]:
    """The kinds of call of a run, in the order of its tables; the colours of all figures follow from them."""
    return list(dict.fromkeys(call(row) for row in distinct_workloads(slices).to_dict("records")))


def title_of_family(row: Row) -> str:
    """A family in words, without its payload size: ``client reference, chat events, TLS``."""
    if row["payload_kind"] == OBSERVED:
        return ", ".join(["the observed publisher", *transport(row)])
    return ", ".join([f"client {row['client']}", f"{row['payload_kind']} events", *transport(row)])
