"""Whose limits a publisher's requests are held to, and how close they came."""

from __future__ import annotations

from typing import Any

import pytest
from captured import CAPTURED, CLIENTS, head_of

from wiretax.channels.endpoint import DEMO
from wiretax.channels.profiles import load_profile
from wiretax.observe.call_kind import recognised
from wiretax.observe.forwarding.exchange import Exchange, OpenExchange


def exchange(head: bytes, body: bytes) -> Exchange:
    made = OpenExchange(head, 0)
    made.body = body
    return made.end(0, 1)


def captured_from(client: str) -> dict[str, Exchange]:
    """The requests captured from a library, by operation."""
    return {
        each["operation"]: exchange(head_of(each), each["body"].encode())
        for each in CAPTURED
        if CLIENTS[each["library"]] == client
    }


def seen(client: str, *exchanges: Exchange) -> dict[str, tuple[int, int]]:
    """What each limit is, and what the requests reached of it."""
    [row] = recognised(list(exchanges), DEMO)
    assert row["profile"] == client
    return {each["what"]: (each["most"], each["seen"]) for each in row["limits"]}


@pytest.mark.parametrize("client", sorted(set(CLIENTS.values())))
def test_what_a_real_library_sent_is_within_the_limits_of_its_profile(client: str) -> None:
    found = seen(client, *captured_from(client).values())
    assert bool(found) == (load_profile(client).limits is not None)
    assert all(0 < reached <= most for most, reached in found.values())


def test_the_largest_of_each_kind_of_call_counts() -> None:
    requests = captured_from("dotnet")
    assert seen("dotnet", *requests.values()) == {
        "a channel's name in a trigger": (164, 12),
        "a batch": (10, 10),
        "a channel's name in a batch": (164, 10),
    }
    assert seen("dotnet", requests["trigger_1_channel"]) == {"a channel's name in a trigger": (164, 10)}
    python = captured_from("python")
    assert seen("python", *python.values())["a trigger"] == (100, 3)
    # {"hello":"world"} and the header of a string.
    assert seen("python", *python.values())["data in a batch"] == (10_240, 17 + 49)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"not json", 0),
        (b"[]", 0),
        (b'{"name":1,"channels":[1,"a"],"data":{}}', 0),
        (b'{"channel":"a","data":"x"}', 50),
    ],
)
def test_any_body_is_measured(body: bytes, data: int) -> None:
    head = next(head_of(each) for each in CAPTURED if CLIENTS[each["library"]] == "python")
    assert seen("python", exchange(head, body))["data in a trigger"] == (30_720, data)


def test_a_client_that_is_only_near_to_a_library_has_no_limits_of_its_own() -> None:
    request: dict[str, Any] = next(each for each in CAPTURED if CLIENTS[each["library"]] == "python")
    head = head_of(request)
    other = head.replace(b"python-requests/2.34.2", b"python-requests/2.30.0")
    assert seen("python", exchange(other, request["body"].encode()))
    stranger = head.replace(b"X-Pusher-Library: pusher-http-python 3.3.4\r\n", b"X-Own: 1\r\n")
    [row] = recognised([exchange(stranger, request["body"].encode())], DEMO)
    assert row["limits"] == []
