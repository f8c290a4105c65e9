"""The members of presence channels, and telling the others who came and left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from wiretax.mock.delivery.websocket import WebSocketConnection

ADDED, REMOVED = "pusher_internal:member_added", "pusher_internal:member_removed"


class Members:
    """Who is in each presence channel. A user with several connections is one member."""

    def __init__(self) -> None:
        self._members: dict[str, dict[WebSocketConnection, dict[str, Any]]] = {}

    @staticmethod
    def is_member(channel_data: str) -> bool:
        """Whether it names a user."""
        try:
            document = orjson.loads(channel_data)
        except orjson.JSONDecodeError:
            return False
        return isinstance(document, dict) and isinstance(document.get("user_id"), (str, int))

    def join(self, channel: str, connection: WebSocketConnection, channel_data: str) -> None:
        """Add a connection's user, who is told to the others if this is the user's first connection."""
        document = orjson.loads(channel_data)
        others = self._members.setdefault(channel, {})
        if not self._has(channel, document["user_id"]):
            _tell(others, ADDED, channel, channel_data)
        others[connection] = document

    def leave(self, channel: str, connection: WebSocketConnection) -> None:
        """Remove a connection, if it is there; the others are told if it was the user's last one."""
        others = self._members.get(channel, {})
        document = others.pop(connection, None)
        if document is not None and not self._has(channel, document["user_id"]):
            _tell(others, REMOVED, channel, orjson.dumps({"user_id": document["user_id"]}).decode())
        if not others:
            self._members.pop(channel, None)

    def of(self, channel: str) -> str:
        """Who is there, as the confirmation of a subscription has it."""
        users = {str(each["user_id"]): each.get("user_info") for each in self._members.get(channel, {}).values()}
        return orjson.dumps({"presence": {"count": len(users), "ids": list(users), "hash": users}}).decode()

    def _has(self, channel: str, user_id: object) -> bool:
        return any(each["user_id"] == user_id for each in self._members.get(channel, {}).values())


def _tell(connections: dict[WebSocketConnection, dict[str, Any]], event: str, channel: str, data: str) -> None:
    for connection in list(connections):
        connection.send(orjson.dumps({"event": event, "channel": channel, "data": data}))
