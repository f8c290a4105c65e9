"""The calls that publish nothing: questions about channels and their users, and ending a user's connections.

The mock has no subscribers, so it answers as the service does for channels that nobody has joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson

from wiretax.channels.limits import SHOWN, Limits, Refusal, refuse_channel, refuse_user_id
from wiretax.channels.request.calls import CHANNEL, CHANNELS, TERMINATE, USERS, OtherCall, find_call
from wiretax.channels.request.signing import QUERY, body_md5
from wiretax.mock.protocols.bodies import Body
from wiretax.mock.rules.authentication import (
    INVALID_SIGNATURE,
    NO_APP,
    WRONG_MD5,
    Authentication,
    refuse_timestamp,
)
from wiretax.mock.rules.verdict import Accepted, Refused, refuse

PRESENCE = "presence-"
CACHE = re.compile(r"(private-|private-encrypted-|presence-)?cache-")
# What a question about one channel may ask for, beside "occupied", and the answer for one that nobody has joined.
ATTRIBUTES: dict[str, object] = {"user_count": 0, "subscription_count": 0, "cache": {}}


class Questions:
    """The calls of one app that publish nothing."""

    def __init__(self, app_id: str, authentication: Authentication) -> None:
        self._app_id = app_id
        self._authentication = authentication

    def check(self, method: str, target: str, path: str, body: Body, now: float) -> Accepted | None:
        """Check one request; None if the API has no such call.

        Args:
            method: the HTTP method.
            target: path and query as sent.
            path: the path without this mock's prefix.
            body: the decoded body.
            now: the server's clock in seconds since the epoch.

        Raises:
            Refused: with status, reason and message.
        """
        call_and_match = find_call(path)
        if call_and_match is None:
            return None
        call, found = call_and_match
        if method != call.method:
            raise Refused(Refusal(405, "method", f"{method} is not allowed here, only {call.method}"))
        if found["app"] != self._app_id:
            raise Refused(NO_APP)
        given = self._authenticate(method, target, path, body, now)
        parameters, answer = ANSWERS[call]
        extraneous = sorted(given.keys() - QUERY - parameters)
        if extraneous:
            names = ", ".join(extraneous)
            message = f"The following query string parameters are extraneous: {names}"
            raise Refused(Refusal(400, "query", message))
        return Accepted(0, 0, orjson.dumps(answer(unquote(found.groupdict().get("name", "")), given)))

    def _authenticate(self, method: str, target: str, path: str, body: Body, now: float) -> dict[str, str]:
        """The parameters of a request with a valid signature."""
        full_path, _, query = target.partition("?")
        needed = QUERY if body else QUERY - {"body_md5"}
        given, timestamp = self._authentication.read_query(query, needed)
        refuse(refuse_timestamp(timestamp, now))
        signed_path = self._authentication.signed_path(method, full_path, path, given)
        if not self._authentication.is_signed(method, signed_path, given):
            raise Refused(INVALID_SIGNATURE)
        if body and given["body_md5"] != body_md5(body):
            raise Refused(WRONG_MD5)
        return given


def _channels(_: str, given: dict[str, str]) -> dict[str, Any]:
    for attribute in _asked(given):
        if attribute != "user_count":
            raise _unknown(attribute, "user_count")
        if not given.get("filter_by_prefix", "").startswith(PRESENCE):
            raise _unavailable(
                "user_count may only be requested for presence channels - "
                f"please supply filter_by_prefix beginning with {PRESENCE}"
            )
    return {"channels": {}}


def _channel(name: str, given: dict[str, str]) -> dict[str, Any]:
    refuse(refuse_channel(name, Limits()))
    asked = _asked(given)
    for attribute in asked:
        if attribute not in ATTRIBUTES:
            raise _unknown(attribute, ", ".join(ATTRIBUTES))
        if attribute == "user_count" and not name.startswith(PRESENCE):
            raise _unavailable("user_count may only be requested for presence channels")
        if attribute == "cache" and not CACHE.match(name):
            raise _unavailable("cache may only be requested for cache channels")
    return {"occupied": False, **{each: ATTRIBUTES[each] for each in asked}}


def _users(name: str, _: dict[str, str]) -> dict[str, Any]:
    refuse(refuse_channel(name, Limits()))
    if not name.startswith(PRESENCE):
        raise _unavailable("Users can only be retrieved for presence channels")
    return {"users": []}


def _terminate(name: str, _: dict[str, str]) -> dict[str, Any]:
    refuse(refuse_user_id(name, Limits()))
    return {}


def _asked(given: dict[str, str]) -> list[str]:
    return [each for each in given.get("info", "").split(",") if each]


def _unknown(attribute: str, expected: str) -> Refused:
    return Refused(Refusal(400, "info", f"Unknown info attribute: {attribute[:SHOWN]}, expected {expected}"))


def _unavailable(message: str) -> Refused:
    return Refused(Refusal(400, "presence", message))


INFO = frozenset({"info"})
# For each call the parameters of its query, beside those that sign it, and its answer: the JSON of a response to
# the name in its path and those parameters.
ANSWERS: dict[OtherCall, tuple[frozenset[str], Callable[[str, dict[str, str]], dict[str, Any]]]] = {
    CHANNELS: (INFO | {"filter_by_prefix"}, _channels),
    CHANNEL: (INFO, _channel),
    USERS: (frozenset(), _users),
    TERMINATE: (frozenset(), _terminate),
}
