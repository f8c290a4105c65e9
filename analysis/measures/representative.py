"""Which of a run's workloads a story is told about, where it can be told about one only."""

from __future__ import annotations

import pandas as pd

from analysis.measures.layers import WORKLOAD, acknowledged, with_tls
from wiretax.channels.workload import COMPARISON_KEY

# What a chat message or a position weighs, and what the first plan sends.
USUAL_PAYLOAD_BYTES = 100


def focus(slices: pd.DataFrame) -> pd.DataFrame:
    """The slices of one family: workloads that differ in nothing but the call and its size.

    It is the family with the most ways of calling; among equals that of the reference client, then the one whose
    payload is nearest to 100 B by ratio, then the plainest: without TLS, over kept connections, to the endpoint.

    Args:
        slices: ``slices.parquet``.

    Returns:
        The rows of that family's workloads that had anything acknowledged; none where none had.
    """
    slices = with_tls(slices)
    slices = acknowledged(slices)
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
