"""What a worker may send to a Locust master: the shape of each of Locust's own messages.

Locust's master reads messages without a check. One of another shape ends the greenlet that listens, or is half
added to the statistics.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

import msgspec
from locust.rpc import Message
from msgspec import Meta, Struct

from wiretax.load.cluster.messages import Count, MalformedError, decode

# Neither infinite nor NaN.
Number = Annotated[float, Meta(ge=-1e18, le=1e18)]
Histogram = dict[Number, Count]


class Heartbeat(Struct, frozen=True):
    """A worker's state, and what it uses of its machine."""

    state: str
    current_cpu_usage: Number
    current_memory_usage: Number = 0


class Users(Struct, frozen=True):
    """How many users of each class a worker has."""

    user_classes_count: dict[str, Count]


class Entry(Struct, frozen=True):
    """A row of Locust's statistics, which Locust sorts by name and method: both have to be texts."""

    name: str
    method: str
    last_request_timestamp: Number | None
    start_time: Number
    num_requests: Count
    num_none_requests: Count
    num_failures: Count
    total_response_time: Number
    max_response_time: Number
    min_response_time: Number | None
    total_content_length: Number
    response_times: Histogram
    num_reqs_per_sec: Histogram
    num_fail_per_sec: Histogram

    def __post_init__(self) -> None:
        """See whether Locust can tell percentiles."""
        if self.response_times and not self.num_requests:
            raise ValueError("response times of no requests")


class Error(Struct, frozen=True):
    """A kind of failure in Locust's statistics."""

    name: str | int | float | None
    method: str | int | float | None
    error: str
    occurrences: Count
    first_seen: Number | None = None
    last_seen: Number | None = None


class Statistics(Struct, frozen=True):
    """What a worker's users did since its last report."""

    stats: list[Entry]
    stats_total: Entry
    errors: dict[str, Error]
    user_classes_count: dict[str, Count]


class Logs(Struct, frozen=True):
    """The last lines of a worker's log."""

    worker_id: str
    logs: list[str]


class UserError(Struct, frozen=True):
    """An exception that a user raised."""

    msg: str
    traceback: str


class Wanted(Struct, frozen=True):
    """Which version of Locust asks for the locustfile."""

    version: str


# By the type of the message; Locust ignores the data of the others.
DATA: dict[str, Any] = {
    "client_ready": str | Literal[-1],
    "client_stopped": Any,
    "exception": UserError,
    "heartbeat": Heartbeat,
    "locustfile": Wanted,
    "logs": Logs,
    "quit": Any,
    "spawning": Any,
    "spawning_complete": Users,
    "stats": Statistics,
}


def read(frames: list[bytes]) -> tuple[str, Message]:
    """A worker's id and its message, from the frames that came.

    Raises:
        MalformedError: they hold no message.
    """
    try:
        sender, data = frames
        return sender.decode(), Message.unserialize(data)  # type: ignore[no-untyped-call]
    except Exception as error:
        # msgpack raises a dozen kinds of errors, and Locust's hook for dates and object ids any kind.
        what = "an empty message" if not b"".join(frames[1:]) else f"{sum(map(len, frames[1:])):,} B"
        raise MalformedError(f"{what}, which can't be read ({type(error).__name__})") from None


def check(sender: str, message: Message, registered: Collection[str]) -> None:
    """See whether a master can handle a message.

    Args:
        sender: the id of its connection.
        message: as it was read.
        registered: the types of custom messages; those check their data themselves.

    Raises:
        MalformedError: it can't.
    """
    kind = message.type
    if not isinstance(kind, str) or message.node_id != sender:
        raise MalformedError("a message without a type or with another sender's id")
    if kind in DATA:
        try:
            decode(message.data, DATA[kind])
        except (MalformedError, msgspec.MsgspecError) as error:
            raise MalformedError(f"a {kind} message: {error}") from None
    elif kind not in registered and not kind.startswith("wiretax-"):  # which may come before the master is set up
        raise MalformedError(f"a message of the unknown type {kind[:40]!r}")
