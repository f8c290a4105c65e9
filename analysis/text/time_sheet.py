"""The time of a call and of an event, and how far the gain goes, as a table of a page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.measures.mode import why_no_gain
from analysis.models.call_time import fit_time
from analysis.text.labels import interval, share, sizes, times, way
from analysis.text.sheet import Cell, Lines, Sheet
from wiretax.runs.reader import Run


def time_model(run: Run) -> Sheet | Lines:
    """a and b by family with the gain they lead to, or why a run's rates can't be compared."""
    if why := why_no_gain(run.slices):
        return Lines([why])
    rows = [
        (
            ", ".join([row["client"], *way(row)]),
            f"{row['payload_bytes']:,} B",
            *(
                ["-", "-"]
                if row["unsound_because"]
                else [_microseconds(row, each) for each in ("call_s", "event_s")]
            ),
            "-" if pd.isna(row["deviation"]) else share(row["deviation"]),
            row["batch_sizes"],
            *_largest_gain(row),
            _limit(row),
        )
        for row in fit_time(run.slices).sort_values(["client", "payload_bytes"]).to_dict("records")
    ]
    headers = (
        "Client",
        "Payload",
        "a, µs a call",
        "b, µs an event",
        "Furthest from the line",
        "Batch sizes n",
        "Largest gain measured [95 % CI]",
        "n for 90 % of it",
        "Limit of the gain [95 % CI]",
    )
    return Sheet(headers, rows)


def _largest_gain(row: dict[Any, Any]) -> tuple[str | Cell, str]:
    """The largest measured gain with the batch sizes that have it, and the size for 90 % of it."""
    if pd.isna(row["largest_gain"]):
        return "-", "-"
    doubt = interval(row["largest_gain_low"], row["largest_gain_high"])
    return Cell(f"{times(row['largest_gain'])} {doubt}", sizes(row["largest_gain_at"])), f"{row['enough']:,.0f}"


def _limit(row: dict[Any, Any]) -> Cell:
    """The limit with the size for 90 % of it, or why none is given."""
    if row["no_limit_because"]:
        return Cell("-", row["no_limit_because"])
    doubt = interval(row["gain_limit_low"], row["gain_limit_high"])
    reached = f"90 % of it with {row['size_90']:,.0f} {_whole(row['size_90_low'], row['size_90_high'])}"
    beyond = ", more than were measured" if row["size_90"] > row["largest_batch"] else ""
    return Cell(f"{times(row['gain_limit'])} {doubt}", f"{reached}{beyond}")


def _microseconds(row: dict[Any, Any], name: str) -> str:
    value, low, high = (row[key] * 1e6 for key in (name, f"{name}_low", f"{name}_high"))
    return f"{value:,.2f} {interval(low, high)}"


def _whole(low: float, high: float) -> str:
    return "[?]" if pd.isna(low) else f"[{low:,.0f}, {high:,.0f}]"
