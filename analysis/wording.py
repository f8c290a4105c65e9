"""How figures and workloads are put into words, the same in tables, pages and sentences."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from math import isinf, isnan
from typing import Any

from analysis.throughput import Ratio

Row = Mapping[Hashable, Any]


def describe(row: Row) -> str:
    """A workload in words: ``batch of 10, TLS, close``."""
    return ", ".join([call(row), *way(row)])


def call(row: Row) -> str:
    """``batch of 10``."""
    return {
        "trigger": "trigger",
        "batch": f"batch of {row['batch_size']}",
        "multi_trigger": f"to {row['channels']} channels",
    }[str(row["api"])]


def way(row: Row) -> Iterator[str]:
    """How it goes there, where that is not a connection that is kept, without TLS."""
    yield from carried(row)
    if row["connection"] == "close":
        yield "close"
    elif row.get("server_closes"):
        calls, asked = f"{row['calls_on_connection']:.3g}", row["calls_per_connection"]
        said = "server closes" if calls == "1" else f"server closes after {calls}"
        yield f"{said} ({asked} calls asked)" if asked else said
    elif row["calls_per_connection"]:
        yield f"{row['calls_per_connection']} calls"
    if row.get("rate", 0) > 0:
        yield f"{row['rate']:,g}/s arriving"
    yield from sent_to(row)


def sent_to(row: Row) -> Iterator[str]:
    """Which server it goes to, where that is the second of two."""
    if row["server"] != "endpoint":
        yield str(row["server"])


def carried(row: Row) -> Iterator[str]:
    """What its calls are carried in, where that is not plain HTTP/1.1."""
    if row["http"] != "1.1":
        yield f"HTTP/{row['http']}"
    if row["tls"]:
        yield "TLS"


def event(row: Row) -> str:
    """What is published, by whom: ``100 B chat, reference``."""
    return f"{row['payload_bytes']:,} B {row['payload_kind']}, {row['client']}"


def share(value: float, digits: int = 1) -> str:
    """A share: ``58.6 %``."""
    return f"{value * 100:,.{digits}f} %"


def times(value: float) -> str:
    """A ratio: ``5.72x``."""
    if isinf(value):
        return "without limit"
    return "-" if isnan(value) else f"{value:,.1f}x" if value >= 10 else f"{value:.2f}x"


def interval(low: float, high: float) -> str:
    """Where a ratio lies: ``[5.60, 6.69]``; a question mark where too few rounds tell."""
    return "[?]" if isnan(low) else f"[{low:,.2f}, {high:,.2f}]"


def with_doubt(ratio: Ratio) -> str:
    """A ratio and its interval: ``5.72x [5.60, 6.69]``."""
    return f"{times(ratio.estimate)} {interval(ratio.low, ratio.high)}"
