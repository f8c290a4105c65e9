"""The unit of each column of the frames that ``analysis`` makes; docs/data.md has those of a run's files.

A column whose name says its unit (``p99_s``, ``payload_bytes``, ``events_per_second``) has it by that name, and
others by a list. Columns of words and flags have none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

# The key of ``DataFrame.attrs``.
UNITS = "units"
ONE = "1"
# The end of a name that says the unit. Of "p99_s_at_80", the share of the capacity is after it.
NAMED = (
    (re.compile(r"bytes_per_second$|bytes_per_s$"), "B/s"),
    (re.compile(r"_per_second$|_per_s$"), "1/s"),
    (re.compile(r"(^|_)s(_at_\d+)?$"), "s"),
    (re.compile(r"_bytes$"), "B"),
    (re.compile(r"_samples$"), "times"),
    (re.compile(r"_(ratio|share|factor)$"), ONE),
)
ENDS = re.compile(r"_(low|high)$")
_BY_UNIT = {
    "B": (
        # Of ``layers.LAYERS``, and their sums, per event or per delivery.
        *("payload", "encryption", "envelope", "request_line", "auth_query", "headers", "framing", "unfinished"),
        *("response_head", "response_body", "response_framing", "response_unfinished", "tls", "response_tls"),
        *(
            "tcp_ip",
            "response_tcp_ip",
            "sent",
            "received",
            "handshake",
            "cable",
            "frame_header",
            "head_per_request",
        ),
        *("sent_per_event", "received_per_event", "cable_per_event", "setup_per_event", "published_per_event"),
        *("delivered_per_event", "trigger_head", "trigger_sent", "trigger_cable", "batch_head", "batch_sent"),
        *("batch_cable", "residual"),
    ),
    "1/s": ("rate", "reached", "capacity", "arriving", "first", "last"),
    "s": ("seconds",),
    "events": (
        *("batch_size", "fill", "events", "intended", "arrived", "acknowledged", "rejected", "failed", "unknown"),
        *("unsent", "left", "depth_mean", "depth_max", "foreign", "ambiguous", "unacknowledged_rejected"),
        *("unacknowledged_failed", "unacknowledged_unknown", "size_90", "enough", "largest_batch"),
        *("events_per_call", "events_per_month"),
    ),
    "deliveries": (
        *("expected", "delivered", "lost", "missed", "duplicated", "late"),
        *("out_of_order_publisher", "out_of_order_channel"),
    ),
    "calls": ("calls_per_connection", "calls_on_connection", "samples", "failures", "requests"),
    "channels": ("channels", "spread"),
    "connections": ("connections", "reconnections"),
    "publishers": ("publishers",),
    "subscribers": ("subscribers",),
    "rounds": ("rounds",),
    "starts": ("starts",),
    "probes": ("probes",),
    "exchanges": ("count",),
    "segments": ("ws_segments_out", "ws_segments_in"),
    "cores": ("subscriber_busy", "processes"),
    ONE: (
        *(
            "saving",
            "gain",
            "gain_limit",
            "largest_gain",
            "start_gain",
            "deviation",
            "overloaded",
            "kept_up",
            "early",
        ),
        *("share", "filled", "between", "within"),
    ),
    # Ordinals and codes.
    "number": ("curve", "stage", "status"),
}
BY_NAME = {name: unit for unit, names in _BY_UNIT.items() for name in names}


def unit_of(column: str) -> str | None:
    """The unit of a column of numbers; None if it has none that is known."""
    name = ENDS.sub("", column)
    if name in BY_NAME:
        return BY_NAME[name]
    return next((unit for pattern, unit in NAMED if pattern.search(name)), None)


def with_units(frame: pd.DataFrame, own: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The same frame with the unit of each column of numbers in ``attrs["units"]``.

    Args:
        frame: it is not changed.
        own: units that differ from those of other frames' columns of these names.
    """
    known = {**(frame.attrs.get(UNITS) or {}), **(own or {})}
    units = {
        str(name): known.get(str(name)) or unit_of(str(name))
        for name, kind in frame.dtypes.items()
        if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
    }
    made = frame.copy(deep=False)
    made.attrs = {**frame.attrs, UNITS: {name: unit for name, unit in units.items() if unit is not None}}
    return made
