"""The calls of the HTTP API that publish nothing, by their paths."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OtherCall:
    """One call.

    Attributes:
        method: its HTTP method.
        name: its path after the app, with X for the name of a channel or user.
        path: matches its path: the app's id as ``app``, and that name as ``name``.
    """

    method: str
    name: str
    path: re.Pattern[str]

    @classmethod
    def of(cls, method: str, name: str) -> OtherCall:
        """The call of a method and a path after the app."""
        return cls(method, name, re.compile("/apps/(?P<app>[^/]+)/" + name.replace("X", "(?P<name>[^/]+)")))


CHANNELS = OtherCall.of("GET", "channels")
CHANNEL = OtherCall.of("GET", "channels/X")
USERS = OtherCall.of("GET", "channels/X/users")
TERMINATE = OtherCall.of("POST", "users/X/terminate_connections")
OTHER_CALLS = (CHANNELS, CHANNEL, USERS, TERMINATE)


def find_call(path: str) -> tuple[OtherCall, re.Match[str]] | None:
    """The call of a path that begins with ``/apps``, whatever the method, and the match of the path; None for any
    other path."""
    for call in OTHER_CALLS:
        found = call.path.fullmatch(path)
        if found is not None:
            return call, found
    return None


def describe_request(method: str, target: str) -> str:
    """A request that publishes nothing in words: ``GET channels/X``, or ``GET another path``.

    Args:
        method: its HTTP method.
        target: its path, with any prefix, and its query.
    """
    _, mark, after = target.partition("?")[0].rpartition("/apps/")
    found = find_call(mark + after)
    return f"{method} {'another path' if found is None else found[0].name}"
