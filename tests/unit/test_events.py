"""Bodies: to the byte what the official library sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wiretax.channels.events import (
    Event,
    batch_document,
    bodies,
    channel_names,
    data_string,
    encoder,
    trigger_document,
)
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import Workload

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "encoding.json").read_text())["bodies"]
DOCUMENT = {
    "text": "héllo ✓ \"quoted\" a/b <b>x=1&y='2'</b>",
    "n": 1,
    "f": 1.5,
    "list": [1, 2],
    "nil": None,
    "emoji": "\U0001f600",
    "ctl": "tab\there\nnewline",
}
READY = json.dumps(DOCUMENT, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    "captured",
    [each for each in GOLDEN if each["language"] == "Python"],
    ids=lambda each: f"{each['data_case']} {each['operation']}",
)
def test_the_python_profile_encodes_as_the_library_did(captured: dict[str, Any]) -> None:
    profile = load_profile("python")
    data = data_string(DOCUMENT if captured["data_case"] == "A" else READY, profile)
    event = Event("my-event", ("my-channel",), data)
    one = captured["operation"] == "trigger"
    document = trigger_document(event, profile) if one else batch_document([event] * 3, profile)
    assert encoder(profile.body_json)(document) == captured["body"].encode()
    assert len(data.encode()) == captured["data_bytes"]


def test_one_channel_as_a_string_where_a_library_sends_it_so() -> None:
    profile = msgspec.structs.replace(load_profile("reference"), trigger_keys=("name", "data", "channel"))
    assert trigger_document(Event("e", ("a",), "d"), profile) == {"name": "e", "data": "d", "channel": "a"}
    several = trigger_document(Event("e", ("a", "b"), "d"), profile)
    assert list(several) == ["name", "data", "channels"]
    assert several["channels"] == ["a", "b"]


def test_a_batch_keeps_the_librarys_order_of_keys() -> None:
    profile = msgspec.structs.replace(load_profile("reference"), event_keys=("name", "data", "channel"))
    next_body = bodies(Workload("batch", 2), profile, ["x", "y", "z"])
    item = b'{"name":"my-event","data":"%b","channel":"my-channel"}'
    assert next_body() == b'{"batch":[' + item % b"x" + b"," + item % b"y" + b"]}"
    assert next_body() == b'{"batch":[' + item % b"z" + b"," + item % b"x" + b"]}"


@pytest.mark.parametrize("client", ["reference", "python"])
@pytest.mark.parametrize("api", ["trigger", "multi_trigger"])
def test_a_trigger_is_the_document_of_its_event(client: str, api: Any) -> None:
    profile = load_profile(client)
    channels = 3 if api == "multi_trigger" else 1
    next_body = bodies(Workload(api, channels=channels, client=client), profile, ["one", "two"])
    expected = [
        encoder(profile.body_json)(trigger_document(Event("my-event", channel_names(channels), text), profile))
        for text in ("one", "two", "one")
    ]
    assert [next_body() for _ in range(3)] == expected
