"""Bodies: equal to those of the official libraries to the byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from captured import DOCUMENT, READY

from wiretax.channels.bodies.channel_names import channel_names
from wiretax.channels.bodies.events import (
    Event,
    batch_document,
    bodies,
    data_bytes,
    data_string,
    encoder,
    trigger_document,
)
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.profiles.json_style import JsonStyle
from wiretax.channels.workload import Workload

GOLDEN = json.loads((Path(__file__).parents[4] / "golden" / "encoding.json").read_text())["bodies"]


# The library a body was captured from, and the profiles that write it.
CLIENTS = {
    "pusher": {
        "Python": ("python", "python-aiohttp", "python-tornado"),
        "Node": ("node", "node-18"),
        "Ruby": ("ruby",),
    },
    "pusher/pusher-php-server": {"PHP": ("php",)},
    "pusher-http-go": {"Go": ("go",)},
    "pusher-http-java (Pusher)": {"Java": ("java",)},
    "pusher-http-java (PusherAsync)": {"Java": ("java-async",)},
    "PusherServer (pusher-http-dotnet)": {".NET": ("dotnet",)},
}


@pytest.mark.parametrize(
    ("captured", "client"),
    [
        pytest.param(each, client, id=f"{client} {each['data_case']} {each['operation']}")
        for each in GOLDEN
        for client in CLIENTS[each["library"]][each["language"]]
    ],
)
def test_a_profile_encodes_as_the_library_did(captured: dict[str, Any], client: str) -> None:
    profile = load_profile(client)
    given = DOCUMENT if captured["data_case"] == "A" else READY
    data = data_string(given, profile)
    event = Event("my-event", ("my-channel",), data)
    one = captured["operation"] == "trigger"
    document = trigger_document(event, profile) if one else batch_document([event] * 3, profile)
    assert encoder(profile.body_json)(document) == captured["body"].encode()
    assert len(data.encode()) == captured["data_bytes"]
    if given == READY:
        # A workload's payloads are ready strings too, and have to cost the same.
        workload = Workload.of("trigger") if one else Workload.of("batch", 3)
        assert bodies(workload, profile, [READY])() == captured["body"].encode()


# Every character that some library writes in a way of its own, and what may be mistaken for it.
ODD = "a/b<i>&'=\x7f\x85\u2028\u2029\b\f\x01\x1f\\b\\u007f\\"
GO = r"a/b\u003ci\u003e\u0026'=" + "\x7f\x85" + r"\u2028\u2029\u0008\u000c\u0001\u001f\\b\\u007f\\"
JAVA = "a/b<i>&'=\x7f\x85" + r"\u2028\u2029\b\f\u0001\u001f\\b\\u007f\\"
DOTNET = "a/b<i>&'=\x7f" + r"\u0085\u2028\u2029\b\f\u0001\u001f\\b\\u007f\\"
NODE = "a/b<i>&'=\x7f\x85\u2028\u2029" + r"\b\f\u0001\u001f\\b\\u007f\\"
PHP = r"a\/b<i>&'=" + "\x7f" + r"\u0085\u2028\u2029\b\f\u0001\u001f\\b\\u007f\\"
PYTHON = r"a/b<i>&'=\u007f\u0085\u2028\u2029\b\f\u0001\u001f\\b\\u007f\\"


@pytest.mark.parametrize(
    ("client", "inner", "outer"),
    [
        ("go", GO, GO),
        ("java", JAVA, JAVA),
        ("java-async", JAVA, JAVA),
        ("dotnet", DOTNET, DOTNET),
        ("node", NODE, NODE),
        ("ruby", NODE, NODE),
        ("php", PHP, PHP),
        ("python", NODE, PYTHON),
    ],
)
def test_each_character_is_escaped_as_the_library_does(client: str, inner: str, outer: str) -> None:
    profile = load_profile(client)
    assert encoder(profile.data_json)([ODD]).decode() == f'["{inner}"]'
    assert encoder(profile.body_json)([ODD]).decode() == f'["{outer}"]'


def test_null_members_are_dropped_at_any_depth_but_null_items_are_not() -> None:
    profile = load_profile("java")
    assert data_string({"a": None, "b": [None, {"c": None, "d": 1}]}, profile) == '{"b":[null,{"d":1}]}'


@pytest.mark.parametrize(
    ("style", "says"),
    [
        ({"item_separator": ";"}, "item_separator ';'"),
        ({"key_separator": ""}, "key_separator ''"),
        ({"escapes": {"ab": "ab"}}, "one character"),
        ({"escapes": {"<": r"\u003e"}}, "JSON reads as something else"),
        ({"escapes": {'"': '"'}}, "JSON reads as something else"),
        ({"escapes": {"/": "\\"}}, "JSON reads as something else"),
        ({"hex": "upper"}, "hex"),
    ],
)
def test_an_inconsistent_json_style_is_rejected(style: dict[str, Any], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(style, JsonStyle)


def test_one_channel_is_a_string_if_the_library_sends_it_so() -> None:
    profile = msgspec.structs.replace(load_profile("reference"), trigger_keys=("name", "data", "channel"))
    assert trigger_document(Event("e", ("a",), "d"), profile) == {"name": "e", "data": "d", "channel": "a"}
    several = trigger_document(Event("e", ("a", "b"), "d"), profile)
    assert list(several) == ["name", "data", "channels"]
    assert several["channels"] == ["a", "b"]


def test_a_batch_has_the_librarys_order_of_keys() -> None:
    profile = msgspec.structs.replace(load_profile("reference"), event_keys=("name", "data", "channel"))
    next_body = bodies(Workload.of("batch", 2), profile, ["x", "y", "z"])
    item = b'{"name":"my-event","data":"%b","channel":"my-channel"}'
    assert next_body() == b'{"batch":[' + item % b"x" + b"," + item % b"y" + b"]}"
    assert next_body() == b'{"batch":[' + item % b"z" + b"," + item % b"x" + b"]}"


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize(("kind", "size"), [("chat", 100), ("json", 1000)])
def test_the_received_data_has_the_stated_size(client: str, kind: str, size: int) -> None:
    profile = load_profile(client)
    workload = Workload.of(payload_bytes=size, payload_kind=kind, client=client)
    told = data_bytes(workload, profile)
    for text in payloads(kind, size, 5):
        arrived = json.loads(bodies(workload, profile, [text])())["data"]
        assert len(arrived.encode()) == told
        assert (json.loads(arrived) == text) == profile.encodes_ready_strings


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize("api", ["trigger", "multi_trigger"])
def test_a_trigger_encodes_the_document_of_its_event(client: str, api: Any) -> None:
    profile = load_profile(client)
    channels = 3 if api == "multi_trigger" else 1
    next_body = bodies(Workload.of(api, channels=channels, client=client), profile, ["one", "two"])
    expected = [
        encoder(profile.body_json)(
            trigger_document(Event("my-event", channel_names(channels), data_string(text, profile)), profile)
        )
        for text in ("one", "two", "one")
    ]
    assert [next_body() for _ in range(3)] == expected
