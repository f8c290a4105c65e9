"""What the mock takes and what it refuses, over a socket, held against the API reference."""

from __future__ import annotations

import json
import re
from itertools import islice, permutations
from typing import Any

import pytest
from mock_client import (
    BATCH,
    EVENTS,
    Answer,
    Client,
    batch_body,
    batch_item,
    ledger,
    publish,
    request,
    signed_target,
    timestamp,
    trigger_body,
)

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import difference
from wiretax.mock.process import embedded_mock

BODIES = {EVENTS: trigger_body(), BATCH: batch_body(batch_item(), batch_item())}
APIS = pytest.mark.parametrize("path", [EVENTS, BATCH], ids=["trigger", "batch"])

QUERY = ("auth_key", "auth_signature", "auth_timestamp", "auth_version", "body_md5")
# From the first order every position gets another parameter, and the md5 comes before and after the signature.
ORDERS = [*islice(permutations(QUERY), 0, None, 17), QUERY[::-1]]


def refused(mock: Endpoint, client: Client, sent: bytes, status: int, reason: str) -> Answer:
    """Send what has to be refused; shows that it is counted, takes nothing, and leaves the connection usable."""
    before = ledger(mock)
    answer = client.ask(sent)
    assert answer.status == status, answer.text
    assert answer.text
    assert client.ask(publish(EVENTS, trigger_body())).status == 200
    counted = difference(ledger(mock), before)
    assert counted["rejected"] == {reason: 1}
    # The one event is that of the request sent after the refused one.
    assert (counted["requests"], counted["events"], counted["messages"]) == (2, 1, 1)
    return answer


def taken(mock: Endpoint, client: Client, sent: bytes, events: int = 1, messages: int | None = None) -> Answer:
    """Send what has to be taken; shows that it is counted."""
    before = ledger(mock)
    answer = client.ask(sent)
    assert answer.status == 200, answer.text
    counted = difference(ledger(mock), before)
    assert counted["rejected"] == {}
    assert (counted["requests"], counted["events"], counted["messages"]) == (1, events, messages or events)
    return answer


# Success


@APIS
def test_success_is_an_empty_json_object(mock: Endpoint, client: Client, path: str) -> None:
    answer = taken(mock, client, publish(path, BODIES[path]), events=1 if path == EVENTS else 2)
    assert answer.headers == {"content-type": "application/json", "content-length": "2"}
    assert answer.body == b"{}"


def test_a_trigger_that_asks_for_info_gets_its_channels(mock: Endpoint, client: Client) -> None:
    channels = ["presence-b", "presence-a", "c"]
    body = trigger_body(channels=channels, info="user_count,subscription_count")
    answer = taken(mock, client, publish(EVENTS, body), messages=3)
    assert json.loads(answer.body) == {"channels": {channel: {} for channel in channels}}


@pytest.mark.parametrize("asking", [range(3), [0], [2]], ids=["each", "first", "last"])
def test_a_batch_that_asks_for_info_gets_as_many_items(mock: Endpoint, client: Client, asking: Any) -> None:
    items = [batch_item(info="subscription_count" if number in asking else None) for number in range(3)]
    answer = taken(mock, client, publish(BATCH, batch_body(*items)), events=3)
    assert json.loads(answer.body) == {"batch": [{}, {}, {}]}


@pytest.mark.parametrize("channels", [1, 2, 100])
def test_an_event_to_many_channels_counts_as_many_messages(mock: Endpoint, client: Client, channels: int) -> None:
    body = trigger_body(channels=[f"channel-{number}" for number in range(channels)])
    taken(mock, client, publish(EVENTS, body), messages=channels)


def test_one_channel_may_come_as_a_string(mock: Endpoint, client: Client) -> None:
    taken(mock, client, publish(EVENTS, trigger_body(channels=None, channel="my-channel")))


@pytest.mark.parametrize("body", [trigger_body(socket_id="1234.5678"), trigger_body(socket_id=None, extra=[1])])
def test_other_members_are_taken(mock: Endpoint, client: Client, body: bytes) -> None:
    taken(mock, client, publish(EVENTS, body))


# Authentication


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_query_parameters_are_taken_in_any_order(mock: Endpoint, client: Client, order: tuple[str, ...]) -> None:
    taken(mock, client, publish(EVENTS, trigger_body(), order=order))


@pytest.mark.parametrize(
    "extra",
    [{"a": "1"}, {"auth_w": "x"}, {"z": "a b&c=d/é", "auth": ""}, {"Upper": "Case"}],
    ids=["before", "between", "escaped", "upper case"],
)
class TestExtraParameters:
    """The reference signs every parameter of the query, unescaped, under its lower-cased name."""

    def test_are_taken_when_signed(self, mock: Endpoint, client: Client, extra: dict[str, str]) -> None:
        taken(mock, client, publish(EVENTS, trigger_body(), **extra))

    def test_are_refused_when_not(self, mock: Endpoint, client: Client, extra: dict[str, str]) -> None:
        signed_without = re.search("auth_signature=(.+)", signed_target(EVENTS, trigger_body()))[1]
        sent = publish(EVENTS, trigger_body(), **extra, auth_signature=signed_without)
        assert refused(mock, client, sent, 401, "signature").text == "Invalid signature"


UNAUTHORIZED: dict[str, tuple[dict[str, Any], str]] = {
    "another secret": ({"secret": "0" * 20}, "signature"),
    "another method signed": ({"method": "GET"}, "signature"),
    "signature of another length": ({"auth_signature": "0" * 63}, "signature"),
    "signature not hexadecimal": ({"auth_signature": "é" * 64}, "signature"),
    "unknown key": ({"auth_key": "f" * 20}, "auth_key"),
    "another version": ({"auth_version": "2.0"}, "auth_version"),
    "timestamp not a number": ({"auth_timestamp": "now"}, "timestamp"),
    "timestamp with a fraction": ({"auth_timestamp": timestamp() + ".0"}, "timestamp"),
    "timestamp in milliseconds": ({"auth_timestamp": timestamp() + "000"}, "timestamp"),
    "timestamp negative": ({"auth_timestamp": "-1"}, "timestamp"),
    "md5 of another body": ({"body_md5": "0" * 32}, "body_md5"),
    "md5 of another length": ({"body_md5": "0" * 31}, "signature"),
    **{f"no {name}": ({name: None}, "auth_missing") for name in QUERY},
}


@APIS
@pytest.mark.parametrize(("changes", "reason"), UNAUTHORIZED.values(), ids=UNAUTHORIZED)
def test_what_is_not_authenticated_is_refused(
    mock: Endpoint, client: Client, path: str, changes: dict[str, Any], reason: str
) -> None:
    refused(mock, client, publish(path, BODIES[path], **changes), 401, reason)


@pytest.mark.parametrize("second", ["the same", "another"])
@pytest.mark.parametrize("name", QUERY)
def test_a_parameter_given_twice_is_refused(mock: Endpoint, client: Client, name: str, second: str) -> None:
    target = signed_target(EVENTS, trigger_body())
    value = re.search(f"{name}=([^&]+)", target)[1] if second == "the same" else "1"
    refused(mock, client, request(f"{target}&{name}={value}", trigger_body()), 401, "auth_query")


@APIS
def test_a_request_without_a_query_is_refused(mock: Endpoint, client: Client, path: str) -> None:
    refused(mock, client, request(path, BODIES[path]), 401, "auth_missing")


@APIS
@pytest.mark.parametrize("changed", [b"hellO", b"hello "], ids=["same length", "longer"])
def test_a_body_changed_after_signing_is_refused(
    mock: Endpoint, client: Client, path: str, changed: bytes
) -> None:
    body = BODIES[path].replace(b"hello", changed, 1)
    refused(mock, client, request(signed_target(path, BODIES[path]), body), 401, "body_md5")


def test_a_target_signed_for_the_other_call_is_refused(mock: Endpoint, client: Client) -> None:
    target = signed_target(EVENTS, BODIES[BATCH]).replace(EVENTS, BATCH)
    refused(mock, client, request(target, BODIES[BATCH]), 401, "signature")


@APIS
@pytest.mark.parametrize("shift", [-601, 601, -86_400])
def test_a_timestamp_over_600_s_off_is_refused(mock: Endpoint, client: Client, path: str, shift: int) -> None:
    given = timestamp(shift)
    answer = refused(mock, client, publish(path, BODIES[path], auth_timestamp=given), 401, "timestamp")
    said = re.fullmatch(
        rf"Timestamp expired: Given timestamp \({given}\) not within 600s of server time \((\d+)\)", answer.text
    )
    assert said, answer.text
    assert int(said[1]) - int(given) == pytest.approx(-shift, abs=5)


@APIS
@pytest.mark.parametrize("shift", [-599, 599])
def test_a_timestamp_under_600_s_off_is_taken(client: Client, path: str, shift: int) -> None:
    assert client.ask(publish(path, BODIES[path], auth_timestamp=timestamp(shift))).status == 200


# Paths and methods

OTHER_APP = f"/apps/{DEMO.app_id}0"
MISDIRECTED = {
    "unknown app": ("POST", f"{OTHER_APP}/events", 401, "app_id"),
    "unknown app, batch": ("POST", f"{OTHER_APP}/batch_events", 401, "app_id"),
    "unknown call": ("POST", f"/apps/{DEMO.app_id}/eventz", 404, "path"),
    "call with a slash": ("POST", f"{EVENTS}/", 404, "path"),
    "another case": ("POST", f"/apps/{DEMO.app_id}/Events", 404, "path"),
    "no call": ("POST", f"/apps/{DEMO.app_id}", 404, "path"),
    "root": ("GET", "/", 404, "path"),
    "root, post": ("POST", "/", 404, "path"),
    "get": ("GET", EVENTS, 405, "method"),
    "get batch": ("GET", BATCH, 405, "method"),
    "put": ("PUT", EVENTS, 405, "method"),
    "delete": ("DELETE", EVENTS, 405, "method"),
}


@pytest.mark.parametrize(("method", "path", "status", "reason"), MISDIRECTED.values(), ids=MISDIRECTED)
def test_what_is_not_one_of_the_two_calls_is_refused(
    mock: Endpoint, client: Client, method: str, path: str, status: int, reason: str
) -> None:
    target = signed_target(path, trigger_body(), method=method)
    refused(mock, client, request(target, trigger_body(), method=method), status, reason)


# Bodies

NOT_JSON = {
    "empty": b"",
    "cut": trigger_body()[:-1],
    "two documents": trigger_body() * 2,
    "form": b"name=my-event&channel=my-channel&data=hello",
    "single quotes": b"{'name':'my-event','channels':['my-channel'],'data':'hello'}",
    "not UTF-8": trigger_body(data="@").replace(b"@", b"\xff"),
    "half a surrogate pair": trigger_body(data="@").replace(b"@", rb"\ud83d"),
    "raw control character": trigger_body(data="@").replace(b"@", b"\x00"),
    "nested too deeply": b'{"name":' + b"[" * 100_000,
    "null": b"null",
    "string": b'"hello"',
    "array": b"[" + trigger_body() + b"]",
}
BAD_TRIGGERS = {
    "a batch": batch_body(batch_item()),
    "no name": trigger_body(name=None),
    "no data": trigger_body(data=None),
    "no channel": trigger_body(channels=None),
    "name null": trigger_body().replace(b'"my-event"', b"null"),
    "name a number": trigger_body(name=1),
    "data an object": trigger_body(data={"hello": "world"}),
    "data a number": trigger_body(data=1),
    "data null": trigger_body().replace(b'"hello"', b"null"),
    "channels a string": trigger_body(channels="my-channel"),
    "channels an object": trigger_body(channels={"my-channel": 1}),
    "channels with a number": trigger_body(channels=["my-channel", 1]),
    "channel an array": trigger_body(channels=None, channel=["my-channel"]),
    "socket_id a number": trigger_body(socket_id=1234.5678),
    "info an array": trigger_body(info=["user_count"]),
}
BAD_BATCHES = {
    "a trigger": trigger_body(),
    "no batch": b"{}",
    "batch null": b'{"batch":null}',
    "batch an object": b'{"batch":' + trigger_body() + b"}",
    "batch a string": b'{"batch":"hello"}',
    "an item null": b'{"batch":[null]}',
    "an item a string": b'{"batch":["hello"]}',
    "no name in an item": batch_body(batch_item(), batch_item(name=None)),
    "no data in an item": batch_body(batch_item(), batch_item(data=None)),
    "no channel in an item": batch_body(batch_item(), batch_item(channel=None)),
    "channels in an item": batch_body(batch_item(channel=None, channels=["my-channel"])),
    "name a number": batch_body(batch_item(), batch_item(name=1)),
    "data an object": batch_body(batch_item(), batch_item(data={"hello": "world"})),
    "channel an array": batch_body(batch_item(), batch_item(channel=["my-channel"])),
    "not UTF-8 in an item": batch_body(batch_item(data="@")).replace(b"@", b"\xff"),
}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        *(
            pytest.param(EVENTS, body, id=f"trigger: {name}")
            for name, body in {**NOT_JSON, **BAD_TRIGGERS}.items()
        ),
        *(pytest.param(BATCH, body, id=f"batch: {name}") for name, body in {**NOT_JSON, **BAD_BATCHES}.items()),
    ],
)
def test_a_body_of_another_form_is_refused(mock: Endpoint, client: Client, path: str, body: bytes) -> None:
    refused(mock, client, publish(path, body), 400, "body")


# Sizes and names


@pytest.mark.parametrize("batch_size", [10, 50])
def test_the_events_a_batch_holds_are_bounded(batch_size: int) -> None:
    limits = Limits(batch_size=batch_size)
    with embedded_mock(limits, CostModel()) as mock, Client(mock) as client:
        for count in (1, batch_size):
            taken(mock, client, publish(BATCH, batch_body(*[batch_item()] * count)), events=count)
        for count in (0, batch_size + 1):
            body = batch_body(*[batch_item()] * count)
            answer = refused(mock, client, publish(BATCH, body), 400, "batch_size")
            assert f"{count} events" in answer.text
            assert f"{batch_size}" in answer.text


@pytest.mark.parametrize("count", [0, 101])
def test_the_channels_of_a_trigger_are_bounded(mock: Endpoint, client: Client, count: int) -> None:
    body = trigger_body(channels=[f"channel-{number}" for number in range(count)])
    answer = refused(mock, client, publish(EVENTS, body), 400, "channels")
    assert f"{count} channels" in answer.text
    assert "100" in answer.text


MOST_DATA = {
    "ASCII": "x" * 10_240,
    "quotes": '"' * 10_240,
    "two bytes a character": "é" * 5_120,
    "three bytes a character": "€" * 3_413 + "x",
    "four bytes a character": "👍" * 2_560,
}
MAKERS = {
    "trigger": (EVENTS, lambda data: trigger_body(data=data)),
    "batch": (BATCH, lambda data: batch_body(batch_item(data=data))),
}


@pytest.mark.parametrize("escaped", [False, True], ids=["as UTF-8", "escaped"])
@pytest.mark.parametrize(("path", "make_body"), MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("most", MOST_DATA.values(), ids=MOST_DATA)
class TestDataSize:
    """The limit of 10 kB is one of the data's UTF-8 bytes, whatever JSON makes of it."""

    @staticmethod
    def sent(path: str, body: bytes, escaped: bool) -> bytes:
        return publish(path, json.dumps(json.loads(body)).encode() if escaped else body)

    def test_10240_bytes_are_taken(
        self, mock: Endpoint, client: Client, path: str, make_body: Any, most: str, escaped: bool
    ) -> None:
        taken(mock, client, self.sent(path, make_body(most), escaped))

    def test_one_more_is_refused(
        self, mock: Endpoint, client: Client, path: str, make_body: Any, most: str, escaped: bool
    ) -> None:
        sent = self.sent(path, make_body(most + "x"), escaped)
        answer = refused(mock, client, sent, 413, "data_bytes")
        assert "exceeds the allowed maximum (10240 bytes)" in answer.text


def test_a_full_batch_of_full_events_is_taken_however_it_is_escaped(mock: Endpoint, client: Client) -> None:
    body = batch_body(*[batch_item(data="@" * 10_240)] * 10).replace(b"@", rb"\u0040")
    taken(mock, client, publish(BATCH, body), events=10)


@pytest.mark.parametrize(("path", "make_body"), MAKERS.values(), ids=MAKERS)
def test_the_data_limit_can_be_set(path: str, make_body: Any) -> None:
    with embedded_mock(Limits(data_bytes=20_000), CostModel()) as mock, Client(mock) as client:
        taken(mock, client, publish(path, make_body("x" * 20_000)))
        refused(mock, client, publish(path, make_body("x" * 20_001)), 413, "data_bytes")


GOOD_NAMES = {
    "channel of 164 characters": ("channel", "c" * 164),
    "channel of one character": ("channel", "c"),
    "channel of every character": ("channel", "azAZ09_-=@,.;"),
    "event of 200 characters": ("name", "e" * 200),
    "event of 200 others": ("name", "é" * 200),
    "event of any character": ("name", 'é ✓ "/\\'),
}
NOT_UTF_8 = {
    "in the data": b'{"name":"e","channels":["c"],"data":"\xff"}',
    "in another member": b'{"name":"e","channels":["c"],"data":"x","other":"\xff"}',
    "in the name of a member": b'{"name":"e","channels":["c"],"data":"x","\xff":1}',
    "of a surrogate": b'{"name":"e","channels":["c"],"data":"x","other":"\xed\xa0\x80"}',
}


@pytest.mark.parametrize("body", NOT_UTF_8.values(), ids=NOT_UTF_8)
def test_a_body_that_is_not_utf_8_is_refused_wherever(mock: Endpoint, client: Client, body: bytes) -> None:
    assert "utf-8" in refused(mock, client, publish(EVENTS, body), 400, "body").text


LONE = {
    "first half at the end": rb"\ud800",
    "first half before text": rb"\uD83Dx",
    "first half before another escape": rb"\ud83d\u0041",
    "second half": rb"\udc00\ud83d",
    "behind a pair": rb"\ud83d\ude00\\\ud800",
}


@pytest.mark.parametrize("data", LONE.values(), ids=LONE)
def test_half_a_surrogate_pair_is_refused_by_its_name(mock: Endpoint, client: Client, data: bytes) -> None:
    body = b'{"name":"e","channels":["c"],"data":"%s"}' % data
    assert "is half of a surrogate pair" in refused(mock, client, publish(EVENTS, body), 400, "body").text


def test_a_document_cut_short_is_not_called_a_surrogate(mock: Endpoint, client: Client) -> None:
    body = rb'{"name":"e","channels":["c"],"data":"\ud83d\ude00\\ud800'
    assert "truncated" in refused(mock, client, publish(EVENTS, body), 400, "body").text


BAD_NAMES = {
    "channel of 165 characters": ("channel", "c" * 165, "channel_name"),
    "channel empty": ("channel", "", "channel_name"),
    **{f"channel with {bad!r}": ("channel", f"my{bad}channel", "channel_name") for bad in " #/:!+*é\n\0"},
    "channel that ends in a line": ("channel", "my-channel\n", "channel_name"),
    "event of 201 characters": ("name", "e" * 201, "event_name"),
    "event empty": ("name", "", "event_name"),
}


def named(path: str, member: str, name: str) -> bytes:
    """A call whose last channel or event has this name."""
    if path == BATCH:
        return batch_body(batch_item(), batch_item(**{member: name}))
    return trigger_body(**({"channels": ["my-channel", name]} if member == "channel" else {member: name}))


@APIS
@pytest.mark.parametrize(("member", "name"), GOOD_NAMES.values(), ids=GOOD_NAMES)
def test_names_within_the_limits_are_taken(client: Client, path: str, member: str, name: str) -> None:
    assert client.ask(publish(path, named(path, member, name))).status == 200


@APIS
@pytest.mark.parametrize(("member", "name", "reason"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_names_beyond_them_are_refused(
    mock: Endpoint, client: Client, path: str, member: str, name: str, reason: str
) -> None:
    refused(mock, client, publish(path, named(path, member, name)), 400, reason)


@pytest.mark.parametrize("name", ["", "bad channel", "c" * 165])
def test_one_channel_as_a_string_is_checked_too(mock: Endpoint, client: Client, name: str) -> None:
    refused(mock, client, publish(EVENTS, trigger_body(channels=None, channel=name)), 400, "channel_name")


BAD_ITEMS = {
    "channel": (batch_item(channel="bad channel"), 400, "channel_name"),
    "name": (batch_item(name="e" * 201), 400, "event_name"),
    "data": (batch_item(data="x" * 10_241), 413, "data_bytes"),
    "type": (batch_item(data=1), 400, "body"),
}


@pytest.mark.parametrize("place", [0, 5, 9], ids=["first", "middle", "last"])
@pytest.mark.parametrize(("item", "status", "reason"), BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_a_batch_with_one_bad_item_is_refused_whole(
    mock: Endpoint, client: Client, item: dict[str, Any], status: int, reason: str, place: int
) -> None:
    items = [batch_item()] * 10
    items[place] = item
    refused(mock, client, publish(BATCH, batch_body(*items)), status, reason)
