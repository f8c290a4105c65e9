"""Calls at each limit of a library and beyond it, for the real library to send or to refuse."""

from __future__ import annotations

from typing import Any

from wiretax.channels.profiles.library_limits import HEADERS, LibraryLimits, size_in

# More than any library or the service takes.
FAR = 100_000
# A character of each width in memory, and a text that has it.
WIDE = ("", "é", "☃", "👍")


def limit_cases(limits: LibraryLimits, beyond: int = 1) -> list[dict[str, Any]]:
    """Calls as a publisher makes them, and whether the library sends each: ``sent``.

    A size without a limit is tried far beyond any. ``beyond``: by how much others are exceeded.
    """
    cases = []
    for api in ("trigger", "batch"):
        own = limits.of(api)
        for what, most in (
            ("events", own.events),
            ("channels", own.channels),
            ("channel_name", own.channel_name),
            ("event_name", own.event_name),
        ):
            if what == ("channels" if api == "batch" else "events"):
                continue
            sizes = [(FAR if what.endswith("name") else 1000, True)] if most is None else []
            sizes += [] if most is None else [(most, True), (most + 1, False)]
            cases += [{**call(api, **{what: size}), "sent": sent} for size, sent in sizes]
        for wide in WIDE:
            if own.data is None:
                cases.append({**call(api, data=wide + "a" * FAR), "sent": True})
                continue
            text = longest(wide, own.data, limits)
            cases.append({**call(api, data=text), "sent": True})
            cases.append({**call(api, data=text + "a" * beyond), "sent": False})
    return cases


def longest(wide: str, most: int, limits: LibraryLimits) -> str:
    """The longest text of ``a`` after a wide character that is within a limit."""
    length = max(0, most // 4 - HEADERS[4])
    while size_in(wide + "a" * (length + 1), limits.data_in) <= most:
        length += 1
    return wide + "a" * length


def call(
    api: str, events: int = 1, channels: int = 1, channel_name: int = 1, event_name: int = 1, data: str = "x"
) -> dict[str, Any]:
    """A call with these sizes."""
    return {
        "api": api,
        "events": events,
        "channels": ["c" * channel_name] * channels,
        "name": "n" * event_name,
        "data": data,
    }
