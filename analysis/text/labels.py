"""How figures and workloads are put into words, the same in tables, pages and sentences."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import isinf, isnan
from typing import Any

from analysis.measures.throughput import Ratio

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


def sizes(batches: Sequence[int]) -> str:
    """``batches of 20, 50 and 100``."""
    *more, last = map(str, batches)
    return f"batches of {', '.join(more)} and {last}" if more else f"a batch of {last}"


def gain_limit(fit: Row) -> str:
    """How far the gain goes by a row of ``call_time.fit_time``, without a full stop: its limit where the
    data support one, else the largest that was measured; empty where there is no trigger."""
    if not isnan(fit["gain_limit"]):
        told = (
            f"by the line through batches of up to {fit['largest_batch']} the gain's limit is "
            f"{times(fit['gain_limit'])} {interval(fit['gain_limit_low'], fit['gain_limit_high'])}, and "
            f"90 % of it takes {fit['size_90']:,.0f} events a call"
        )
        return f"{told} (extrapolated)" if fit["size_90"] > fit["largest_batch"] else told
    if isnan(fit["largest_gain"]):
        return ""
    return (
        f"the largest gain measured is {times(fit['largest_gain'])} "
        f"{interval(fit['largest_gain_low'], fit['largest_gain_high'])} with {sizes(fit['largest_gain_at'])}, and "
        f"90 % of it takes about {fit['enough']:,.0f} events a call"
    )


def with_doubt(ratio: Ratio) -> str:
    """A ratio and its interval: ``5.72x [5.60, 6.69]``."""
    return f"{times(ratio.estimate)} {interval(ratio.low, ratio.high)}"
