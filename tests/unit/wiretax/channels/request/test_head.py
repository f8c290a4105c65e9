"""Heads: equal to those of the official libraries to the byte, with parts that add up."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
import pytest
from captured import CAPTURED, CLIENTS, head_of

from analysis.measures.clients import OFFICIAL
from wiretax.channels.bodies.channel_names import channel_names
from wiretax.channels.bodies.events import Event, batch_document, data_string, encoder, trigger_document
from wiretax.channels.endpoint import DEMO, Credentials, Endpoint
from wiretax.channels.profiles import Profile, ProfileError, load_profile, parse_profile, profile_names
from wiretax.channels.request.head import RequestHead
from wiretax.load.plan.reading import load_plan
from wiretax.wire.publishers.request_source import RequestSource

APIS: dict[str, Any] = {
    "trigger_1_channel": "trigger",
    "trigger_3_channels": "multi_trigger",
    "batch_10_events": "batch",
}
CAPTURED_AT = Endpoint("http", "127.0.0.1", 18080, DEMO)


def profile_of(captured: dict[str, Any]) -> Profile:
    """The capture's profile; with the traceparent where the application was inside an Activity."""
    profile = load_profile(CLIENTS[captured["library"]])
    given = [(name, value) for name, value in captured["headers"] if name == "traceparent"]
    headers = profile.headers[:-2] + tuple(given) + profile.headers[-2:]
    return msgspec.structs.replace(profile, headers=headers)


def timestamp_of(captured: dict[str, Any]) -> int:
    return int(captured["request_line"].split("auth_timestamp=")[1][:10])


@pytest.mark.parametrize("captured", CAPTURED, ids=lambda each: f"{each['library']} {each['operation']}")
def test_a_profile_reproduces_the_captured_request(captured: dict[str, Any]) -> None:
    profile = profile_of(captured)
    api = APIS[captured["operation"]]
    # The same data everywhere: a document for those that encode a string once more, else a ready string.
    data = data_string({"hello": "world"} if profile.encodes_ready_strings else '{"hello":"world"}', profile)
    event = Event("my-event", channel_names(3 if api == "multi_trigger" else 1), data)
    document = batch_document([event] * 10, profile) if api == "batch" else trigger_document(event, profile)
    body = encoder(profile.body_json)(document)
    head = RequestHead(CAPTURED_AT, profile, api, profile.connection)
    assert body == captured["body"].encode()
    assert head.render(body, timestamp_of(captured)) == head_of(captured)
    sizes = head.sizes(len(body))
    assert sizes.auth_query == captured["auth_query_bytes"]
    assert sizes.request_line + sizes.auth_query == captured["request_line_bytes"]
    # The capture counts the blank line with the header fields.
    assert sizes.headers == captured["header_field_bytes"]
    # And the size at the service itself, whose port is the scheme's default.
    service = RequestHead(Endpoint("https", "api-mt1.pusher.com", 443, DEMO), profile, api, profile.connection)
    assert len(service.render(body, timestamp_of(captured))) == captured["head_bytes_to_api_mt1_pusher_com"]


def test_every_profile_but_the_reference_was_captured() -> None:
    assert {*CLIENTS.values(), "reference"} == set(profile_names())
    assert {each["library"] for each in CAPTURED} == set(CLIENTS)
    assert len(CAPTURED) == 57


def test_a_profile_closes_connections_if_the_captured_library_did() -> None:
    connections = {each["library"]: each["connections_for_9_calls"] for each in CAPTURED}
    # One process or session for all calls is how a program would use the other two.
    del connections["curl 7.88.1, one process with --next (comparator)"]
    del connections["requests.post without a Session (comparator)"]
    for library, count in connections.items():
        assert load_profile(CLIENTS[library]).connection == ("keep-alive" if count == 1 else "close"), library


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


def test_a_new_second_is_signed_again() -> None:
    head = RequestHead(CAPTURED_AT, load_profile("reference"), "trigger", "keep-alive")
    first, later, again = (head.render(b"{}", second) for second in (1_795_479_409, 1_795_479_410, 1_795_479_409))
    assert first == again
    assert first != later
    assert len(first) == len(later)


def test_bodies_of_different_lengths_are_signed_in_turn() -> None:
    head = RequestHead(CAPTURED_AT, load_profile("reference"), "trigger", "keep-alive")
    lengths = [2, 900, 2, 70_000, 900]
    rendered = [head.render(b"x" * length, 1_795_479_409) for length in lengths]
    assert [int(each.split(b"Content-Length: ")[1].split(b"\r\n")[0]) for each in rendered] == lengths
    assert rendered[0] == rendered[2]
    assert rendered[1] == rendered[4]


def test_a_workload_may_close_a_connection_that_the_library_would_keep() -> None:
    kept = RequestHead(CAPTURED_AT, load_profile("python"), "trigger", "keep-alive").render(b"{}", 1_795_479_409)
    closed = RequestHead(CAPTURED_AT, load_profile("python"), "trigger", "close").render(b"{}", 1_795_479_409)
    assert b"Connection: keep-alive\r\n" in kept
    assert closed.count(b"Connection:") == 1
    assert b"Connection: close\r\n" in closed


def test_a_workload_may_keep_a_connection_that_the_library_would_close() -> None:
    def head(client: str) -> bytes:
        return RequestHead(CAPTURED_AT, load_profile(client), "trigger", "keep-alive").render(b"{}", 1_795_479_409)

    # The header keeps its place: Node 18 told to keep connections sends what Node 20 sends by itself.
    assert head("node-18") == head("node")
    # One that says nothing keeps by saying nothing.
    assert b"Connection" not in head("curl")


def test_the_date_is_the_second_of_the_signature() -> None:
    head = RequestHead(CAPTURED_AT, load_profile("ruby"), "trigger", "keep-alive")
    assert b"Date: Tue, 24 Nov 2026 00:16:49 GMT\r\n" in head.render(b"{}", 1_795_479_409)
    assert b"Date: Tue, 24 Nov 2026 00:16:50 GMT\r\n" in head.render(b"{}", 1_795_479_410)


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_a_default_port_is_written_if_the_library_writes_it(scheme: str, port: int) -> None:
    for host, written in (("api.example", b"api.example"), ("::1", b"[::1]")):
        endpoint = Endpoint(scheme, host, port, DEMO)
        ruby, go = (
            RequestHead(endpoint, load_profile(client), "trigger", "keep-alive").render(b"{}", 1_795_479_409)
            for client in ("ruby", "go")
        )
        assert b"Host: %b:%d\r\n" % (written, port) in ruby
        assert b"Host: %b\r\n" % written in go


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
        ({"headers": [*GOOD["headers"], ["Date", "{time}"]]}, "unknown placeholder"),
        ({"default_port_in_host": "yes"}, "default_port_in_host"),
        ({"encodes_ready_strings": 1}, "encodes_ready_strings"),
        ({"data_json": {"item_separator": ";"}}, "item_separator"),
        ({"trigger_keys": ["name"]}, "trigger_keys"),
        ({"event_keys": ["name", "data", "channels"]}, "event_keys"),
        ({"colour": "red"}, "colour"),
        ({"connection": "sometimes"}, "sometimes"),
    ],
)
def test_an_inconsistent_profile_is_rejected(change: dict[str, Any], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says.replace("{", r"\{")):
        msgspec.convert({**GOOD, **change}, Profile)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema = 1\ncolour = 'red'\n", "profile mine.toml: .*colour.*its keys are schema, name"),
        ("schema =", "mine"),
    ],
)
def test_an_invalid_profile_file_is_named(text: str, says: str) -> None:
    with pytest.raises(ProfileError, match=says):
        parse_profile("mine", text)


def test_an_unknown_profile_is_an_error() -> None:
    with pytest.raises(KeyError):
        load_profile("cobol")


@pytest.mark.parametrize(("signs_prefix", "signed"), [(False, "/apps/7/events"), (True, "/ws/apps/7/events")])
def test_a_prefix_is_in_the_request_line_and_signed_if_asked_for(signs_prefix: bool, signed: str) -> None:
    endpoint = Endpoint("http", "h", 80, Credentials("7", "k", "s"), "/ws", signs_prefix)
    profile = load_profile("python")
    head = RequestHead(endpoint, profile, "trigger", profile.connection)
    line = head.render(b"{}", 1_700_000_000).partition(b"\r\n")[0].decode()
    path, _, query = line.split(" ")[1].partition("?")
    given = dict(pair.split("=") for pair in query.split("&"))
    text = "&".join(f"{key}={given[key]}" for key in sorted(given) if key != "auth_signature")
    digest = hmac.new(b"s", f"POST\n{signed}\n{text}".encode(), hashlib.sha256).hexdigest()
    assert path == "/ws/apps/7/events"
    assert given["auth_signature"] == digest
    sizes = head.sizes(2)
    assert sizes.request_line + sizes.auth_query == len(line) + 2


def test_the_clients_plan_sends_the_captured_heads() -> None:
    captured = {
        (CLIENTS[each["library"]], APIS[each["operation"]]): each["head_bytes"]
        for each in CAPTURED
        if "Activity" not in each["library"]
    }
    workloads = [each for each in load_plan("clients").workloads if each.transport.client != "reference"]
    assert {each.transport.client for each in workloads} == set(CLIENTS.values())
    for workload in workloads:
        # A mock's port has five digits, as the captures' had.
        source = RequestSource.of(workload, CAPTURED_AT, 1)
        head = source.head.render(source.next_body(), 1_700_000_000)
        if (workload.transport.client, workload.call.api) in captured:
            assert len(head) == captured[workload.transport.client, workload.call.api], workload.name
        else:
            assert (workload.call.api, workload.transport.client in OFFICIAL) == ("batch", False)
