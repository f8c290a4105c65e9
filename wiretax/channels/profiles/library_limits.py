"""What a client library refuses to send, whatever the endpoint accepts: ``[limits]`` of a profile.

A library checks its arguments before it sends anything. A call beyond such a limit never reaches the wire, so
wiretax must not send one in the library's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from wiretax.channels.workload import Api, Call

# How a library measures a string. "memory": Python's sys.getsizeof.
Measure = Literal["utf8", "utf16", "characters", "memory"]
UNITS: dict[Measure, str] = {
    "utf8": "bytes of UTF-8",
    "utf16": "UTF-16 code units",
    "characters": "characters",
    "memory": "bytes of memory (Python's sys.getsizeof)",
}
# Bytes of a string besides its characters, by their width, in CPython 3.11. From 3.12 on an ASCII string has 8
# bytes less and any other 16, so what passes here passes in every version.
HEADERS = {1: 73, 2: 74, 4: 76}
ASCII_HEADER = 49


class CallLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of one kind of call; None for a size that the library doesn't check.

    Attributes:
        events: events in one batch.
        channels: channels of one trigger.
        channel_name: length of a channel's name.
        event_name: length of an event's name.
        data: size of one event's data.
    """

    events: int | None = None
    channels: int | None = None
    channel_name: int | None = None
    event_name: int | None = None
    data: int | None = None


class LibraryLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a library refuses, and how it waits.

    Attributes:
        source: the version ("of about" if that of the files is uncertain) and the files that were read.
        verified: "run" if a test runs the real library at each limit and beyond, "read" if not.
        data_in: how the library measures data.
        names_in: how it measures names.
        timeout_s: its default timeout of a call (s); None if it sets none.
        retries: how often the library itself repeats a call that failed. Its HTTP client may still repeat one that
            found its kept connection closed.
        trigger, batch: its limits of each kind of call; a multi-channel trigger is a trigger.
    """

    source: str
    verified: Literal["run", "read"]
    data_in: Measure = "utf8"
    names_in: Measure = "characters"
    timeout_s: float | None = None
    retries: int = 0
    trigger: CallLimits = CallLimits()
    batch: CallLimits = CallLimits()

    def of(self, api: Api) -> CallLimits:
        """The limits of one kind of call."""
        return self.batch if api == "batch" else self.trigger


def size_in(text: str, measure: Measure) -> int:
    """The size of a string as a library measures it."""
    match measure:
        case "characters":
            return len(text)
        case "utf16":
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case "utf8":
            return len(text.encode("utf-8", "surrogatepass"))
        case "memory":
            # Not sys.getsizeof itself: it depends on this Python's version, and on whether the string was encoded.
            if text.isascii():
                return ASCII_HEADER + len(text)
            width = _width(text)
            return HEADERS[width] + width * len(text)


def _width(text: str) -> int:
    """Bytes that CPython takes for each character: enough for the widest of them."""
    if len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text):
        return 4
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return 2
    return 1


def refuse_call(limits: LibraryLimits, call: Call) -> str | None:
    """Why the library would refuse a call of this size; None if it would send it.

    The sentence continues one that begins with the library's name.
    """
    own = limits.of(call.api)
    if own.events is not None and call.batch_size > own.events:
        return f"sends at most {own.events:,} events in a batch, got {call.batch_size:,}"
    if own.channels is not None and call.channels > own.channels:
        return f"sends an event to at most {own.channels:,} channels, got {call.channels:,}"
    return None


def refuse_event(limits: LibraryLimits, api: Api, name: str, channels: Sequence[str], data: str) -> str | None:
    """Why the library would refuse an event in this kind of call; None if it would send it.

    Args:
        limits: the library's.
        api: the call.
        name: the event's name.
        channels: its channels.
        data: its data as the library sends it, before the body is encoded.

    Returns:
        A sentence that continues one that begins with the library's name.
    """
    return next(_objections(limits, api, name, channels, data), None)


def _objections(limits: LibraryLimits, api: Api, name: str, channels: Sequence[str], data: str) -> Iterator[str]:
    own = limits.of(api)

    def object_to(what: str, text: str, most: int | None, measure: Measure) -> Iterator[str]:
        # No measure exceeds four bytes per character and the header.
        if most is None or HEADERS[4] + 4 * len(text) <= most:
            return
        size, call = size_in(text, measure), "a batch" if api == "batch" else "a trigger"
        if size > most:
            yield f"sends {what} of at most {most:,} {UNITS[measure]} in {call}, got {size:,}"

    yield from object_to("an event's name", name, own.event_name, limits.names_in)
    for channel in channels:
        yield from object_to("a channel's name", channel, own.channel_name, limits.names_in)
    yield from object_to("data", data, own.data, limits.data_in)
