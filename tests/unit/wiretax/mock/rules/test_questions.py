"""The calls that publish nothing: answered as for channels without members, or refused as the service does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from signed import NOW, signed

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits, Refusal
from wiretax.mock.rules import Accepted, Refused, Rules

APP = f"/apps/{DEMO.app_id}"
CHANNELS = f"{APP}/channels"
TERMINATE = f"{APP}/users/user-1/terminate_connections"
PRESENCE = {"filter_by_prefix": "presence-", "info": "user_count"}


def asked(sent: str, method: str = "GET", body: bytes = b"", rules: Rules | None = None) -> Any:
    """The answer to a question."""
    accepted = (rules or Rules(DEMO, Limits())).check(method.encode(), sent, body, NOW)
    assert (accepted.events, accepted.messages) == (0, 0)
    return json.loads(accepted.body)


def refused(sent: str, method: str = "GET", body: bytes = b"", rules: Rules | None = None) -> Refusal:
    with pytest.raises(Refused) as caught:
        (rules or Rules(DEMO, Limits())).check(method.encode(), sent, body, NOW)
    return caught.value.refusal


@pytest.mark.parametrize(
    ("path", "query", "answer"),
    [
        (CHANNELS, {}, {"channels": {}}),
        (CHANNELS, {"filter_by_prefix": "private-"}, {"channels": {}}),
        (CHANNELS, {"filter_by_prefix": "presence-room", "info": "user_count"}, {"channels": {}}),
        (f"{CHANNELS}/c", {}, {"occupied": False}),
        (f"{CHANNELS}/c", {"info": "subscription_count"}, {"occupied": False, "subscription_count": 0}),
        (f"{CHANNELS}/a=b@c,d.e;f", {}, {"occupied": False}),
        (f"{CHANNELS}/%23server-to-user-1", {}, {"occupied": False}),
        (
            f"{CHANNELS}/presence-c",
            {"info": "user_count,subscription_count"},
            {"occupied": False, "user_count": 0, "subscription_count": 0},
        ),
        (f"{CHANNELS}/private-cache-c", {"info": "cache"}, {"occupied": False, "cache": {}}),
        (f"{CHANNELS}/presence-c/users", {}, {"users": []}),
    ],
)
def test_channels_are_answered_for_as_if_nobody_had_joined(path: str, query: dict[str, str], answer: Any) -> None:
    assert asked(signed("GET", path, **query)) == answer


@pytest.mark.parametrize("body", [b"{}", b""])
def test_the_connections_of_a_user_can_be_ended_again_and_again(body: bytes) -> None:
    rules = Rules(DEMO, Limits())
    for _ in range(2):
        assert asked(signed("POST", TERMINATE, body), "POST", body, rules) == {}


@pytest.mark.parametrize(
    ("path", "query", "status", "says"),
    [
        (CHANNELS, {"info": "user_count"}, 400, "user_count may only be requested for presence channels"),
        (CHANNELS, PRESENCE | {"info": "users"}, 400, "Unknown info attribute: users, expected user_count"),
        (CHANNELS, {"filter": "presence-"}, 400, "The following query string parameters are extraneous: filter"),
        (f"{CHANNELS}/c", {"filter_by_prefix": "c"}, 400, "parameters are extraneous: filter_by_prefix"),
        (f"{CHANNELS}/presence-c/users", {"info": "user_count"}, 400, "parameters are extraneous: info"),
        (f"{CHANNELS}/c", {"info": "user_count"}, 400, "user_count may only be requested for presence channels"),
        (f"{CHANNELS}/c", {"info": "cache"}, 400, "cache may only be requested for cache channels"),
        (f"{CHANNELS}/presence-c", {"info": "x"}, 400, "Unknown info attribute: x, expected user_count, "),
        (f"{CHANNELS}/c/users", {}, 400, "Users can only be retrieved for presence channels"),
        (f"{CHANNELS}/c%20d", {}, 400, "channel name may only hold"),
        (f"{CHANNELS}/presence-{'c' * 160}/users", {}, 400, "channel name of 169 characters"),
        (f"{CHANNELS}/c/members", {}, 404, "Not found"),
        (f"{CHANNELS}/", {}, 404, "Not found"),
        (f"{CHANNELS}/a/b/users", {}, 404, "Not found"),
        ("/apps/9/channels/c", {}, 401, "No app with this id"),
        ("/apps/9/users/u/terminate_connections", {}, 405, "GET is not allowed here, only POST"),
        (TERMINATE, {}, 405, "GET is not allowed here, only POST"),
    ],
)
def test_a_question_is_refused_as_by_the_service(path: str, query: dict[str, str], status: int, says: str) -> None:
    refusal = refused(signed("GET", path, **query))
    assert refusal.status == status
    assert says in refusal.message


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        (f"{APP}/users/{'u' * 165}/terminate_connections", 400, "user id of 165 characters, at most 164"),
        (f"{APP}/users/a%2Fb/terminate_connections", 400, "user id may only hold"),
        ("/apps/9/users/u/terminate_connections", 401, "No app with this id"),
        ("/users/u/terminate_connections", 404, "Not found"),
        (CHANNELS, 405, "POST is not allowed here, only GET"),
    ],
)
def test_connections_of_nobody_are_not_ended(path: str, status: int, says: str) -> None:
    refusal = refused(signed("POST", path, b"{}"), "POST", b"{}")
    assert refusal.status == status
    assert says in refusal.message


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", CHANNELS, b""),
        ("GET", f"{CHANNELS}/presence-c", b""),
        ("GET", f"{CHANNELS}/presence-c/users", b""),
        ("POST", TERMINATE, b"{}"),
        ("POST", TERMINATE, b""),
    ],
)
def test_each_of_them_is_authenticated(method: str, path: str, body: bytes) -> None:
    def reason(sent: str, body: bytes = body) -> str:
        refusal = refused(sent, method, body)
        assert refusal.status == 401
        return refusal.reason

    good = signed(method, path, body)
    asked(good, method, body)
    assert reason(signed(method, path, body, secret="wrong")) == "signature"
    assert reason(signed("PUT", path, body)) == "signature"
    assert reason(signed(method, path, body, covers=path + "x")) == "signature"
    assert reason(signed(method, path, body, auth_key="wrong")) == "auth_key"
    assert reason(signed(method, path, body, auth_timestamp=str(NOW - 601))) == "timestamp"
    assert reason(good.partition("auth_signature")[0]) == "auth_missing"
    assert reason(good + "&info=user_count") == "signature"
    if body:
        assert reason(good, b"{ }") == "body_md5"
        assert reason(signed(method, path), b"{}") == "auth_missing"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", f"{CHANNELS}/presence-c/users"), ("POST", TERMINATE), ("GET", CHANNELS)]
)
def test_they_are_answered_under_a_prefix_too(method: str, path: str) -> None:
    under = f"/ws{path}"
    plain, whole = signed(method, under, covers=path), signed(method, under)
    for rules, sent, is_answered in (
        (Rules(DEMO, Limits(), "/ws"), plain, True),
        (Rules(DEMO, Limits(), "/ws"), whole, False),
        (Rules(DEMO, Limits(), "/ws", True), whole, True),
        (Rules(DEMO, Limits(), None, None), plain, True),
        (Rules(DEMO, Limits(), None, None), whole, True),
        (Rules(DEMO, Limits()), plain, False),
    ):
        if is_answered:
            asked(sent, method, rules=rules)
        else:
            refused(sent, method, rules=rules)


def test_a_question_between_two_triggers_disturbs_neither() -> None:
    rules, body = Rules(DEMO, Limits()), b'{"name":"e","channels":["c"],"data":"x"}'
    for _ in range(2):
        assert rules.check(b"POST", signed("POST", f"{APP}/events", body), body, NOW) == Accepted(1, 1, b"{}")
        assert asked(signed("POST", TERMINATE, b"{}"), "POST", b"{}", rules) == {}
