"""The representative family of a run: the workloads that a story or a figure is about if it can show only one."""

from __future__ import annotations

import pandas as pd

from analysis.measures.counts import acknowledged, with_all_columns
from analysis.measures.layers import WORKLOAD
from wiretax.channels.workload import COMPARISON_KEY

# About a chat message or a position, and what the first plan sends.
USUAL_PAYLOAD_BYTES = 100


def representative_family(slices: pd.DataFrame) -> pd.DataFrame:
    """The slices of one family: workloads that differ only in the call and its size.

    It is the family with the most calls; among equals that of the reference client, then the one whose payload is
    nearest to 100 B by ratio, then the simplest: without TLS, over kept connections, to the endpoint.

    Args:
        slices: ``slices.parquet``.

    Returns:
        The rows of that family's workloads that had any event acknowledged; no rows if none had.
    """
    slices = acknowledged(with_all_columns(slices))
    if slices.empty:
        return slices
    families = (
        slices[WORKLOAD].drop_duplicates().groupby(list(COMPARISON_KEY), dropna=False).size().rename("calls")
    )
    ranked = families.reset_index()
    ranked["_other_client"] = ranked["client"] != "reference"
    ranked["_distance"] = [_ratio(size) for size in ranked["payload_bytes"]]
    ranked["_against"] = ranked["server"] != "endpoint"
    ranked["_closes"] = ranked["connection"] != "keep-alive"
    ranked = ranked.sort_values(
        [
            "calls",
            "_other_client",
            "_distance",
            "tls",
            "http",
            "_closes",
            "calls_per_connection",
            "client",
            "_against",
        ],
        ascending=[False, True, True, True, True, True, True, True, True],
    )
    best = ranked.iloc[:1][list(COMPARISON_KEY)]
    return slices.merge(best, on=list(COMPARISON_KEY))


def _ratio(size: float) -> float:
    """How many times larger or smaller than the usual payload."""
    size = max(size, 1)
    return max(size / USUAL_PAYLOAD_BYTES, USUAL_PAYLOAD_BYTES / size)
