"""Events from JSON Lines: what a line means, what is wrong with it, and a source that reads once, in order."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import gevent
import pytest
from virtual_clock import VirtualClock

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits
from wiretax.queue.sources.chunks import MAX_LINE_BYTES, EventsError, chunks_of, open_events, split_lines
from wiretax.queue.sources.jsonl import JsonLines
from wiretax.queue.sources.lines import LineError, LineParser

PATIENCE_S = 20.0


def line(**fields: Any) -> bytes:
    return json.dumps({"name": "n", "channel": "c", "data": "x", **fields}).encode()


def events(*lines: bytes) -> list[Event]:
    return list(LineParser("FILE", Limits(), "stop", print).events(iter(lines)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(line(data=str(number)) for number in range(100)))
    return path


def source(path: str, said: list[str] | None = None, **more: Any) -> JsonLines:
    return JsonLines(path, Limits(), more.pop("on_error", "skip"), ([] if said is None else said).append, **more)


def texts(source: JsonLines, most: int = 7) -> Iterator[str]:
    with gevent.Timeout(PATIENCE_S):
        while arrivals := source.take(most, 0):
            yield from (arrival.event.data for arrival in arrivals)
            source.acknowledge(arrivals)


def test_a_string_is_sent_as_it_is_and_anything_else_as_compactly_as_json_allows() -> None:
    assert events(line(data='{ "a": 1 }'), line(data={"a": [1, None, "Zoë"]}), line(data=5), line(data=None)) == [
        Event("n", ("c",), '{ "a": 1 }'),
        Event("n", ("c",), '{"a":[1,null,"Zoë"]}'),
        Event("n", ("c",), "5"),
        Event("n", ("c",), "null"),
    ]


def test_data_that_is_nested_too_deeply_is_no_event() -> None:
    deep = b'{"name": "n", "channel": "c", "data": ' + b"[" * 500 + b"]" * 500 + b"}"
    with pytest.raises(LineError, match="line 2: data can't be encoded as JSON"):
        events(line(), deep)


def test_an_event_goes_to_one_channel_or_to_several() -> None:
    several = json.dumps({"name": "n", "channels": ["a", "b"], "data": ""}).encode()
    assert [event.channels for event in events(line(channel="one"), several)] == [("one",), ("a", "b")]


def test_other_fields_empty_lines_and_carriage_returns_do_not_matter() -> None:
    assert events(line(at=5) + b"\r", b"", b"  ", line()) == [Event("n", ("c",), "x")] * 2


@pytest.mark.parametrize(
    ("bad", "wrong"),
    [
        (b"{", "not JSON (unexpected end"),
        (b'{"name": "\xff"}', "not JSON (str is not valid UTF-8"),
        (b"[1]", "a list, expected an object with name, channel and data"),
        (b'{"name": "n", "channel": "c"}', "no data"),
        (b'{"data": "x", "channel": "c"}', "no name"),
        (b'{"name": "n", "data": "x"}', "expected either channel or channels"),
        (line(channels=["a"]), "expected either channel or channels"),
        (line(name=5), "name is a number, expected a string"),
        (line(channel=["a"]), "channel is a list, expected a string"),
        (b'{"name": "n", "data": "x", "channels": "c"}', "channels is a string, expected a list of strings"),
        (b'{"name": "n", "data": "x", "channels": []}', "0 channels in one trigger, expected 1 to 100"),
        (line(channel="a b"), "channel name may only hold"),
        (line(name=""), "event name of 0 characters, expected 1 to 200"),
        (line(data="x" * 10_241), "exceeds the allowed maximum (10240 bytes): 10241"),
        (line(data="ë" * 5_121), "exceeds the allowed maximum (10240 bytes): 10242"),
    ],
)
def test_a_line_that_is_no_event_is_named_by_its_number(bad: bytes, wrong: str) -> None:
    with pytest.raises(LineError) as raised:
        events(line(), b"", bad, line())
    assert str(raised.value).startswith("FILE, line 3: ")
    assert wrong in str(raised.value)
    said: list[str] = []
    lines = LineParser("FILE", Limits(), "skip", said.append)
    assert len(list(lines.events(iter([line(), b"", bad, line()])))) == 2
    assert (lines.read, lines.skipped) == (2, 1)
    assert said == [f"{raised.value}; skipped"]


def test_a_line_that_never_ends_is_not_kept() -> None:
    endless = [b"x" * (MAX_LINE_BYTES // 2)] * 5
    lines = list(split_lines(iter([b"a\nb", b"c\n", *endless, b"\nd"])))
    assert [len(each) for each in lines[:2]] == [1, 2]
    assert MAX_LINE_BYTES < len(lines[2]) <= 2 * MAX_LINE_BYTES
    assert lines[3:] == [b"d"]
    with pytest.raises(LineError, match="line 3: more than"):
        events(b"\n", b"\n", lines[2])


def test_a_file_is_read_once_in_order_and_then_the_source_is_closed(file: Path) -> None:
    reads = source(str(file), read_ahead=10)
    reads.start()
    assert list(texts(reads)) == [str(number) for number in range(100)]
    assert reads.counts.as_dict() == {"read": 100, "published": 100, "given_back": 0, "skipped": 0}
    assert reads.error is None


def test_what_is_given_back_is_taken_again_in_its_place(file: Path) -> None:
    reads = source(str(file))
    reads.start()
    reads.retry(reads.take(3, PATIENCE_S))
    assert list(texts(reads)) == [str(number) for number in range(100)]
    assert reads.counts.given_back == 3


def test_a_bad_line_ends_it_where_that_was_chosen(file: Path) -> None:
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines[:5], b"{", *lines[5:]]))
    said: list[str] = []
    skipping = source(str(file), said)
    skipping.start()
    assert len(list(texts(skipping))) == 100
    assert len(said) == 1
    stopping = source(str(file), on_error="stop")
    stopping.start()
    assert list(texts(stopping)) == [str(number) for number in range(5)]
    assert "line 6: not JSON" in str(stopping.error)


def test_a_pipe_is_read_as_it_is_written_and_lets_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        reads = source("-")
        reads.start()
        taken = gevent.spawn(reads.take, 2, PATIENCE_S)
        gevent.sleep(0.05)
        os.write(writing, line(data="1") + b"\n" + line(data="2")[:5])
        gevent.sleep(0.05)
        assert not taken.ready()
        os.write(writing, line(data="2")[5:] + b"\n")
        assert [arrival.event.data for arrival in taken.get(timeout=PATIENCE_S)] == ["1", "2"]
        os.close(writing)
        assert list(texts(reads)) == []


def test_events_arrive_at_their_pace_however_late_they_are_taken(file: Path) -> None:
    clock = VirtualClock()
    reads = source(str(file), pace=(number / 1000 for number in count()), clock=clock)
    began_s = clock.now()
    reads.start()
    clock.sleep(0.25)  # that long at least the first has waited
    arrivals = reads.take(100, PATIENCE_S)
    assert len(arrivals) == 100
    gaps = [after.intended_s - before.intended_s for before, after in pairwise(arrivals)]
    assert gaps == pytest.approx([0.001] * 99)
    assert began_s <= arrivals[0].intended_s < clock.now() - 0.2
    clock.stop()


def test_closed_it_reads_no_more(file: Path) -> None:
    reads = source(str(file), read_ahead=10)
    reads.start()
    reads.take(1, PATIENCE_S)
    reads.close()
    assert 1 <= len(list(texts(reads))) <= 10
    unread = source(str(file))
    unread.close()
    assert list(texts(unread)) == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"none\.jsonl: No such file"):
        source(str(tmp_path / "none.jsonl"))
    with pytest.raises(EventsError, match="a folder"):
        source(str(tmp_path))


def test_an_empty_file_has_no_events(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert list(split_lines(chunks_of(open_events(str(tmp_path / "empty"))))) == []
