"""Workloads in words, the same in tables, sentences and pages."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import isnan
from typing import Any

from analysis.text.numbers import count, fixed, listed, plain, with_interval
from wiretax.channels.workload import ATTRIBUTES
from wiretax.channels.workload.rate_stages import in_brief, of_text
from wiretax.runs.mode import OBSERVED

Row = Mapping[Hashable, Any]


def describe(row: Row) -> str:
    """A workload: ``batch of 10, TLS, close``."""
    return ", ".join([call(row), *transport(row)])


def call(row: Row) -> str:
    """The call: ``batch of 10``."""
    if row["api"] == "multi_trigger":
        return f"to {row['channels']} channels"
    return "trigger" if row["api"] == "trigger" else f"batch of {row['batch_size']}"


def queue_call(row: Row) -> str:
    """The call of a queue's publishers: ``batch of 10, linger 20 ms``."""
    return call(row) if row["api"] == "trigger" else f"{call(row)}, linger {plain(row['linger_s'] * 1e3)} ms"


def delivery_call(row: Row) -> str:
    """The call of a workload whose deliveries are counted: ``batch of 10, linger 20 ms``; of an observed publisher
    also whether it encrypts, which differs from call to call there."""
    encrypted = ", encrypted" if row["payload_kind"] == OBSERVED and row["encrypted"] else ""
    return (queue_call(row) if row["rate"] else call(row)) + encrypted


def arrival_rate(row: Row) -> str:
    """The rate of a queue's arrivals: ``500/s``, or ``200 to 2,000/s in 5 stages``."""
    stages = row.get("stages") or ""
    return in_brief(of_text(stages)) if stages else f"{plain(row['rate'])}/s"


def transport(row: Row) -> Iterator[str]:
    """How a call is sent; nothing for HTTP/1.1 without TLS over kept connections."""
    yield from protocol(row)
    planned = row["calls_per_connection"]
    if row["connection"] == "close":
        yield "close"
    elif row.get("server_closes"):
        calls = f"{row['calls_on_connection']:.3g}"
        if planned:
            yield f"server closes after {calls} of {planned} calls"
        else:
            yield "server closes" if calls == "1" else f"server closes after {calls}"
    elif planned:
        yield f"{planned} calls"
    if row.get("rate", 0) > 0:
        yield f"{arrival_rate(row) if row.get('stages') else format(row['rate'], ',g') + '/s'} arriving"
    yield from second_server(row)


def second_server(row: Row) -> Iterator[str]:
    """The server, if it is the second of two."""
    if row["server"] != "endpoint":
        yield str(row["server"])


def protocol(row: Row) -> Iterator[str]:
    """HTTP version and TLS, unless it is plain HTTP/1.1."""
    for each in ATTRIBUTES:
        if each.label is not None and row.get(each.column, each.default) != each.default:
            yield each.label(row[each.column])


def event(row: Row) -> str:
    """What is published, and by which client: ``100 B chat, reference``."""
    return f"{row['payload_bytes']:,} B {row['payload_kind']}, {row['client']}"


def event_in_full(row: Row) -> str:
    """The same where nothing else says that events are encrypted: ``100 B chat, reference, encrypted``."""
    return event(row) + (", encrypted" if row["encrypted"] else "")


def an_event(row: Row) -> str:
    """``An event of 100 B``, ``An encrypted event of 100 B``."""
    return f"{'An encrypted event' if row['encrypted'] else 'An event'} of {row['payload_bytes']:,} B"


def batch_sizes(sizes: Sequence[int]) -> str:
    """``a batch of 10``, ``batches of 20, 50 and 100``."""
    return f"a batch of {sizes[0]}" if len(sizes) == 1 else f"batches of {listed([*map(str, sizes)])}"


def gain_limit(fit: Row) -> str:
    """The limit of the gain in a row of ``call_time.fit_time``, or the largest gain measured if the data support
    no limit; without a full stop. Empty without a trigger."""
    if not isnan(fit["gain_limit"]):
        limit = with_interval(fit["gain_limit"], fit["gain_limit_low"], fit["gain_limit_high"])
        words = (
            f"a line through batches of up to {fit['largest_batch']} gives a gain limit of {limit}, and "
            f"90 % of it needs {fixed(fit['size_90'], 0)} events per call"
        )
        return f"{words} (extrapolated)" if fit["size_90"] > fit["largest_batch"] else words
    if isnan(fit["largest_gain"]):
        return ""
    largest = with_interval(fit["largest_gain"], fit["largest_gain_low"], fit["largest_gain_high"])
    return (
        f"the largest measured gain is {largest} with {batch_sizes(fit['largest_gain_at'])}, and 90 % of it needs "
        f"about {count(int(fit['enough']), 'event')} per call"
    )
