"""Which events may be published: to users, to encrypted channels, and with the options of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from signed import NOW, signed

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits, Refusal, refuse_event
from wiretax.mock.rules import MEMO_SIZE, Accepted, Refused, Rules

ENCRYPTED = "private-encrypted-a"
TO_USER = "#server-to-user-user-1"


@pytest.fixture
def rules() -> Rules:
    return Rules(DEMO, Limits())


def publish(rules: Rules, call: str, document: dict[str, Any]) -> Accepted | Refusal:
    body, path = json.dumps(document).encode(), f"/apps/{DEMO.app_id}/{call}"
    try:
        return rules.check(b"POST", signed("POST", path, body), body, NOW)
    except Refused as refused:
        return refused.refusal


def trigger(rules: Rules, *channels: str, **more: Any) -> Accepted | Refusal:
    return publish(rules, "events", {"name": "e", "channels": channels, "data": "x", **more})


def batch(rules: Rules, *channels: str, **more: Any) -> Accepted | Refusal:
    items = [{"name": "e", "channel": channel, "data": "x", **more} for channel in channels]
    return publish(rules, "batch_events", {"batch": items})


def test_a_user_has_a_channel(rules: Rules) -> None:
    assert trigger(rules, TO_USER) == Accepted(1, 1, b"{}")
    assert trigger(rules, TO_USER, "my-channel") == Accepted(1, 2, b"{}")
    assert batch(rules, TO_USER, "my-channel") == Accepted(2, 2, b"{}")
    assert refuse_event("e", (TO_USER,), "x", Limits()) is None
    for name in ("#server-to-user-", "#server-to-user", "#my-channel", f"x{TO_USER}", f"{TO_USER}#"):
        for refusal in (trigger(rules, name), batch(rules, name), refuse_event("e", (name,), "x", Limits())):
            assert isinstance(refusal, Refusal), name
            assert (refusal.status, refusal.reason) == (400, "channel_name")


def test_an_encrypted_channel_is_alone_in_a_trigger_and_one_of_many_in_a_batch(rules: Rules) -> None:
    for _ in range(2):
        assert trigger(rules, ENCRYPTED) == Accepted(1, 1, b"{}")
        assert batch(rules, ENCRYPTED, "my-channel", "private-encrypted-b") == Accepted(3, 3, b"{}")
        for channels in ((ENCRYPTED, "my-channel"), ("my-channel", ENCRYPTED), (ENCRYPTED, "private-encrypted-b")):
            refusal = trigger(rules, *channels)
            assert refusal == Refusal(
                400, "encrypted", "You cannot trigger to multiple channels when using encrypted channels"
            )
            assert refuse_event("e", channels, "x", Limits()) == refusal


def test_encrypted_channels_are_told_however_many_others_came_before(rules: Rules) -> None:
    trigger(rules, ENCRYPTED)
    for number in range(MEMO_SIZE // 100 + 1):
        trigger(rules, *(f"c{number}-{each}" for each in range(100)))
    assert isinstance(trigger(rules, ENCRYPTED, "my-channel"), Refusal)


@pytest.mark.parametrize("call", [trigger, batch])
@pytest.mark.parametrize(
    ("option", "reason"),
    [
        *(({"socket_id": bad}, "socket_id") for bad in ("", "12", "12.", ".5", "1.2.3", "a.b", "1.2\n", "１.２")),  # noqa: RUF001
        *(
            ({"info": bad}, "info")
            for bad in ("users", "user_count,", "user_count,x", "USER_COUNT", "user_count x")
        ),
        ({"socket_id": "1.2", "info": "cache"}, "info"),
    ],
)
def test_an_option_with_a_bad_value_is_refused(
    rules: Rules, call: Any, option: dict[str, str], reason: str
) -> None:
    for _ in range(2):
        refusal = call(rules, "my-channel", **option)
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.reason) == (400, reason)


@pytest.mark.parametrize("call", [trigger, batch])
def test_an_option_with_a_good_value_is_accepted(rules: Rules, call: Any) -> None:
    assert call(rules, "my-channel", socket_id="123.456") == Accepted(1, 1, b"{}")
    assert call(rules, "my-channel", socket_id=None, info=None) == Accepted(1, 1, b"{}")
    assert call(rules, "my-channel", info="") == Accepted(1, 1, b"{}")
    answer = call(rules, "my-channel", socket_id="1.2", info="subscription_count,user_count")
    assert answer.body == (b'{"channels":{"my-channel":{}}}' if call is trigger else b'{"batch":[{}]}')


def test_one_bad_option_of_a_batch_refuses_all_of_it(rules: Rules) -> None:
    good = {"name": "e", "channel": "c", "data": "x", "info": "user_count"}
    refusal = publish(rules, "batch_events", {"batch": [good, {**good, "socket_id": "x"}]})
    assert isinstance(refusal, Refusal)
    assert refusal.message == "Invalid socket_id: x, expected digits like 123.456"
