"""Single requests on a blocking socket, and the signed targets of those that the doctor sends."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from select import select
from time import time

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.request.signing import AUTH_VERSION, body_md5, signature
from wiretax.doctor.deadline import Deadline
from wiretax.wire.connections.response import Response, ResponseReader

RECEIVE_BYTES = 65_536
SEND_BYTES = 16_384
LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(frozen=True, slots=True)
class TimedExchange:
    """One request and its response.

    Attributes:
        path: the target of the request, without its query.
        response: the response and its meaning.
        fields: the response's header fields, names in lower case.
        began_at: when the request was sent, in seconds since the epoch.
        ended_at: when the response was complete.
        whole: whether all of the request was sent; a server may refuse a large body before it has read it.
    """

    path: str
    response: Response
    fields: dict[str, str]
    began_at: float
    ended_at: float
    whole: bool


def exchange(
    connection: socket.socket, endpoint: Endpoint, method: str, target: str, body: bytes, deadline: Deadline
) -> TimedExchange:
    """Send one request and read its response, all of it before a deadline.

    Raises:
        OSError: if no complete response arrived; a TimeoutError if that took too long, which says how far it got.
        ResponseError: if it is not HTTP/1.1.
    """
    head = f"{method} {target} HTTP/1.1\r\nHost: {endpoint.authority}\r\nAccept: */*\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    reader = ResponseReader()
    began_at = time()
    received, waiting_for = 0, f"{method} not sent"
    try:
        unsent, data = _send(connection, f"{head}\r\n".encode() + body, deadline, waiting_for)
        waiting_for = "no response"
        while True:
            deadline.bound(connection, waiting_for)
            data = data or connection.recv(RECEIVE_BYTES)
            received += len(data)
            waiting_for = f"no whole response ({received:,} B of one)"
            response = reader.feed(data) if data else reader.end()
            if response is not None:
                path = target.partition("?")[0]
                return TimedExchange(path, response, reader.fields, began_at, time(), not unsent)
            if not data:
                raise ConnectionResetError(0, "the server closed the connection before its response was complete")
            data = b""
    except TimeoutError:
        raise TimeoutError(f"{waiting_for} within {deadline.limit_s:g} s") from None


def _send(connection: socket.socket, request: bytes, deadline: Deadline, waiting_for: str) -> tuple[int, bytes]:
    """Send a request until a response begins.

    Returns: how many bytes were not sent, and the response so far.
    """
    left = memoryview(request)
    connection.setblocking(False)
    while left:
        try:
            left = left[connection.send(left[:SEND_BYTES]) :]
        except LATER:
            select([connection], [connection], [], deadline.left_s(waiting_for))
        except OSError:
            # The server closed; its response may have come before.
            break
        if left:
            with suppress(*LATER):
                return len(left), connection.recv(RECEIVE_BYTES)
    return len(left), b""


def root_target(endpoint: Endpoint) -> str:
    """A target that servers answer with any status; outside their prefix some close the connection instead."""
    return f"{endpoint.prefix}/"


def channels_target(endpoint: Endpoint) -> str:
    """The signed target that lists the app's channels: it needs the secret and changes nothing."""
    return _signed(endpoint, "GET", "channels", {})


def forged_target(endpoint: Endpoint, body: bytes) -> str:
    """The target of a publish that is signed with a wrong secret, so that servers reject it."""
    stranger = replace(endpoint, app=replace(endpoint.app, secret=f"not {endpoint.app.secret}"))
    return _signed(stranger, "POST", "events", {"body_md5": body_md5(body)})


def trigger_target(endpoint: Endpoint, body: bytes) -> str:
    """The signed target of a trigger."""
    return _signed(endpoint, "POST", "events", {"body_md5": body_md5(body)})


def batch_target(endpoint: Endpoint, body: bytes) -> str:
    """The signed target of a batch."""
    return _signed(endpoint, "POST", "batch_events", {"body_md5": body_md5(body)})


def _signed(endpoint: Endpoint, method: str, call: str, more: dict[str, str]) -> str:
    """The signed target of a call."""
    app = endpoint.app
    path = f"{endpoint.app_path}/{call}"
    query = {"auth_key": app.key, "auth_timestamp": str(int(time())), "auth_version": AUTH_VERSION, **more}
    signed = {**query, "auth_signature": signature(app.secret, method, endpoint.signed_path(path), query.items())}
    return f"{path}?" + "&".join(f"{name}={value}" for name, value in signed.items())
