"""The time per call and per event, and the limit of the gain, as a table of notebooks and reports."""

from __future__ import annotations

from math import isnan

from analysis.measures.throughput import why_no_gain
from analysis.models.call_time import fit_time
from analysis.text.labels import Row, batch_sizes, transport
from analysis.text.numbers import MISSING, fixed, interval, percent, with_interval
from analysis.text.sheet import Cell, Lines, Numbers, Sheet, Words
from wiretax.runs.reader import Run


def time_model(run: Run) -> Sheet | Lines:
    """a and b by family, with the gain that follows from them, or why a run's rates can't be compared."""
    if why := why_no_gain(run.slices):
        return Lines([why])
    return Sheet(fit_time(run.slices).sort_values(["client", "payload_bytes"]), COLUMNS)


def _largest_gain(row: Row) -> str | Cell:
    """The largest measured gain with the batch sizes that have it."""
    if isnan(row["largest_gain"]):
        return MISSING
    gain = with_interval(row["largest_gain"], row["largest_gain_low"], row["largest_gain_high"])
    return Cell(gain, batch_sizes(row["largest_gain_at"]))


def _limit(row: Row) -> Cell:
    """The limit with the size for 90 % of it, or why none is given."""
    if row["no_limit_because"]:
        return Cell(MISSING, row["no_limit_because"])
    sizes = interval(row["size_90_low"], row["size_90_high"], 0)
    reached = f"90 % of it with {fixed(row['size_90'], 0)} {sizes}"
    beyond = ", more than were measured" if row["size_90"] > row["largest_batch"] else ""
    return Cell(with_interval(row["gain_limit"], row["gain_limit_low"], row["gain_limit_high"]), reached + beyond)


def _microseconds(row: Row, name: str) -> str:
    if row["unsound_because"]:
        return MISSING
    value, low, high = (row[key] * 1e6 for key in (name, f"{name}_low", f"{name}_high"))
    return f"{fixed(value, 2)} {interval(low, high)}"


COLUMNS = (
    Words("Client", lambda row: ", ".join([row["client"], *transport(row)])),
    Numbers("Payload", lambda row: f"{row['payload_bytes']:,} B"),
    Numbers("a, µs per call", lambda row: _microseconds(row, "call_s")),
    Numbers("b, µs per event", lambda row: _microseconds(row, "event_s")),
    Numbers(
        "Largest deviation from the line",
        lambda row: MISSING if isnan(row["deviation"]) else percent(row["deviation"]),
    ),
    Numbers("Batch sizes n", lambda row: row["batch_sizes"]),
    Numbers("Largest gain measured [95 % CI]", _largest_gain),
    Numbers("n for 90 % of it", lambda row: MISSING if isnan(row["largest_gain"]) else fixed(row["enough"], 0)),
    Numbers("Limit of the gain [95 % CI]", _limit),
)
