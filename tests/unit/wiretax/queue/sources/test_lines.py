"""Lines of JSON from anyone: each is an event that the endpoint would accept, or refused by its number."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutated import TOGETHER, mutated

from wiretax.channels.limits import Limits, refuse_event
from wiretax.channels.validation import library_check
from wiretax.channels.workload import Workload
from wiretax.queue.sources.chunks import split_lines
from wiretax.queue.sources.lines import LineError, LineParser

LIMITS = Limits()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
EVENTS = {
    "one": {"name": "my-event", "channel": "my-channel", "data": "text"},
    "several": {"name": "my-event", "channels": ["a", "private-b"], "data": {"x": [1, None, "\u00e9"]}, "id": 7},
}
WHOLE = [json.dumps(each).encode() for each in EVENTS.values()]
NOISE = [
    b"",
    b'"',
    b"\\",
    b",",
    b"{",
    b"]",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"1e999",
    b"NaN",
    b"\r",
    b" ",
]


def damage(line: bytes, at: int, noise: bytes, lost: int) -> bytes:
    at %= len(line) + 1
    return line[:at] + noise + line[at + lost :]


DAMAGED = st.builds(
    damage,
    st.sampled_from(WHOLE),
    st.integers(0, 200),
    st.sampled_from(NOISE) | st.binary(max_size=4),
    st.integers(0, 4),
)


def encoded(documents: list[dict[str, dict[str, Any]]]) -> list[bytes]:
    """The events of documents as lines; those that are objects no more, too."""
    return [json.dumps(event).encode() for each in documents for event in each.values()]


# 21 lines for each draw of documents, numbers and bytes.
LINES = st.tuples(
    mutated(EVENTS, JSON).map(encoded),
    st.lists(DAMAGED, min_size=3, max_size=3),
    st.tuples(st.binary(max_size=80), JSON.map(json.dumps).map(str.encode)),
).map(lambda parts: [line for lines in parts for line in lines])


@given(lines=LINES)
def test_each_line_is_an_acceptable_event_or_skipped_with_a_warning(lines: list[bytes]) -> None:
    warnings: list[str] = []
    parser = LineParser("events.jsonl", LIMITS, "skip", warnings.append)
    events = list(parser.events(iter(lines)))
    assert len(events) + len(warnings) == sum(1 for line in lines if line.strip())
    assert (parser.read, parser.skipped) == (len(events), len(warnings))
    assert all(len(each.splitlines()) == 1 for each in warnings)
    assert all(refuse_event(each.name, each.channels, each.data, LIMITS) is None for each in events)


@pytest.mark.parametrize(("api", "accepted"), [("trigger", [2000, 3000]), ("batch", [2000])])
def test_a_line_that_the_client_library_refuses_is_no_event(api: str, accepted: list[int]) -> None:
    warnings: list[str] = []
    library = library_check(Workload.of(api, client="python"))
    parser = LineParser("events.jsonl", LIMITS, "skip", warnings.append, library)
    lines = [{"name": "e", "channel": "c", "data": "👍" + "x" * size} for size in (2000, 3000, 8000)]
    events = parser.events(iter([json.dumps(line).encode() for line in lines]))
    assert [len(event.data) - 1 for event in events] == accepted
    assert warnings[-1].startswith("events.jsonl, line 3: pusher 3.3.4 (client python) sends data of at most ")
    assert library_check(Workload.of(api)) is None


@pytest.mark.parametrize("inmost", [b"", b"1e999"])
@pytest.mark.parametrize("depth", [200, 400, 2000])
def test_deeply_nested_data_is_an_event_or_a_refused_line(depth: int, inmost: bytes) -> None:
    data = b"[" * depth + inmost + b"]" * depth
    line = b'{"name":"my-event","channel":"my-channel","data":' + data + b"}"
    parser = LineParser("events.jsonl", LIMITS, "stop", pytest.fail)
    if depth == 200:
        assert next(parser.events(iter([line]))).data == data.decode()
        return
    with pytest.raises(LineError, match="line 1: "):
        next(parser.events(iter([line])))


# Line ends are one byte in five.
TEXT = st.binary(max_size=120).map(lambda text: bytes(10 if each % 5 == 0 else each for each in text))


@given(text=TEXT, cuts=st.tuples(*[st.integers(0, 120)] * 4))
def test_lines_do_not_depend_on_where_chunks_end(text: bytes, cuts: tuple[int, ...]) -> None:
    lines = list(split_lines(iter([text])))
    assert b"\n".join(lines) in (text, text.removesuffix(b"\n"))
    for together in TOGETHER:
        ends = [0, *sorted({cuts[each] for each in together if cuts[each] < len(text)}), len(text)]
        assert list(split_lines(text[begin:end] for begin, end in pairwise(ends))) == lines
