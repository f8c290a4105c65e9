"""Single requests, slow and plain, with all that is to be seen of their answers."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from time import time

from wiretax.channels.bodies.events import EVENT_NAME, channel_names
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.request.signing import AUTH_VERSION, body_md5, signature
from wiretax.wire.connections.response import Response, ResponseReader

RECEIVE_BYTES = 65_536
CHANNEL = channel_names(1)[0]


@dataclass(frozen=True, slots=True)
class Told:
    """What a server answered.

    Attributes:
        response: what it means.
        fields: its header fields, names in lower case.
        asked_at: when the request left, in seconds since the epoch.
        told_at: when the answer was whole.
    """

    response: Response
    fields: dict[str, str]
    asked_at: float
    told_at: float


def ask(connection: socket.socket, endpoint: Endpoint, method: str, target: str, body: bytes) -> Told:
    """Send one request and read its answer.

    Raises:
        OSError: where none came whole: TimeoutError for none in time.
        ResponseError: where it is no HTTP.
    """
    head = f"{method} {target} HTTP/1.1\r\nHost: {endpoint.authority}\r\nAccept: */*\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    reader = ResponseReader()
    asked_at = time()
    connection.sendall(f"{head}\r\n".encode() + body)
    while True:
        data = connection.recv(RECEIVE_BYTES)
        response = reader.feed(data) if data else reader.end()
        if response is not None:
            return Told(response, reader.fields, asked_at, time())
        if not data:
            raise ConnectionResetError(0, "closed by the server before its answer was whole")


def channels_target(endpoint: Endpoint) -> str:
    """The signed target that asks for the app's channels: it needs the secret, and changes nothing."""
    path = f"/apps/{endpoint.app.app_id}/channels"
    return f"{path}?{_signed(endpoint, 'GET', path, {})}"


def forged_target(endpoint: Endpoint, body: bytes) -> str:
    """The target of a publish that is not signed by the app's secret, so that no server carries it out."""
    path = f"/apps/{endpoint.app.app_id}/events"
    stranger = replace(endpoint, app=replace(endpoint.app, secret=f"not {endpoint.app.secret}"))
    return f"{path}?{_signed(stranger, 'POST', path, {'body_md5': body_md5(body)})}"


def event_body() -> bytes:
    """One small event."""
    return f'{{"name":"{EVENT_NAME}","channels":["{CHANNEL}"],"data":"wiretax doctor"}}'.encode()


def batch_target(endpoint: Endpoint, body: bytes) -> str:
    """The signed target that a batch goes to."""
    path = f"/apps/{endpoint.app.app_id}/batch_events"
    return f"{path}?{_signed(endpoint, 'POST', path, {'body_md5': body_md5(body)})}"


def batch_body(size: int) -> bytes:
    """A batch of so many small events."""
    item = f'{{"channel":"{CHANNEL}","name":"{EVENT_NAME}","data":"wiretax doctor"}}'
    return f'{{"batch":[{",".join([item] * size)}]}}'.encode()


def _signed(endpoint: Endpoint, method: str, path: str, more: dict[str, str]) -> str:
    app = endpoint.app
    query = {"auth_key": app.key, "auth_timestamp": str(int(time())), "auth_version": AUTH_VERSION, **more}
    signed = {**query, "auth_signature": signature(app.secret, method, path, query.items())}
    return "&".join(f"{name}={value}" for name, value in signed.items())
