"""The codes with which a server closes a connection, and what a client does then.

Source: Pusher's "WebSocket protocol" reference, "Error codes". 4000 to 4099 end it for good, after 4100 to 4199 a
client connects again with a pause of a second or more, after 4200 to 4299 at once. Everything else is a connection
that was lost, and the client connects again at once.
"""

from __future__ import annotations

from typing import Literal

Reaction = Literal["give up", "pause", "at once"]

NAMES = {
    4000: "application only accepts TLS connections",
    4001: "application does not exist",
    4003: "application is disabled",
    4004: "application is over its connection quota",
    4005: "path not found",
    4006: "invalid version string format",
    4007: "unsupported protocol version",
    4008: "no protocol version given",
    4009: "connection is unauthorized",
    4100: "server is over capacity",
    4200: "generic reconnect immediately",
    4201: "no pong in reply to a ping",
    4202: "closed after inactivity",
    4301: "client event rejected because of a rate limit",
    4302: "watchlist limit exceeded",
}
NO_APP, BAD_PATH, BAD_VERSION, WRONG_PROTOCOL, NO_PROTOCOL, UNAUTHORIZED = 4001, 4005, 4006, 4007, 4008, 4009
OVER_CAPACITY, RECONNECT, NO_PONG = 4100, 4200, 4201
# After "pause": the least, doubled after each attempt, and the most (s).
LEAST_PAUSE_S, MOST_PAUSE_S = 1.0, 30.0


def reaction(code: int | None) -> Reaction:
    """What a client does when its connection was closed; ``code``: None if it was lost without one."""
    if code is not None and 4000 <= code <= 4099:
        return "give up"
    return "pause" if code is not None and 4100 <= code <= 4199 else "at once"


def pause_s(attempts: int) -> float:
    """How long to wait before the next attempt to connect, after so many that failed."""
    return min(MOST_PAUSE_S, LEAST_PAUSE_S * 2.0 ** min(attempts, 10))


def in_words(code: int | None, reason: str = "") -> str:
    """A code with its meaning, or with the server's own words."""
    if code is None:
        return reason or "the connection was lost"
    meaning = reason or NAMES.get(code, "")
    return f"{code} ({meaning})" if meaning else str(code)
