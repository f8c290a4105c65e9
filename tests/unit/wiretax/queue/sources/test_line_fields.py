"""A user's own events arrive unchanged: strings byte for byte, documents with their digits, order and repeats."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.bodies.events import Event, body_writer
from wiretax.channels.bodies.weighed import weighed_bodies
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.validation import library_check
from wiretax.channels.workload import Api, Workload
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import parse_plan
from wiretax.load.plan.replay import read_replay, replaying
from wiretax.queue.redis.entry import read_entry
from wiretax.queue.sources.jsonl import JsonLines
from wiretax.queue.sources.lines import LineError, LineParser

CLIENTS = profile_names()
MORE = '{"name":"e","channel":"c","data":"x",%s}'
TRIGGER = '{"name":"e","channel":"c","data":%s}'
LONG_ID = "12345678901234567890123"
# Each is a number of JSON; read as a float, each would be another or none.
NUMBERS = [
    LONG_ID,
    "1.0",
    "-0",
    "-0.0",
    "1E5",
    "1e999",
    "0.1000000000000000055511151231257827",
    "9" * 400,
    "1e-400",
]
SPACES = st.text(" \t\r", max_size=2)
STRINGS = st.text(max_size=6).flatmap(
    lambda text: st.sampled_from(
        [json.dumps(text), json.dumps(text, ensure_ascii=False), json.dumps(text).replace("/", "\\/")]
    )
)
KEYS = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"/"']) | STRINGS


@st.composite
def containers(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """A list or an object, with any spaces, and with keys that may come again."""
    items = draw(st.lists(inner, max_size=3))
    is_list = draw(st.booleans())
    spaced = [
        draw(SPACES) + ("" if is_list else draw(KEYS) + draw(SPACES) + ":" + draw(SPACES)) + item + draw(SPACES)
        for item in items
    ]
    return ("[%s]" if is_list else "{%s}") % (",".join(spaced) or draw(SPACES))


DOCUMENTS = st.recursive(
    st.sampled_from([*NUMBERS, "null", "true", "false"]) | STRINGS, containers, max_leaves=8
).filter(lambda text: not text.startswith('"'))


def tree(text: str) -> Any:
    """A document with its numbers as they are written, and its members in their order."""
    return json.loads(
        text,
        parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits),
        object_pairs_hook=lambda members: ("object", members),
    )


@cache
def writer(api: Api, client: str) -> Any:
    return body_writer(api, load_profile(client))


def read(line: str) -> Event:
    [event] = LineParser("mine", Limits(), "stop", pytest.fail).events(iter([line.encode()]))
    return event


def sent(event: Event, api: Api, client: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(writer(api, client)([event]))
    return body["batch"][0] if api == "batch" else body


@given(text=DOCUMENTS)
def test_a_document_is_the_same_document_in_each_librarys_body(text: str) -> None:
    event = read(TRIGGER % text)
    for client in CLIENTS:
        for api in get_args(Api):
            assert tree(sent(event, api, client)["data"]) == tree(text)


@given(text=st.text(max_size=40))
def test_a_string_is_the_same_string_in_each_librarys_body(text: str) -> None:
    lines = [TRIGGER % json.dumps(text, ensure_ascii=ascii_only) for ascii_only in (False, True)]
    fields = {b"name": b"e", b"channel": b"c", b"data": text.encode()}
    for event in [*map(read, lines), read_entry(b"1700000000000-0", fields, Limits())[0]]:
        assert event.data == text
        for client in CLIENTS:
            data = sent(event, "batch", client)["data"]
            # Some libraries encode a string once more, whatever it holds.
            assert (json.loads(data) if load_profile(client).encodes_ready_strings else data) == text


@pytest.mark.parametrize(
    ("client", "data"),
    [
        ("reference", '{"id":%s,"text":"Zoë <b>/","nil":null,"id":1}'),
        ("python", '{"id": %s, "text": "Zoë <b>/", "nil": null, "id": 1}'),
        ("php", r'{"id":%s,"text":"Zo\u00eb <b>\/","nil":null,"id":1}'),
        ("go", r'{"id":%s,"text":"Zoë \u003cb\u003e/","nil":null,"id":1}'),
        ("java", '{"id":%s,"text":"Zoë <b>/","nil":null,"id":1}'),
    ],
)
def test_the_library_decides_on_spaces_and_escapes_only(client: str, data: str) -> None:
    event = read(TRIGGER % r'{ "id": %s, "text": "Zo\u00eb \u003cb>\/", "nil": null, "id": 1 }' % LONG_ID)
    assert sent(event, "trigger", client)["data"] == data % LONG_ID


@pytest.mark.parametrize(
    "line",
    ['{"name":"e","channel":"c","data":"x","n":1e999}', '{"n":1e999,"name":"e","channel":"c","data":"x"}'],
)
def test_a_number_that_no_float_holds_is_no_obstacle(line: str) -> None:
    [event] = LineParser("mine", Limits(), "stop", pytest.fail).events(iter([line.encode()]))
    assert event == Event("e", ("c",), "x")


@pytest.mark.parametrize(
    "line",
    [
        '{"name":1e999,"channel":"c","data":"x"}',
        TRIGGER % '[1e999,"\\ud800"]',
        TRIGGER % "1e999" + "}",
        TRIGGER % "[1e999,01]",
        '{"name":"e","channel":"c","data":1e999,"x":NaN}',
    ],
)
def test_what_is_not_json_is_refused_beside_such_a_number(line: str) -> None:
    with pytest.raises(LineError, match=r"^mine, line 1: not JSON \(") as caught:
        read(line)
    assert "\n" not in str(caught.value)


OPTIONS = '{"name":"e","%s":%s,"data":"x","socket_id":"12.34","info":"user_count,subscription_count"}'


def test_the_options_of_an_event_are_sent_where_its_library_puts_them() -> None:
    event = read(OPTIONS % ("channel", '"presence-c"'))
    options = {"socket_id": "12.34", "info": "user_count,subscription_count"}
    for client in CLIENTS:
        profile = load_profile(client)
        for api, keys in (("trigger", profile.trigger_keys), ("batch", profile.event_keys)):
            body = sent(event, api, client)
            assert list(body) == list(keys)
            assert {key: body[key] for key in options if key in keys} == {
                key: value for key, value in options.items() if key in keys
            }
    entry = {
        b"name": b"e",
        b"channel": b"presence-c",
        b"data": b"x",
        b"socket_id": b"12.34",
        b"info": b"user_count",
    }
    event, _ = read_entry(b"1700000000000-0", entry, Limits())
    assert (event.socket_id, event.info) == ("12.34", "user_count")


def test_a_replay_keeps_the_options_for_each_channel(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(OPTIONS % ("channels", '["presence-a","presence-b"]'))
    replay = read_replay(str(file), Limits(), "stop", pytest.fail)
    workload = Workload.of(api="batch", batch_size=2)
    next_body = weighed_bodies(workload, load_profile("reference"), replay.sent_by(workload))
    items = json.loads(next_body())["batch"]
    assert [item["channel"] for item in items] == ["presence-a", "presence-b"]
    assert {item["socket_id"] for item in items} == {"12.34"}
    many = Workload.of(api="multi_trigger", channels=3)
    body = json.loads(weighed_bodies(many, load_profile("reference"), replay.sent_by(many))())
    assert (len(body["channels"]), body["info"]) == (3, "user_count,subscription_count")


@pytest.mark.parametrize(
    ("client", "api", "says"),
    [
        (
            "python",
            "trigger",
            "pusher 3.3.4 (client python) has no way to send info in a trigger; remove it, or name ",
        ),
        (
            "java",
            "batch",
            "pusher-http-java 1.3.5 (client java) has no way to send info in a batch; remove it, or ",
        ),
    ],
)
def test_what_a_library_cannot_send_is_not_sent_in_its_name(
    client: str, api: Api, says: str, tmp_path: Path
) -> None:
    line = '{"name":"e","channel":"c","data":"x","info":"subscription_count"}'
    size = {"batch_size": 2} if api == "batch" else {}
    check = library_check(Workload.of(api, client=client))
    with pytest.raises(LineError, match="has no way to send info") as caught:
        list(LineParser("mine", Limits(), "stop", pytest.fail, check).events(iter([line.encode()])))
    assert says in str(caught.value)
    file = tmp_path / "mine.jsonl"
    file.write_text(line)
    plan = parse_plan(
        {"schema": 1, "name": "p", "workload": [{"api": api, "client": client, "payload_bytes": 100, **size}]}
    )
    with pytest.raises(PlanError, match=r"event 1: .* has no way to send info"):
        replaying(plan, read_replay(str(file), Limits(), "stop", pytest.fail))
    assert library_check(Workload.of(api)) is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ('"socket_id":"12"', "Invalid socket_id: 12, expected digits like 123.456"),
        ('"socket_id":12.5', "socket_id is a number, expected a string"),
        ('"socket_id":false', "socket_id is true or false, expected a string"),
        ('"info":"users"', "Unknown info attribute: users, expected user_count or subscription_count"),
        ('"info":["user_count"]', "info is a list, expected a string"),
    ],
)
def test_an_option_that_the_service_would_refuse_is_refused(fields: str, says: str) -> None:
    with pytest.raises(LineError) as caught:
        read(MORE % fields)
    assert str(caught.value) == f"mine, line 1: {says}"


def test_an_option_that_is_null_is_not_given() -> None:
    event = read('{"name":"e","channel":"c","data":"x","socket_id":null,"info":null}')
    assert "socket_id" not in sent(event, "trigger", "reference")


def test_a_field_that_is_not_sent_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    odd = ",".join(f'"x{number}":1' for number in range(100))
    lines = ['"id":7', '"id":8,"ts":9', '"%s":0' % ("long" * 50), odd]
    file.write_text("\n".join(MORE % each for each in lines))
    said: list[str] = []
    source = JsonLines(str(file), Limits(), "stop", said.append)
    source.start()
    taken = 0
    while arrivals := source.take(10, 0):
        taken += len(arrivals)
    assert (taken, source.error, source.counts.skipped) == (4, None, 0)
    replayed: list[str] = []
    read_replay(str(file), Limits(), "stop", replayed.append)
    assert replayed == said
    assert said[:2] == [
        f"{file}, line {number}: field {field!r} is not sent, here and in later events; an event has name, "
        "channel or channels, data, socket_id and info"
        for number, field in ((1, "id"), (2, "ts"))
    ]
    assert max(map(len, said)) < 300
    assert len(said) == 10
    assert said[-1].endswith("; other such fields are not named")


@pytest.mark.parametrize("client", ["python", "go"])
def test_a_document_that_a_library_makes_too_large_is_refused_before_anything_is_sent(
    client: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(TRIGGER % ("[" + ",".join(['"<"'] * 2500) + "]"))
    plan = parse_plan(
        {"schema": 1, "name": "p", "workload": [{"api": "trigger", "client": client, "payload_bytes": 100}]}
    )
    with pytest.raises(
        PlanError, match=rf"event 1: {client} writes a document with its own spaces and escapes; The "
    ):
        replaying(plan, read_replay(str(file), Limits(), "stop", pytest.fail))
