"""What to do about an answer that acknowledged nothing: one cause for each status, the same everywhere."""

from __future__ import annotations

CLOCK = "set this machine's clock by NTP, or the server's"
CREDENTIALS = "check app id, key and secret, and that they are of one app"
DISABLED = "the app may be disabled, or over its quota"
APP_ID = "check the app id in the URL"
NO_API = "check the app id in the URL; if it is right, no server of the HTTP API answers at this host and port"
TOO_LARGE = "lower payload_bytes"
REJECTED = "the server's words say what it does not accept; lower the sizes, and set [limits] to what it accepts"
TOO_MANY = 'wait and run again, or give the workload a rate below the limit (rate = "5/s" in a plan)'
REDIRECTED = "the server redirects to another address; check scheme, host and port"
FAILED = "the server failed; see its own log"
NOT_THE_API = "this is no server of the HTTP API; check host and port"


def remedy(kind: str, status: int, message: str) -> str:
    """What to do about an answer.

    Args:
        kind: as in ``wiretax.channels.answers``: "rejected", "error_body" or "unreadable".
        status: its HTTP status, or the code in its body.
        message: the server's own words.
    """
    if kind == "unreadable":
        return NOT_THE_API
    if 300 <= status < 400:
        return REDIRECTED
    if status >= 500:
        return FAILED
    if status == 401:
        return CLOCK if "imestamp" in message else CREDENTIALS
    if status == 404:
        # A server that knows apps names what it misses; a page that was not found may be anybody's.
        return APP_ID if "app" in message.lower() else NO_API
    return {403: DISABLED, 413: TOO_LARGE, 429: TOO_MANY}.get(status, REJECTED)


def slow_down(queued: bool, users: int) -> str:
    """What to do where an endpoint limits the rate of calls.

    Args:
        queued: whether the events arrive at a rate of their workload's.
        users: how many send; fewer than one there can't be.
    """
    if queued:
        return "lower the workload's rate"
    rate = 'give the workload a rate below the limit (rate = "5/s" in the plan)'
    return f"use fewer users, or {rate}" if users > 1 else f"{rate}, or wait longer before the next run"
