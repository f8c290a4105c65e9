"""What to do about an error response, by its status."""

from __future__ import annotations

from wiretax.channels.answers import UNDECODED
from wiretax.channels.content_coding import DECODERS
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.pages import tells_of_page

CLOCK = "set this machine's clock by NTP, or the server's"
CREDENTIALS = "check app id, key and secret, and that they belong to the same app"
DISABLED = "the app may be disabled or over its quota"
APP_ID = "check the app id in the URL"
# A proxy that does not forward the API's paths answers in their place: an HTML page, a text, nothing.
FORWARD = "have the proxy in front of it forward /apps, or check host and port"
NOT_THE_API = f"this is not a server of the HTTP API; {FORWARD}"
NO_API = f"check the app id in the URL; if it is right, {NOT_THE_API}"
TOO_LARGE = "lower payload_bytes"
REJECTED = "the server's message says what it does not accept; lower the sizes and set [limits] accordingly"
TOO_MANY = 'wait and run again, or give the workload a rate below the limit (rate = "20/s" in a plan)'
REDIRECTED = "the server redirects to another address; check scheme, host and port"
# Limits that a workload meets during a run, as part of a sentence.
SIZE_LIMIT = f"a limit on the size of an event or of a request; {TOO_LARGE}"
RATE_LIMIT = "a limit on the rate of calls"
FAILED = "the server failed; check its log"
HELD_BACK = "a proxy or firewall in front of the server rejects the call; have it let /apps through"
UNREACHED = "a proxy answers that can't reach the server; check that the server runs, and the port it forwards to"
BODY_LIMIT = (
    "a proxy in front of the server limits a request's body; raise its limit (nginx: client_max_body_size), or "
    f"{TOO_LARGE} and batch_size"
)
DECODABLE = (
    f"have the server, or the proxy in front of it, send responses in {', '.join(DECODERS)} or uncompressed"
)


def remedy(kind: str, status: int, message: str) -> str:
    """What to do about an error response.

    Args:
        kind: as in ``wiretax.channels.answers``: "rejected", "error_body" or "unreadable".
        status: its HTTP status, or the code in its body.
        message: the server's message.
    """
    if kind == "unreadable":
        return DECODABLE if message.startswith(UNDECODED) else NOT_THE_API
    if 300 <= status < 400:
        return REDIRECTED
    if tells_of_page(message):
        return _remedy_of_page(status)
    if status >= 500:
        return FAILED
    if status == 401:
        return CLOCK if "imestamp" in message else CREDENTIALS
    if status == 404:
        # A server of the API names the missing app; a bare 404 may come from any server.
        return APP_ID if "app" in message.lower() else NO_API
    return {403: DISABLED, 413: TOO_LARGE, 429: TOO_MANY}.get(status, REJECTED)


def _remedy_of_page(status: int) -> str:
    if status in (404, 405):
        return NOT_THE_API
    if status in (502, 503, 504):
        return UNREACHED
    if status >= 500:
        return FAILED
    return {413: BODY_LIMIT, 429: TOO_MANY}.get(status, HELD_BACK)


def prefix_remedy(endpoint: Endpoint, status: int) -> str:
    """What else to do about a 401 or a 404 at an endpoint with a path prefix; empty if nothing."""
    if not endpoint.prefix or status not in (401, 404):
        return ""
    if status == 404:
        return f", and the prefix {endpoint.prefix}"
    if endpoint.signs_prefix:
        return ", or leave --sign-prefix out: most servers sign the path from /apps on"
    return ", or add --sign-prefix if the server signs the whole path"


def slow_down(queued: bool, users: int) -> str:
    """What to do if an endpoint limits the rate of calls.

    Args:
        queued: whether the events arrive at a rate that the workload sets.
        users: how many users send.
    """
    if queued:
        return "lower the workload's rate"
    rate = 'give the workload a rate below the limit (rate = "20/s" in the plan)'
    return f"use fewer users, or {rate}" if users > 1 else f"{rate}, or wait longer before the next run"
