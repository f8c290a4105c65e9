"""The service's limits, and its error message for requests that exceed them.

Source: Pusher's HTTP API reference. A multi-tenant cluster accepts 10 events per batch, a dedicated one more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SOCKET_ID = re.compile(r"[0-9]+\.[0-9]+")
# What a response can tell of the channels of an event.
INFO = ("user_count", "subscription_count")
CHANNEL_NAME = re.compile(r"(#server-to-user-)?[A-Za-z0-9_\-=@,.;]+")
# Their data is encrypted for one channel.
ENCRYPTED = "private-encrypted-"

# Characters of a bad value that a message quotes.
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Limits:
    """The sizes an endpoint accepts.

    Attributes:
        batch_size: events in one batch.
        data_bytes: UTF-8 bytes of one event's data.
        channels: channels of one trigger.
        channel_name: characters of a channel's name.
        event_name: characters of an event's name (not in the reference; what the libraries enforce).
    """

    batch_size: int = 10
    data_bytes: int = 10_240
    channels: int = 100
    channel_name: int = 164
    event_name: int = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: the HTTP status, a stable reason for counting, and the message."""

    status: int
    reason: str
    message: str


def refuse_channel(name: str, limits: Limits) -> Refusal | None:
    """None for a channel name that the service accepts."""
    if len(name) > limits.channel_name:
        return Refusal(
            400, "channel_name", f"channel name of {len(name)} characters, at most {limits.channel_name}"
        )
    if not CHANNEL_NAME.fullmatch(name):
        return Refusal(400, "channel_name", "channel name may only hold A-Z a-z 0-9 _ - = @ , . ;")
    return None


def refuse_user_id(user_id: str, limits: Limits) -> Refusal | None:
    """None for the id of a user that has a channel."""
    refusal = refuse_channel(user_id, limits)
    return refusal and Refusal(400, "user_id", refusal.message.replace("channel name", "user id"))


def refuse_encrypted(channels: Sequence[str]) -> Refusal | None:
    """None for channels of one trigger that can share its data: an encrypted channel is alone."""
    if len(channels) > 1 and any(each.startswith(ENCRYPTED) for each in channels):
        return Refusal(400, "encrypted", "You cannot trigger to multiple channels when using encrypted channels")
    return None


def refuse_event_name(name: str, limits: Limits) -> Refusal | None:
    """None for an event name that the service accepts."""
    if not 0 < len(name) <= limits.event_name:
        return Refusal(
            400, "event_name", f"event name of {len(name)} characters, expected 1 to {limits.event_name}"
        )
    return None


def refuse_data(data: str, limits: Limits) -> Refusal | None:
    """None for data that the service accepts. Its size is counted in UTF-8 bytes."""
    if len(data) * 4 <= limits.data_bytes:
        return None
    size = len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))
    if size > limits.data_bytes:
        return Refusal(
            413,
            "data_bytes",
            f"The data content of this event exceeds the allowed maximum ({limits.data_bytes} bytes): {size}",
        )
    return None


def refuse_socket_id(socket_id: str) -> Refusal | None:
    """None for an id that the service gives to a connection."""
    if SOCKET_ID.fullmatch(socket_id):
        return None
    return Refusal(400, "socket_id", f"Invalid socket_id: {socket_id[:SHOWN]}, expected digits like 123.456")


def refuse_info(info: str) -> Refusal | None:
    """None for attributes of channels that the service knows, separated by commas."""
    unknown = [each for each in info.split(",") if each not in INFO] if info else []
    if not unknown:
        return None
    return Refusal(400, "info", f"Unknown info attribute: {unknown[0][:SHOWN]}, expected {' or '.join(INFO)}")


def refuse_channel_count(count: int, limits: Limits) -> Refusal | None:
    """None for an allowed number of channels in one trigger."""
    if not 1 <= count <= limits.channels:
        return Refusal(400, "channels", f"{count} channels in one trigger, expected 1 to {limits.channels}")
    return None


def refuse_batch_size(count: int, limits: Limits) -> Refusal | None:
    """None for an allowed number of events in one batch."""
    if not 1 <= count <= limits.batch_size:
        return Refusal(400, "batch_size", f"{count} events in one batch, expected 1 to {limits.batch_size}")
    return None


def refuse_event(name: str, channels: Sequence[str], data: str, limits: Limits) -> Refusal | None:
    """None for an event that the service accepts; only a trigger may have several channels."""
    return (
        refuse_event_name(name, limits)
        or refuse_channel_count(len(channels), limits)
        or next((refusal for each in channels if (refusal := refuse_channel(each, limits))), None)
        or refuse_encrypted(channels)
        or refuse_data(data, limits)
    )
