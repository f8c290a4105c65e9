"""Lines of JSON from anyone: each is an event that the endpoint would accept, or refused by its number."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.limits import Limits, refuse_event
from wiretax.queue.sources.chunks import split_lines
from wiretax.queue.sources.lines import LineError, LineParser

LIMITS = Limits()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["my-event", "", "pusher:x"]) | st.text(max_size=10)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES | JSON,
        "data": st.text() | JSON,
        "channel": NAMES | JSON,
        "channels": st.lists(NAMES, max_size=4) | JSON,
        "socket_id": JSON,
    },
)
LINES = (
    st.binary(max_size=80)
    | EVENTS.map(lambda event: json.dumps(event).encode())
    | JSON.map(json.dumps).map(str.encode)
)


@given(lines=st.lists(LINES, max_size=6))
def test_each_line_is_an_acceptable_event_or_skipped_with_a_warning(lines: list[bytes]) -> None:
    warnings: list[str] = []
    parser = LineParser("events.jsonl", LIMITS, "skip", warnings.append)
    events = list(parser.events(iter(lines)))
    assert len(events) + len(warnings) == sum(1 for line in lines if line.strip())
    assert (parser.read, parser.skipped) == (len(events), len(warnings))
    assert all(refuse_event(each.name, each.channels, each.data, LIMITS) is None for each in events)


@pytest.mark.parametrize("depth", [200, 400, 2000])
def test_deeply_nested_data_is_an_event_or_a_refused_line(depth: int) -> None:
    line = b'{"name":"my-event","channel":"my-channel","data":' + b"[" * depth + b"]" * depth + b"}"
    parser = LineParser("events.jsonl", LIMITS, "stop", pytest.fail)
    if depth == 200:
        assert next(parser.events(iter([line]))).data == "[" * depth + "]" * depth
        return
    with pytest.raises(LineError, match="line 1: "):
        next(parser.events(iter([line])))


@given(text=st.binary(max_size=200).map(lambda text: text.replace(b"a", b"\n")), cuts=st.sets(st.integers(0, 200)))
def test_lines_do_not_depend_on_where_chunks_end(text: bytes, cuts: set[int]) -> None:
    ends = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    chunks = [text[begin:end] for begin, end in pairwise(ends)]
    lines = list(split_lines(iter(chunks)))
    assert lines == list(split_lines(iter([text])))
    assert b"\n".join(lines) in (text, text.removesuffix(b"\n"))
