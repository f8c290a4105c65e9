"""The messages of the Pusher Channels protocol, version 7: JSON documents with an event and its data.

Source: Pusher's "WebSocket protocol" reference. Names that begin with ``pusher:`` are the protocol's own; those
that begin with ``pusher_internal:`` only come from the server. ``data`` is a string of JSON in what the server
sends, apart from errors, and a document in what a client sends; both sides accept either.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from wiretax.channels.bodies.events import Event

PROTOCOL = 7
# Versions whose messages have this form.
PROTOCOLS = range(5, PROTOCOL + 1)
CLIENT = "wiretax"

ESTABLISHED = "pusher:connection_established"
ERROR = "pusher:error"
PING = "pusher:ping"
PONG = "pusher:pong"
SUBSCRIBE = "pusher:subscribe"
UNSUBSCRIBE = "pusher:unsubscribe"
SUBSCRIPTION_ERROR = "pusher:subscription_error"
SUCCEEDED = "pusher_internal:subscription_succeeded"
RESERVED = ("pusher:", "pusher_internal:")


class MessageError(ValueError):
    """Not a message of the protocol; says what it is instead."""


class Message(NamedTuple):
    """A message.

    Attributes:
        event: its name.
        channel: the channel it belongs to; empty for those of the whole connection.
        data: the text of its data: a string as it is, a document as JSON; empty if it has none.
    """

    event: str
    channel: str
    data: str

    @property
    def is_reserved(self) -> bool:
        """Whether it belongs to the protocol, and is no event that was published."""
        return self.event.startswith(RESERVED)

    def document(self) -> dict[str, Any]:
        """Its data as a document; empty if it has no data or another kind of it."""
        try:
            found = orjson.loads(self.data)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


def parse(text: bytes | bytearray) -> Message:
    """Read a message.

    Raises:
        MessageError: it is none.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MessageError(f"expected JSON ({error})") from None
    if not isinstance(document, dict) or not isinstance(document.get("event"), str):
        raise MessageError("expected a document with an event")
    channel, data = document.get("channel", ""), document.get("data", "")
    if not isinstance(channel, str):
        raise MessageError("expected the name of a channel")
    return Message(document["event"], channel, data if isinstance(data, str) else orjson.dumps(data).decode())


def path(key: str, prefix: str = "", version: str = "") -> str:
    """The path and query that a client connects to.

    Args:
        key: the app's.
        prefix: what precedes ``/app``.
        version: the client's, as the server may log it.
    """
    return f"{prefix}/app/{key}?protocol={PROTOCOL}&client={CLIENT}&version={version or '0'}"


# what a client sends


def subscribe(channel: str, auth: str = "", channel_data: str = "") -> bytes:
    """Ask for the events of a channel.

    Args:
        channel: its name.
        auth: the signature, for all but public channels.
        channel_data: who subscribes, for presence channels.
    """
    data = {"channel": channel}
    if auth:
        data["auth"] = auth
    if channel_data:
        data["channel_data"] = channel_data
    return orjson.dumps({"event": SUBSCRIBE, "data": data})


def unsubscribe(channel: str) -> bytes:
    """Ask for no more events of a channel."""
    return orjson.dumps({"event": UNSUBSCRIBE, "data": {"channel": channel}})


def ping() -> bytes:
    """Ask for a sign of life, from either side."""
    return orjson.dumps({"event": PING, "data": {}})


def pong() -> bytes:
    """Answer a ping, from either side."""
    return orjson.dumps({"event": PONG, "data": {}})


# what a server sends


def established(socket_id: str, activity_timeout_s: int) -> bytes:
    """Greet a client: what its connection is called, and after how much silence it should send a ping."""
    data = orjson.dumps({"socket_id": socket_id, "activity_timeout": activity_timeout_s}).decode()
    return orjson.dumps({"event": ESTABLISHED, "data": data})


def succeeded(channel: str, data: str = "{}") -> bytes:
    """Confirm a subscription; ``data``: who is there, for presence channels."""
    return orjson.dumps({"event": SUCCEEDED, "data": data, "channel": channel})


def subscription_error(channel: str, message: str, status: int = 401) -> bytes:
    """Refuse a subscription."""
    data = orjson.dumps({"type": "AuthError", "error": message, "status": status}).decode()
    return orjson.dumps({"event": SUBSCRIPTION_ERROR, "data": data, "channel": channel})


def error(message: str, code: int | None) -> bytes:
    """Tell what went wrong; a code is that with which the connection is closed next."""
    return orjson.dumps({"event": ERROR, "data": {"message": message, "code": code}})


def delivery(event: Event, channel: str) -> bytes:
    """An event as a subscriber of one of its channels gets it."""
    return orjson.dumps({"event": event.name, "data": event.data, "channel": channel})
