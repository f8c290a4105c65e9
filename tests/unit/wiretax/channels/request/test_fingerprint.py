"""Recognition: every captured head matches its library, and alterations are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from captured import CAPTURED, CLIENTS, head_of

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.request.fingerprint import Difference, recognise
from wiretax.channels.request.head import RequestHead
from wiretax.channels.request.parser import Publication, read_publication

ENCODED = json.loads((Path(__file__).parents[4] / "golden" / "encoding.json").read_text())["bodies"]
NODE = next(head_of(each) for each in CAPTURED if each["library"] == "pusher (npm)")


@pytest.mark.parametrize("captured", CAPTURED, ids=lambda each: f"{each['library']} {each['operation']}")
def test_a_captured_request_matches_its_library(captured: dict[str, Any]) -> None:
    found = recognise(head_of(captured))
    assert found.profile == CLIENTS[captured["library"]]
    # An application inside an Activity adds one header, whose value is its own.
    added = [value for name, value in captured["headers"] if name == "traceparent"]
    assert found.differences == tuple(Difference("added", "traceparent", found=value) for value in added)


@pytest.mark.parametrize("name", profile_names())
def test_a_rendered_head_matches_its_profile(name: str) -> None:
    profile = load_profile(name)
    head = RequestHead(Endpoint("http", "example.org", 80, DEMO), profile, "batch", profile.connection)
    found = recognise(head.render(b"{}", 1_700_000_000))
    assert (found.profile, found.differences) == (name, ())


@pytest.mark.parametrize(
    ("altered", "difference", "said"),
    [
        (
            NODE.replace(b"node 5.3.4", b"node 5.9.0"),
            Difference("value", "x-pusher-library", "pusher-http-node 5.3.4", "pusher-http-node 5.9.0"),
            "x-pusher-library: other value 'pusher-http-node 5.9.0' (the profile has 'pusher-http-node 5.3.4')",
        ),
        (
            NODE.replace(b"Accept: */*\r\n", b""),
            Difference("missing", "Accept", "*/*"),
            "Accept: missing (the profile has '*/*')",
        ),
        (
            NODE.replace(b"Accept: */*\r\n", b"Accept: */*\r\nX-Trace: 1\r\n"),
            Difference("added", "X-Trace", found="1"),
            "X-Trace: added ('1')",
        ),
        (
            NODE.replace(b"\r\nAccept: ", b"\r\naccept: "),
            Difference("case", "accept", "Accept", "accept"),
            "accept: other case (the profile has Accept)",
        ),
        (
            NODE.replace(b"Accept: */*\r\n", b"").replace(b"\r\n\r\n", b"\r\nAccept: */*\r\n\r\n"),
            Difference("place", "Accept", "after content-type", "after Connection"),
            "Accept: other place (after Connection; the profile: after content-type)",
        ),
        (
            NODE.replace(b"Content-Length: ", b"Content-Length: ~"),
            Difference("value", "Content-Length", "{content_length}", "~76"),
            "Content-Length: other value '~76' (the profile has '{content_length}')",
        ),
        (
            NODE.replace(b"Accept: */*", b"Accept:*/*"),
            Difference("spacing", "Accept"),
            "Accept: other spacing (the profile has one space before the value, none after)",
        ),
        (
            NODE.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n"),
            Difference("value", "request line", "POST HTTP/1.1", "POST HTTP/1.0"),
            "request line: other value 'POST HTTP/1.0' (the profile has 'POST HTTP/1.1')",
        ),
        (
            NODE.replace(b"\r\n\r\n", b"\r\nX-Api-Key: hidden\r\n\r\n"),
            Difference("added", "X-Api-Key", found="(not shown)"),
            "X-Api-Key: added ('(not shown)')",
        ),
    ],
    ids=["version", "missing", "added", "case", "place", "form", "spacing", "request line", "private"],
)
def test_an_alteration_is_the_only_difference(altered: bytes, difference: Difference, said: str) -> None:
    assert altered != NODE
    found = recognise(altered)
    assert found.profile == "node"
    assert found.differences == (difference,)
    assert str(found.differences[0]) == said


def test_a_reordered_query_is_one_difference() -> None:
    path, _, rest = NODE.partition(b"?")
    query, _, headers = rest.partition(b" ")
    turned = b"&".join(reversed(query.split(b"&")))
    (difference,) = recognise(path + b"?" + turned + b" " + headers).differences
    assert (difference.kind, difference.name) == ("place", "query")


def test_an_unknown_head_gets_the_closest_profile() -> None:
    found = recognise(b"GET / HTTP/1.1\r\n\r\n")
    assert found.differences


@pytest.mark.parametrize("encoded", ENCODED, ids=lambda each: f"{each['library']} {each['operation']}")
def test_events_and_their_data_are_read_as_a_server_reads_them(encoded: dict[str, Any]) -> None:
    batch = encoded["operation"] != "trigger"
    path = b"/apps/1/batch_events?auth_key=k" if batch else b"/apps/1/events?auth_key=k"
    published = read_publication(path, encoded["body"].encode())
    assert published is not None
    assert published.api == ("batch" if batch else "trigger")
    assert published.events == (3 if batch else 1)
    assert published.payload_bytes == published.events * encoded["data_bytes"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (b"/apps/1/events", b'{"channels":["a","b"],"data":"xy"}', Publication("multi_trigger", 1, 2, 2)),
        (b"/apps/1/events", b"not json", Publication("trigger", 0, 1, 0)),
        (b"/apps/1/events", b'{"channel":"a","data":{"not":"a string"}}', Publication("trigger", 1, 1, 0)),
        (b"/apps/1/batch_events", b'{"batch":"no list"}', Publication("batch", 0, 1, 0)),
        (b"/apps/1/channels", b"", None),
        (b"/events", b"{}", None),
    ],
)
def test_invalid_events_count_as_none(path: bytes, body: bytes, expected: Publication | None) -> None:
    assert read_publication(path, body) == expected
