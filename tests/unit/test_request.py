"""Heads: to the byte what the official library sends, and parts that add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.profiles import Profile, load_profile, profile_names
from wiretax.channels.request import RequestHead

CAPTURED = json.loads((Path(__file__).parents[1] / "golden" / "client-heads.json").read_text())["requests"]
APIS: dict[str, Any] = {
    "trigger_1_channel": "trigger",
    "trigger_3_channels": "multi_trigger",
    "batch_10_events": "batch",
}
CAPTURED_AT = Endpoint("http", "127.0.0.1", 18080, DEMO)
PYTHON = [each for each in CAPTURED if each["library"] == "pusher (RequestsBackend, default)"]


def head_of(captured: dict[str, Any]) -> bytes:
    lines = [captured["request_line"], *(f"{name}: {value}" for name, value in captured["headers"])]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


@pytest.mark.parametrize("captured", PYTHON, ids=lambda each: each["operation"])
def test_the_python_profile_reproduces_the_captured_head(captured: dict[str, Any]) -> None:
    head = RequestHead(CAPTURED_AT, load_profile("python"), APIS[captured["operation"]], "keep-alive")
    timestamp = int(captured["request_line"].split("auth_timestamp=")[1][:10])
    body = captured["body"].encode()
    assert head.render(body, timestamp) == head_of(captured)
    sizes = head.sizes(len(body))
    assert sizes.auth_query == captured["auth_query_bytes"]
    assert sizes.request_line + sizes.auth_query == captured["request_line_bytes"]
    # The capture counts the blank line with the header fields.
    assert sizes.headers == captured["header_field_bytes"]


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize("api", ["trigger", "multi_trigger", "batch"])
@pytest.mark.parametrize("length", [0, 9, 10, 99_999])
def test_parts_add_up_to_the_head(client: str, api: Any, length: int) -> None:
    head = RequestHead(CAPTURED_AT, load_profile(client), api, "keep-alive")
    sizes = head.sizes(length)
    rendered = head.render(b"x" * length, 1_795_479_409)
    assert sizes.request_line + sizes.auth_query + sizes.headers == len(rendered)
    assert rendered.endswith(b"\r\n\r\n")
    assert rendered.count(b"\r\n\r\n") == 1


def test_a_new_second_is_signed_anew() -> None:
    head = RequestHead(CAPTURED_AT, load_profile("reference"), "trigger", "keep-alive")
    first, later, again = (head.render(b"{}", second) for second in (1_795_479_409, 1_795_479_410, 1_795_479_409))
    assert first == again
    assert first != later
    assert len(first) == len(later)


def test_a_workload_may_close_where_the_library_would_not() -> None:
    kept = RequestHead(CAPTURED_AT, load_profile("python"), "trigger", "keep-alive").render(b"{}", 1_795_479_409)
    closed = RequestHead(CAPTURED_AT, load_profile("python"), "trigger", "close").render(b"{}", 1_795_479_409)
    assert b"Connection: keep-alive\r\n" in kept
    assert closed.count(b"Connection:") == 1
    assert b"Connection: close\r\n" in closed


def test_the_reference_head_is_the_smallest_of_all() -> None:
    sizes = {
        name: len(RequestHead(CAPTURED_AT, load_profile(name), "trigger", "keep-alive").render(b"", 1_795_479_409))
        for name in profile_names()
    }
    assert min(sizes, key=lambda name: sizes[name]) == "reference"


GOOD: dict[str, Any] = msgspec.to_builtins(load_profile("reference"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 2}, "schema 2"),
        ({"query": GOOD["query"][:4]}, "query"),
        ({"writes": 3}, "writes = 3"),
        ({"headers": [["Host", "{host}"]]}, "{content_length}"),
        ({"headers": [*GOOD["headers"], ["X-Odd", "100%"]]}, "%"),
        ({"trigger_keys": ["name"]}, "trigger_keys"),
        ({"event_keys": ["name", "data", "channels"]}, "event_keys"),
        ({"colour": "red"}, "colour"),
        ({"connection": "sometimes"}, "sometimes"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says.replace("{", r"\{")):
        msgspec.convert({**GOOD, **change}, Profile)


def test_an_unknown_profile_is_no_profile() -> None:
    with pytest.raises(KeyError):
        load_profile("cobol")
