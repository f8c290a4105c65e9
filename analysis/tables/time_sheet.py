"""The time per call and per event, and the limit of the gain, as a table of notebooks and reports."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.measures.throughput import why_no_gain
from analysis.models.call_time import fit_time
from analysis.text.labels import batch_sizes, transport
from analysis.text.numbers import MISSING, fixed, interval, percent, with_interval
from analysis.text.sheet import Cell, Lines, Sheet
from wiretax.runs.reader import Run


def time_model(run: Run) -> Sheet | Lines:
    """a and b by family, with the gain that follows from them, or why a run's rates can't be compared."""
    if why := why_no_gain(run.slices):
        return Lines([why])
    rows = [
        (
            ", ".join([row["client"], *transport(row)]),
            f"{row['payload_bytes']:,} B",
            *(
                [MISSING, MISSING]
                if row["unsound_because"]
                else [_microseconds(row, each) for each in ("call_s", "event_s")]
            ),
            MISSING if pd.isna(row["deviation"]) else percent(row["deviation"]),
            row["batch_sizes"],
            *_largest_gain(row),
            _limit(row),
        )
        for row in fit_time(run.slices).sort_values(["client", "payload_bytes"]).to_dict("records")
    ]
    headers = (
        "Client",
        "Payload",
        "a, µs per call",
        "b, µs per event",
        "Largest deviation from the line",
        "Batch sizes n",
        "Largest gain measured [95 % CI]",
        "n for 90 % of it",
        "Limit of the gain [95 % CI]",
    )
    return Sheet(headers, rows)


def _largest_gain(row: dict[Any, Any]) -> tuple[str | Cell, str]:
    """The largest measured gain with the batch sizes that have it, and the size for 90 % of it."""
    if pd.isna(row["largest_gain"]):
        return MISSING, MISSING
    gain = with_interval(row["largest_gain"], row["largest_gain_low"], row["largest_gain_high"])
    return Cell(gain, batch_sizes(row["largest_gain_at"])), fixed(row["enough"], 0)


def _limit(row: dict[Any, Any]) -> Cell:
    """The limit with the size for 90 % of it, or why none is given."""
    if row["no_limit_because"]:
        return Cell(MISSING, row["no_limit_because"])
    sizes = interval(row["size_90_low"], row["size_90_high"], 0)
    reached = f"90 % of it with {fixed(row['size_90'], 0)} {sizes}"
    beyond = ", more than were measured" if row["size_90"] > row["largest_batch"] else ""
    return Cell(with_interval(row["gain_limit"], row["gain_limit_low"], row["gain_limit_high"]), reached + beyond)


def _microseconds(row: dict[Any, Any], name: str) -> str:
    value, low, high = (row[key] * 1e6 for key in (name, f"{name}_low", f"{name}_high"))
    return f"{fixed(value, 2)} {interval(low, high)}"
