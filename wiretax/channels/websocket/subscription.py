"""Who may subscribe to a channel: the signatures of private, encrypted and presence channels.

Source: Pusher's "Authorizing users" reference. A signature is ``KEY:`` and the HMAC-SHA256, by the app's secret,
of the connection's id and the channel's name, joined by a colon. For a presence channel, who subscribes follows.
"""

from __future__ import annotations

import hmac
from typing import Literal

import orjson

from wiretax.channels.endpoint import Credentials
from wiretax.channels.limits import ENCRYPTED

Kind = Literal["public", "private", "encrypted", "presence"]
PRIVATE, PRESENCE = "private-", "presence-"


def kind_of(channel: str) -> Kind:
    """What kind of channel it is, by its name."""
    if channel.startswith(ENCRYPTED):
        return "encrypted"
    if channel.startswith(PRIVATE):
        return "private"
    return "presence" if channel.startswith(PRESENCE) else "public"


def auth(app: Credentials, socket_id: str, channel: str, channel_data: str = "") -> str:
    """The signature of a subscription; empty for a public channel.

    Args:
        app: the credentials that sign.
        socket_id: the connection's.
        channel: its name.
        channel_data: who subscribes, as sent; for presence channels.
    """
    if kind_of(channel) == "public":
        return ""
    signed = f"{socket_id}:{channel}:{channel_data}" if channel_data else f"{socket_id}:{channel}"
    return f"{app.key}:{hmac.digest(app.secret.encode(), signed.encode(), 'sha256').hex()}"


def member(user_id: str) -> str:
    """Who subscribes to a presence channel, as ``channel_data`` has it."""
    return orjson.dumps({"user_id": user_id}).decode()
