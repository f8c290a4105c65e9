"""The representative family of a run: the workloads that a story or a figure is about if it can show only one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.measures.counts import LATER, Row, acknowledged, rows_of, with_all_columns
from analysis.measures.layers import WORKLOAD
from wiretax.channels.workload import COMPARISON_KEY, columns_of

# About a chat message or a position, and what the first plan sends.
USUAL_PAYLOAD_BYTES = 100


def representative_family(slices: pd.DataFrame) -> pd.DataFrame:
    """The slices of one family: workloads that differ only in the call and its size.

    It is the family with the most calls; among equals that of the reference client, then the one whose payload is
    nearest to 100 B by ratio, then the simplest: unencrypted, without TLS, over kept connections, with the usual
    names, to the endpoint.

    Args:
        slices: ``slices.parquet``.

    Returns:
        The rows of that family's workloads that had any event acknowledged; no rows if none had.
    """
    slices = acknowledged(with_all_columns(slices))
    if slices.empty:
        return slices
    families: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in rows_of(slices, WORKLOAD):
        family = tuple(row[name] for name in COMPARISON_KEY)
        families.setdefault(family, {})[row["workload"]] = row
    best = min(
        families.items(),
        key=lambda item: (-len(item[1]), *representative_order(next(iter(item[1].values()))), item[0]),
    )
    return slices[slices["workload"].isin([*best[1]])].reset_index(drop=True)


def representative_order(row: Row) -> tuple[Any, ...]:
    """Of several families, the least represents a run best."""
    return (
        row["client"] != "reference",
        _ratio(row["payload_bytes"]),
        row["encrypted"],
        row["tls"],
        row["http"],
        row["connection"] != "keep-alive",
        row["calls_per_connection"],
        row["client"],
        [row[name] != LATER[name] for name in columns_of("names")],
        row["server"] != "endpoint",
    )


def _ratio(size: float) -> float:
    """How many times larger or smaller than the usual payload."""
    size = max(size, 1)
    return max(size / USUAL_PAYLOAD_BYTES, USUAL_PAYLOAD_BYTES / size)
