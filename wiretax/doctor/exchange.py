"""Single requests on a blocking socket, and the requests that the doctor sends."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from time import time

from wiretax.channels.bodies.events import EVENT_NAME, channel_names
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.request.signing import AUTH_VERSION, body_md5, signature
from wiretax.doctor.deadline import Deadline
from wiretax.wire.connections.response import Response, ResponseReader

RECEIVE_BYTES = 65_536
CHANNEL = channel_names(1)[0]


@dataclass(frozen=True, slots=True)
class TimedExchange:
    """One request and its response.

    Attributes:
        response: the response and its meaning.
        fields: the response's header fields, names in lower case.
        began_at: when the request was sent, in seconds since the epoch.
        ended_at: when the response was complete.
    """

    response: Response
    fields: dict[str, str]
    began_at: float
    ended_at: float


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
        deadline.bound(connection, waiting_for)
        connection.sendall(f"{head}\r\n".encode() + body)
        waiting_for = "no response"
        while True:
            deadline.bound(connection, waiting_for)
            data = connection.recv(RECEIVE_BYTES)
            received += len(data)
            waiting_for = f"no whole response ({received:,} B of one)"
            response = reader.feed(data) if data else reader.end()
            if response is not None:
                return TimedExchange(response, reader.fields, began_at, time())
            if not data:
                raise ConnectionResetError(0, "the server closed the connection before its response was complete")
    except TimeoutError:
        raise TimeoutError(f"{waiting_for} within {deadline.limit_s:g} s") from None


def channels_target(endpoint: Endpoint) -> str:
    """The signed target that lists the app's channels: it needs the secret and changes nothing."""
    return _signed(endpoint, "GET", "channels", {})


def forged_target(endpoint: Endpoint, body: bytes) -> str:
    """The target of a publish that is signed with a wrong secret, so that servers reject it."""
    stranger = replace(endpoint, app=replace(endpoint.app, secret=f"not {endpoint.app.secret}"))
    return _signed(stranger, "POST", "events", {"body_md5": body_md5(body)})


def event_body() -> bytes:
    """One small event."""
    return f'{{"name":"{EVENT_NAME}","channels":["{CHANNEL}"],"data":"wiretax doctor"}}'.encode()


def batch_target(endpoint: Endpoint, body: bytes) -> str:
    """The signed target of a batch."""
    return _signed(endpoint, "POST", "batch_events", {"body_md5": body_md5(body)})


def batch_body(size: int) -> bytes:
    """A batch of ``size`` small events."""
    item = f'{{"channel":"{CHANNEL}","name":"{EVENT_NAME}","data":"wiretax doctor"}}'
    return f'{{"batch":[{",".join([item] * size)}]}}'.encode()


def _signed(endpoint: Endpoint, method: str, call: str, more: dict[str, str]) -> str:
    """The signed target of a call."""
    app = endpoint.app
    path = f"{endpoint.app_path}/{call}"
    query = {"auth_key": app.key, "auth_timestamp": str(int(time())), "auth_version": AUTH_VERSION, **more}
    signed = {**query, "auth_signature": signature(app.secret, method, endpoint.signed_path(path), query.items())}
    return f"{path}?" + "&".join(f"{name}={value}" for name, value in signed.items())
