"""Columns of tables of workloads: a heading, and each row's cell as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan

from analysis.findings.connection_notes import calls_per_connection
from analysis.findings.percentile_notes import percentile
from analysis.text.labels import Row
from analysis.text.numbers import MISSING, fixed, interval, scaled, signed


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers.

    Attributes:
        title: its heading, of up to three lines.
        cell: a row's value as text.
        spare: the order in which columns are left out on a narrow terminal, lowest first; 0 is never left out.
    """

    title: str
    cell: Callable[[Row], str]
    spare: int = 0


def _number(name: str, digits: int, factor: float = 1.0) -> Callable[[Row], str]:
    return lambda row: scaled(row[name], factor, digits)


def _time(name: str) -> Callable[[Row], str]:
    return lambda row: percentile(row, name, lambda seconds: scaled(seconds, 1e3, 2))


def _ratio(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value, low, high = (float(row[each]) for each in (name, f"{name}_low", f"{name}_high"))
        return MISSING if isnan(value) else f"{fixed(value, 2)} {interval(low, high)}"

    return cell


# Columns of ``summary.summarise``; the live page shows some of them.
EVENTS = Column("events/s", _number("events_per_second", 0))
SENT = Column("sent\nB/event", _number("sent_per_event", 1))
RECEIVED = Column("received\nB/event", _number("received_per_event", 1), spare=3)
CABLE = Column("cable\nB/event", _number("cable_per_event", 1), spare=5)
HEAD = Column("head\nB/call", _number("head_per_request", 0), spare=4)
OVERHEAD = Column("overhead\nx", _number("overhead_factor", 2), spare=7)
SAVING = Column("saving\n%", _number("saving", 1, 100))
GAIN = Column("gain\nx [95 % CI]", _ratio("gain"))
P50, P99 = Column("p50\nms", _time("p50"), spare=2), Column("p99\nms", _time("p99"), spare=6)
MAX = Column("max\nms", _time("max"), spare=1)
CALLS = Column(
    "calls per\nconnection", lambda row: calls_per_connection(float(row["calls_on_connection"])), spare=8
)
COLUMNS = (EVENTS, SENT, RECEIVED, CABLE, HEAD, OVERHEAD, SAVING, GAIN, P50, P99, MAX)

# Columns of ``clients.compare_clients``.
CLIENT_COLUMNS = (
    Column("head\nB/call\ntrigger", _number("trigger_head", 0)),
    Column("head\nB/call\nbatch", _number("batch_head", 0), spare=3),
    Column("sent\nB/event\ntrigger", _number("trigger_sent", 1)),
    Column("sent\nB/event\nbatch", _number("batch_sent", 1)),
    SAVING,
    Column("cable\nB/event\ntrigger", _number("trigger_cable", 1), spare=1),
    Column("cable\nB/event\nbatch", _number("batch_cable", 1), spare=2),
    GAIN,
)

# Columns of ``two_servers.compare_servers``.
SERVER_COLUMNS = (
    Column("endpoint\nmessages/s", _number("endpoint_rate", 0)),
    Column("against\nmessages/s", _number("against_rate", 0)),
    Column("against / endpoint\nx [95 % CI]", _ratio("ratio")),
    Column("sent\ndiff B/call", lambda row: signed(row["sent"]), spare=1),
    Column("received\ndiff B/call", lambda row: signed(row["received"]), spare=2),
)
