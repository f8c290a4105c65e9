"""Client libraries side by side: the head each sends, what an event costs by trigger and in a batch, and the
claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.measures.counts import SERVER, SliceCounts, totals
from wiretax.channels.workload import COMPARISON_KEY

# The official library of each language with its default options.
OFFICIAL = ("dotnet", "go", "java", "node", "php", "python", "ruby")
CLAIMED_HEAD_BYTES = 400
# Fewer are shown in the table of workloads.
LEAST_CLIENTS = 4
PAIR = list(COMPARISON_KEY)
FIGURES = ["head_per_request", "sent_per_event", "cable_per_event"]


@dataclass(frozen=True, slots=True)
class HeadClaim:
    """The claim of about 400 bytes of header per call, beside what official libraries send for a trigger (B).

    Attributes:
        names: the clients measured.
        least, mean, most: request line, query and header fields, blank line included.
        least_fields, most_fields: header fields and blank line only.
    """

    names: tuple[str, ...]
    least: float
    mean: float
    most: float
    least_fields: float
    most_fields: float

    @property
    def libraries(self) -> int:
        return len(self.names)


def compare_clients(summary: pd.DataFrame) -> pd.DataFrame:
    """A row per client and payload: its trigger beside a batch of a size that compares fairly.

    This is the largest batch size that all clients have that batch this payload, or each client's largest if they
    share none.

    Args:
        summary: ``analysis.measures.summary.summarise``.

    Returns:
        The columns of ``PAIR``; for trigger and batch ``head`` (bytes per call), ``sent`` and ``cable`` (bytes per
        event) with the prefixes ``trigger_`` and ``batch_``; ``batch_size``, ``saving`` (share), ``gain``,
        ``gain_low``, ``gain_high`` (ratios). Ordered by payload, then by the trigger's head. Clients without a
        batch have NaN there.
    """
    use = ["calls_on_connection", "server_closes"]
    triggers = summary[summary["api"] == "trigger"][[*PAIR, *use, *FIGURES]]
    batches = summary[summary["api"] == "batch"].sort_values("batch_size")
    by_size = batches.groupby(["payload_kind", "payload_bytes"])
    clients = by_size["client"].transform("nunique")
    with_size = batches.groupby(["payload_kind", "payload_bytes", "batch_size"])["client"].transform("nunique")
    # The sizes that all clients have come last, the largest of them at the end.
    fair = batches.assign(_shared=clients == with_size).sort_values(["_shared", "batch_size"])
    batches = fair.drop_duplicates(PAIR, keep="last")
    batches = batches[[*PAIR, "batch_size", *FIGURES, "saving", "gain", "gain_low", "gain_high"]]
    pairs = triggers.merge(batches, on=PAIR, how="left", suffixes=("_trigger", "_batch"))
    short = {"head_per_request": "head", "sent_per_event": "sent", "cable_per_event": "cable"}
    names = {f"{name}_{api}": f"{api}_{short[name]}" for name in FIGURES for api in ("trigger", "batch")}
    pairs = pairs.rename(columns=names)
    return pairs.sort_values(["payload_bytes", "trigger_head", "client"]).reset_index(drop=True)


def head_claim(slices: pd.DataFrame | SliceCounts) -> HeadClaim | None:
    """The claim compared with the official libraries' triggers; None if the run has none of them.

    Args:
        slices: ``slices.parquet``, or its counts.
    """
    total = totals(slices)
    # The second server's Host would be in the heads, too.
    mine = (total["server"] == SERVER) & (total["api"] == "trigger") & total["client"].isin(OFFICIAL)
    total = total[mine & (total["requests"] > 0)].groupby("client")[["requests", "head", "header_bytes"]].sum()
    if total.empty:
        return None
    heads = total["head"] / total["requests"]
    fields = total["header_bytes"] / total["requests"]
    figures = (heads.min(), heads.mean(), heads.max(), fields.min(), fields.max())
    return HeadClaim(tuple(total.index), *(float(np.round(each, 1)) for each in figures))
