"""The mock's rules on their own, on a clock that is set by hand.

Signatures are computed here with the standard library, so that the rules are not checked against themselves.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from wiretax.channels.endpoint import DEMO, Credentials
from wiretax.channels.limits import Limits, Refusal
from wiretax.mock.rules import MEMO_SIZE, Accepted, Refused, Rules

NOW = 1_800_000_000
EVENTS = f"/apps/{DEMO.app_id}/events"
BATCH = f"/apps/{DEMO.app_id}/batch_events"
BODY = b'{"name":"my-event","channels":["my-channel"],"data":"hello"}'
QUERY = ("auth_key", "auth_signature", "auth_timestamp", "auth_version", "body_md5")

GOLDEN = Path(__file__).parents[4] / "golden" / "client-heads.json"
CAPTURED = json.loads(GOLDEN.read_text(encoding="utf-8"))["requests"]
# Events and messages each captured operation counts as.
OPERATIONS = {"trigger_1_channel": (1, 1), "trigger_3_channels": (1, 3), "batch_10_events": (10, 10)}


@pytest.fixture
def rules() -> Rules:
    return Rules(DEMO, Limits())


def channels_target(app_id: str = DEMO.app_id, secret: str = DEMO.secret, **changes: str) -> str:
    """A signed question for the app's channels: a GET, so without a body's md5."""
    path = f"/apps/{app_id}/channels"
    parameters = {"auth_key": DEMO.key, "auth_timestamp": str(NOW), "auth_version": "1.0", **changes}
    signed = "&".join(f"{key}={value}" for key, value in sorted(parameters.items()))
    digest = hmac.new(secret.encode(), f"GET\n{path}\n{signed}".encode(), hashlib.sha256).hexdigest()
    return f"{path}?{signed}&auth_signature={digest}"


def target(body: bytes, path: str = EVENTS, order: Sequence[str] = QUERY, **changes: str) -> str:
    """Path and query as the reference says to sign them; changes are signed too."""
    parameters = {
        "auth_key": DEMO.key,
        "auth_timestamp": str(NOW),
        "auth_version": "1.0",
        "body_md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        **changes,
    }
    signed = "&".join(f"{key}={value}" for key, value in sorted(parameters.items()) if key != "auth_signature")
    message = f"POST\n{path}\n{signed}".encode()
    digest = hmac.new(DEMO.secret.encode(), message, hashlib.sha256).hexdigest()
    parameters = {"auth_signature": digest, **parameters}
    return f"{path}?{urlencode([(key, parameters[key]) for key in order])}"


def refusal(rules: Rules, sent: str, body: bytes = BODY, now: float = NOW) -> Refusal | None:
    """Why a request is not taken, or None."""
    try:
        rules.check(b"POST", sent, body, now)
    except Refused as refused:
        return refused.refusal
    return None


def change_digit(text: str, name: str) -> str:
    """The same target with another first digit in the value of one parameter."""
    at = text.index(f"{name}=") + len(name) + 1
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def captured_id(captured: dict[str, Any]) -> str:
    return "-".join((captured["library"], captured["http_client"], captured["operation"])).replace(" ", "_")


@pytest.mark.parametrize("captured", CAPTURED, ids=captured_id)
def test_what_the_official_libraries_sent_is_taken(rules: Rules, captured: dict[str, Any]) -> None:
    _, sent, _ = captured["request_line"].split(" ")
    body = captured["body"].encode()
    now = int(sent.partition("auth_timestamp=")[2][:10])
    events, messages = OPERATIONS[captured["operation"]]
    # The second time goes by what was remembered of the first.
    for _ in range(2):
        assert rules.check(b"POST", sent, body, now) == Accepted(events, messages, b"{}")
    for name in QUERY:
        refused = refusal(rules, change_digit(sent, name), body, now)
        assert refused is not None, name
        assert refused.status == 401, name
    assert refusal(rules, sent, body + b" ", now) == Refusal(401, "body_md5", "body_md5 does not match the body")


def test_query_parameters_are_taken_in_each_order(rules: Rules) -> None:
    for order in permutations(QUERY):
        for _ in range(2):
            assert refusal(rules, target(BODY, order=order)) is None, order


def test_each_order_is_judged_by_its_own_md5_and_signature(rules: Rules) -> None:
    for order in permutations(QUERY):
        good = target(BODY, order=order)
        for name, reason in (("auth_signature", "signature"), ("body_md5", "signature")):
            for _ in range(2):
                refused = refusal(rules, change_digit(good, name))
                assert refused is not None, order
                assert refused.reason == reason, order
            assert refusal(rules, good) is None, order


@pytest.mark.parametrize("shift", [-600, 600, 0, 599.9, -599.9])
def test_a_clock_within_600_s_is_taken(rules: Rules, shift: float) -> None:
    assert refusal(rules, target(BODY), now=NOW + shift) is None


@pytest.mark.parametrize("shift", [-600.5, 600.5, 86_400])
@pytest.mark.parametrize("seen", [False, True], ids=["first seen", "seen before"])
def test_a_clock_beyond_is_refused(rules: Rules, shift: float, seen: bool) -> None:
    if seen:
        assert refusal(rules, target(BODY)) is None
    message = f"Timestamp expired: Given timestamp ({NOW}) not within 600s of server time ({int(NOW + shift)})"
    assert refusal(rules, target(BODY), now=NOW + shift) == Refusal(401, "timestamp", message)


FLAWS = {
    **{f"{name} empty": ({name: ""}, "auth_missing") for name in QUERY},
    "unknown key": ({"auth_key": "f" * 20}, "auth_key"),
    "another version": ({"auth_version": "1.1"}, "auth_version"),
    "timestamp in other digits": ({"auth_timestamp": "１８００００００００"}, "timestamp"),  # noqa: RUF001
    "timestamp too long": ({"auth_timestamp": "9" * 5000}, "timestamp"),
    "md5 of another body": ({"body_md5": "0" * 32}, "body_md5"),
}


@pytest.mark.parametrize("order", [QUERY[at:] + QUERY[:at] for at in range(5)], ids="last {0[4]}".format)
@pytest.mark.parametrize("seen", [False, True], ids=["first seen", "seen before"])
@pytest.mark.parametrize(("changes", "reason"), FLAWS.values(), ids=FLAWS)
def test_a_flaw_is_found_whatever_was_seen_before(
    rules: Rules, changes: dict[str, str], reason: str, seen: bool, order: tuple[str, ...]
) -> None:
    if seen:
        assert refusal(rules, target(BODY, order=order)) is None
    refused = refusal(rules, target(BODY, order=order, **changes))
    assert refused is not None
    assert (refused.status, refused.reason) == (401, reason)


@pytest.mark.parametrize("seen", [False, True], ids=["first seen", "seen before"])
def test_one_signature_does_not_serve_two_bodies(rules: Rules, seen: bool) -> None:
    other = BODY.replace(b"hello", b"HELLO")
    if seen:
        assert refusal(rules, target(BODY)) is None
    for sent, body in ((target(BODY), other), (target(other), BODY)):
        refused = refusal(rules, sent, body)
        assert refused is not None
        assert refused.reason == "body_md5"
    # The md5 of the other body under the signature of this one.
    mixed = target(BODY).replace(target(BODY)[-32:], target(other)[-32:])
    refused = refusal(rules, mixed, other)
    assert refused is not None
    assert refused.reason == "signature"


def test_a_batch_is_not_taken_where_a_trigger_was_signed(rules: Rules) -> None:
    batch = b'{"batch":[{"channel":"my-channel","name":"my-event","data":"hello"}]}'
    assert refusal(rules, target(batch, BATCH), batch) is None
    refused = refusal(rules, target(batch, EVENTS).replace(EVENTS, BATCH), batch)
    assert refused is not None
    assert refused.reason == "signature"


def test_a_long_secret_is_hashed_first() -> None:
    # HMAC replaces a key longer than a block by its hash; a path of its own in the rules' HMAC.
    secret = "s" * 65
    rules = Rules(Credentials(DEMO.app_id, DEMO.key, secret), Limits())
    good = target(BODY)
    signed, digest = good.partition("auth_signature=")[2].split("&", 1)[1], good.split("auth_signature=")[1][:64]
    message = f"POST\n{EVENTS}\nauth_key={DEMO.key}&{signed}".encode()
    own = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    assert refusal(rules, good.replace(digest, own)) is None
    assert refusal(rules, good) is not None


def test_more_names_and_seconds_than_are_remembered_change_nothing(rules: Rules) -> None:
    for number in range(MEMO_SIZE + 10):
        body = b'{"name":"event-%d","channels":["channel-%d"],"data":"hello"}' % (number, number)
        now = NOW + number
        assert refusal(rules, target(body, auth_timestamp=str(now)), body, now) is None
    bad = {b"channel-1 ": "channel_name", b"channel!": "channel_name"}
    for name, reason in bad.items():
        body = BODY.replace(b"my-channel", name)
        for _ in range(2):
            refused = refusal(rules, target(body), body)
            assert refused is not None
            assert refused.reason == reason


@pytest.mark.parametrize("kind", ["", "private-", "presence-", "cache-", "private-cache-", "presence-cache-"])
def test_channels_of_every_type_are_published_to(rules: Rules, kind: str) -> None:
    """As the service: an app's server may publish to any, whoever may subscribe. The type is part of the name."""
    body = BODY.replace(b'"my-channel"', b'"%sroom-1","%sroom-2"' % (kind.encode(), kind.encode()))
    assert rules.check(b"POST", target(body), body, NOW) == Accepted(1, 2, b"{}")
    batch = b'{"batch":[{"channel":"%sroom-1","name":"e","data":"x"}]}' % kind.encode()
    assert rules.check(b"POST", target(batch, BATCH), batch, NOW) == Accepted(1, 1, b"{}")
    for length, reason in ((164, None), (165, "channel_name")):
        body = BODY.replace(b"my-channel", (kind + "c" * (length - len(kind))).encode())
        refused = refusal(rules, target(body), body)
        assert (refused and refused.reason) == reason


def test_a_name_that_is_refused_once_is_refused_again(rules: Rules) -> None:
    for body in (BODY.replace(b"my-channel", b"c" * 165), BODY.replace(b"my-event", b"e" * 201)):
        first, second = refusal(rules, target(body), body), refusal(rules, target(body), body)
        assert first is not None
        assert first == second


@pytest.mark.parametrize(
    ("limits", "body", "reason"),
    [
        (Limits(channels=2), b'{"name":"e","channels":["a","b","c"],"data":""}', "channels"),
        (Limits(channel_name=3), b'{"name":"e","channels":["abcd"],"data":""}', "channel_name"),
        (Limits(event_name=3), b'{"name":"abcd","channels":["a"],"data":""}', "event_name"),
        (Limits(data_bytes=3), b'{"name":"e","channels":["a"],"data":"abcd"}', "data_bytes"),
    ],
)
def test_limits_can_be_set(limits: Limits, body: bytes, reason: str) -> None:
    assert refusal(Rules(DEMO, Limits()), target(body), body) is None
    refused = refusal(Rules(DEMO, limits), target(body), body)
    assert refused is not None
    assert refused.reason == reason


PREFIXED = f"/ws{EVENTS}"


def prefixed(signed: str) -> str:
    """A call under /ws whose signature covers ``signed``."""
    return PREFIXED + target(BODY, signed).removeprefix(signed)


@pytest.mark.parametrize(
    ("prefix", "signs_prefix", "sent", "status"),
    [
        ("/ws", False, prefixed(EVENTS), None),
        ("/ws", False, prefixed(PREFIXED), 401),
        ("/ws", True, prefixed(PREFIXED), None),
        ("/ws", True, prefixed(EVENTS), 401),
        ("/ws", False, target(BODY), 404),
        ("/w", False, prefixed(EVENTS), 404),
        ("", False, prefixed(EVENTS), 404),
        (None, None, target(BODY), None),
        (None, None, prefixed(EVENTS), None),
        (None, None, prefixed(PREFIXED), None),
        (None, None, prefixed(BATCH), 401),
        (None, None, f"ws{EVENTS}", 404),
    ],
)
def test_a_prefix_is_expected_or_may_be_any(
    prefix: str | None, signs_prefix: bool | None, sent: str, status: int | None
) -> None:
    found = refusal(Rules(DEMO, Limits(), prefix, signs_prefix), sent)
    assert (found and found.status) == status


def test_channels_are_asked_for_under_a_prefix() -> None:
    asked = channels_target()
    assert Rules(DEMO, Limits(), "/ws").check(b"GET", f"/ws{asked}", b"", NOW).body == b'{"channels":{}}'
    with pytest.raises(Refused):
        Rules(DEMO, Limits(), "/ws").check(b"GET", asked, b"", NOW)


@pytest.mark.parametrize("more", [{}, {"filter_by_prefix": "presence-", "info": "user_count"}])
def test_the_apps_channels_may_be_asked_for_and_there_are_none(rules: Rules, more: dict[str, str]) -> None:
    assert rules.check(b"GET", channels_target(**more), b"", NOW) == Accepted(0, 0, b'{"channels":{}}')


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (channels_target(secret="wrong"), 401, "signature"),
        (channels_target(auth_key="wrong"), 401, "auth_key"),
        (channels_target(auth_timestamp=str(NOW - 601)), 401, "timestamp"),
        (channels_target(app_id="9"), 401, "app_id"),
        (f"/apps/{DEMO.app_id}/channels", 401, "auth_missing"),
        (f"/apps/{DEMO.app_id}/channels/one", 401, "auth_missing"),
        (f"/apps/{DEMO.app_id}/channel/one", 404, "path"),
        (EVENTS, 405, "method"),
    ],
)
def test_who_may_not_ask_for_channels_is_told_why(rules: Rules, sent: str, status: int, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check(b"GET", sent, b"", NOW)
    assert (refused.value.refusal.status, refused.value.refusal.reason) == (status, reason)
