"""A queue of events from a file: drained to its end; calls under way are waited for, failed ones sent again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import gevent
import pytest
from gevent.event import AsyncResult
from virtual_clock import VirtualClock

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.queue.external import ExternalSource
from wiretax.queue.external_queue import ExternalQueue
from wiretax.queue.queue import Queue
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.queue.sources.jsonl import JsonLines
from wiretax.queue.unpublished import Unpublished
from wiretax.terminal import Exit, worst
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers.caller import CallResult, MessageLimitError
from wiretax.wire.slices import Slice

WORKLOAD = Workload.of("batch", 2, rate=500.0, publishers=0)
PATIENCE_S = 20.0
CLOCK: VirtualClock  # the test's own
LOST = Failure("lost", 0, "connection reset")
BUSY = Failure("rejected", 503, "overloaded")
TOO_MANY = Failure("rejected", 429, "slow down")
REFUSED = Failure("rejected", 400, "no")


class Publisher:
    """A caller whose calls end when the test says how: None if they are acknowledged, or an exception."""

    def __init__(self, *ends: Failure | Exception | None) -> None:
        self.ends = list(ends)
        self.calls: list[tuple[list[str], AsyncResult]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def call(self, events: Sequence[Event], intended_s: Sequence[float] = ()) -> CallResult:
        began_s, result = CLOCK.now(), AsyncResult()
        self.calls.append(([event.data for event in events], result))
        if self.ends:
            result.set(self.ends.pop(0))
        failure = result.get()
        if isinstance(failure, Exception):
            raise failure
        return CallResult(failure is None, began_s, CLOCK.now(), failure)

    @property
    def sent(self) -> list[list[str]]:
        return [texts for texts, _ in self.calls]


@pytest.fixture(autouse=True)
def clock() -> Iterator[VirtualClock]:
    """What queues and publishers are timed with."""
    global CLOCK
    CLOCK = VirtualClock()
    yield CLOCK
    CLOCK.stop()


def write(folder: Path, lines: int) -> Path:
    path = folder / "mine.jsonl"
    texts = (json.dumps({"name": "e", "channel": "c", "data": str(number)}) for number in range(lines))
    path.write_text("\n\n".join(texts))  # empty lines are no events
    return path


def queue_of(path: Path, **more: Any) -> ExternalQueue:
    source = JsonLines(str(path), Limits(), "skip", print, read_ahead=more.pop("read_ahead", 100), clock=CLOCK)
    return ExternalQueue(WORKLOAD, source, ExternalSource(str(path), "", "", "skip"), clock=CLOCK, **more)


def drain(queue: Queue, publisher: Any, slice_: Slice, for_s: float = PATIENCE_S) -> None:
    queue.drain(publisher, slice_, for_s)


def drained(queue: ExternalQueue, *publishers: Publisher) -> None:
    """Let publishers drain a queue to its end."""
    slice_ = Slice(WORKLOAD, 0)
    with gevent.Timeout(PATIENCE_S):
        gevent.joinall([gevent.spawn(drain, queue, each, slice_) for each in publishers], raise_error=True)
        assert queue.ended
        queue.close()


def test_a_call_under_way_at_the_end_of_the_file_is_waited_for(tmp_path: Path) -> None:
    queue, slow, slice_ = queue_of(write(tmp_path, 2)), Publisher(), Slice(WORKLOAD, 0)
    with gevent.Timeout(PATIENCE_S):
        under_way = gevent.spawn(drain, queue, slow, slice_)
        while not slow.calls:
            gevent.sleep()
        idle = Publisher()
        drain(queue, idle, slice_, for_s=0)
        assert not queue.ended
        waiting = gevent.spawn(drain, queue, idle, slice_)
        gevent.sleep()
        slow.calls[0][1].set(None)
        gevent.joinall([under_way, waiting], raise_error=True)
    queue.close()
    assert queue.ended
    assert (slow.sent, idle.sent) == ([["0", "1"]], [])
    assert queue.counts == {"read": 2, "published": 2, "given_back": 0, "skipped": 0}
    assert queue.unpublished == Unpublished(str(tmp_path / "mine.jsonl"), unread=0, at_end=True)
    assert not queue.unpublished.is_shortfall


def test_the_last_call_of_a_file_that_fails_is_sent_again_by_another_publisher(tmp_path: Path) -> None:
    queue, broken, slice_ = queue_of(write(tmp_path, 2)), Publisher(), Slice(WORKLOAD, 0)
    with gevent.Timeout(PATIENCE_S):
        failing = gevent.spawn(drain, queue, broken, slice_)
        while not broken.calls:
            gevent.sleep()
        other = Publisher(None)
        waiting = gevent.spawn(drain, queue, other, slice_)
        gevent.sleep()
        broken.calls[0][1].set(LOST)
        broken.ends.append(None)
        gevent.joinall([failing, waiting], raise_error=True)
    assert queue.ended
    assert broken.sent[0] == ["0", "1"]
    assert len(broken.sent) + len(other.sent) == 2
    assert queue.counts == {"read": 2, "published": 2, "given_back": 2, "skipped": 0}


def test_events_the_server_rejects_are_reported_by_reason_and_not_sent_again(tmp_path: Path) -> None:
    queue, publisher = queue_of(write(tmp_path, 5)), Publisher(REFUSED, None, REFUSED)
    drained(queue, publisher)
    assert publisher.sent == [["0", "1"], ["2", "3"], ["4"]]
    found = queue.unpublished
    assert found.rejected == {"400: no": 3}
    assert (found.left, found.unread) == (0, 0)
    assert found.is_shortfall
    assert str(found).endswith("mine.jsonl: 3 events were not published: 3 rejected by the server (400: no)")
    assert queue.error == ""


def test_events_whose_call_failed_are_sent_until_they_are_published(tmp_path: Path) -> None:
    queue, publisher = queue_of(write(tmp_path, 3)), Publisher(BUSY, LOST, TOO_MANY, None, None)
    drained(queue, publisher)
    assert publisher.sent == [["0", "1"]] * 4 + [["2"]]
    assert queue.counts == {"read": 3, "published": 3, "given_back": 6, "skipped": 0}
    assert not queue.unpublished.is_shortfall


def test_a_file_is_given_up_if_no_call_is_acknowledged_for_too_long(tmp_path: Path) -> None:
    queue = queue_of(write(tmp_path, 9), give_up_s=0.0, read_ahead=4)
    publishers = [Publisher(None, TOO_MANY, LOST), Publisher()]
    slice_ = Slice(WORKLOAD, 0)
    with gevent.Timeout(PATIENCE_S):
        first = gevent.spawn(drain, queue, publishers[0], slice_)
        first.join()
        drain(queue, publishers[1], slice_)
    queue.close()
    assert publishers[1].sent == []
    assert "given up, since no event was acknowledged for 0 s (connection reset)" in queue.error
    found = queue.unpublished
    assert (queue.counts["published"], found.left + (found.unread or 0)) == (2, 7)
    assert found.is_shortfall


@pytest.mark.parametrize("kind", ["file", "in process"])
def test_nothing_is_sent_after_the_slice_has_closed(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        queue: Queue = queue_of(write(tmp_path, 3))
    else:
        queue = Queue(WORKLOAD, GeneratedSource.of(WORKLOAD, 1, 0, clock=CLOCK), clock=CLOCK)
    slice_, publisher = Slice(WORKLOAD, 0), Publisher(None)
    with gevent.Timeout(PATIENCE_S):
        publishing = gevent.spawn(drain, queue, publisher, slice_)
        gevent.sleep()  # it waits for a first event
        slice_.close()
        publishing.join()
        assert publisher.sent == []
        following = Slice(WORKLOAD, 1)
        publishing = gevent.spawn(drain, queue, publisher, following)
        while not publisher.sent:
            CLOCK.sleep(0.001)
    assert publisher.sent[0][0] == ("0" if kind == "file" else publisher.sent[0][0])
    publishing.kill()
    queue.close()


def test_what_exceeds_the_message_limit_was_not_sent_and_is_left(tmp_path: Path) -> None:
    queue, publisher = queue_of(write(tmp_path, 4)), Publisher(None, MessageLimitError())
    with gevent.Timeout(PATIENCE_S), pytest.raises(MessageLimitError):
        drain(queue, publisher, Slice(WORKLOAD, 0))
    queue.close()
    assert queue.counts == {"read": 4, "published": 2, "given_back": 0, "skipped": 0}
    assert queue.unpublished.left == 2


def test_lines_of_a_file_that_were_not_read_are_counted(tmp_path: Path) -> None:
    queue, publisher = queue_of(write(tmp_path, 50), read_ahead=5), Publisher(None)
    slice_ = Slice(WORKLOAD, 0)
    with gevent.Timeout(PATIENCE_S):
        publishing = gevent.spawn(drain, queue, publisher, slice_)
        while len(publisher.calls) < 2:
            gevent.sleep()
        publishing.kill()  # in the middle of its second call
        queue.close()
    found, counts = queue.unpublished, queue.counts
    assert found.unread is not None
    assert counts["published"] == 2
    assert counts["read"] < 50
    assert counts["published"] + found.left + found.unread == 50
    assert not found.at_end
    assert str(found).endswith(f"{found.unread} not read because the run ended first")


def test_lines_of_a_pipe_that_were_not_read_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "wb"):
        monkeypatch.setattr("sys.stdin", stdin)
        source = JsonLines("-", Limits(), "skip", print)
        source.start()
        gevent.sleep()
        with gevent.Timeout(PATIENCE_S):
            source.close()
        assert source.unread is None


def test_a_file_that_can_not_be_read_to_its_end_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = queue_of(write(tmp_path, 3))

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("wiretax.queue.sources.chunks.os.read", fail)
    drained(queue, Publisher())
    assert queue.error.endswith("mine.jsonl: Input/output error")


@pytest.mark.parametrize(
    ("found", "is_shortfall", "words"),
    [
        (Unpublished("f", skipped=1), True, "1 event was not published: 1 invalid (named in the log; to accept"),
        (Unpublished("f", skipped=1, skip_chosen=True), False, "1 invalid (named in the log)"),
        (Unpublished("f", left=1), True, "1 read but not acknowledged when the run ended"),
        (Unpublished("f", unread=1234), True, "1,234 events were not published: 1,234 not read because"),
        (Unpublished("s", kept=True, left=2), False, "when the run ended; the stream keeps them"),
        (Unpublished("s", kept=True, rejected={"400: no": 2}), True, "2 rejected by the server (400: no)"),
        (
            Unpublished("s", rejected={"a": 1, "b": 9, "c": 2, "d": 3, "e": 1}),
            True,
            "9 rejected by the server (b), 3 rejected by the server (d), 2 rejected by the server (c), "
            "2 rejected for other reasons",
        ),
    ],
)
def test_what_was_not_published_is_said_by_reason(found: Unpublished, is_shortfall: bool, words: str) -> None:
    assert found.is_shortfall == is_shortfall
    assert words in str(found)


def test_the_exit_code_that_says_most_counts() -> None:
    assert worst(Exit.OK, Exit.OK) == 0
    assert worst(Exit.OK, Exit.INCONCLUSIVE, Exit.CHECK_FAILED) == 3
    assert worst(Exit.INVALID, Exit.CHECK_FAILED) == 5
    assert worst(Exit.INTERNAL, Exit.INVALID) == 1


def test_events_that_were_published_are_acknowledged_whatever_fails_after_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = JsonLines(str(write(tmp_path, 2)), Limits(), "skip", print, clock=CLOCK)
    queue, slice_ = Queue(WORKLOAD, source, clock=CLOCK), Slice(WORKLOAD, 0)
    assert slice_.queue is not None
    state = queue.enter(slice_)

    def fail(*_: object) -> None:
        raise OverflowError("a time that can't be noted")

    monkeypatch.setattr(type(slice_.queue), "delivered", fail)
    with pytest.raises(OverflowError):
        queue.drain(Publisher(None), slice_)  # type: ignore[arg-type]
    assert state.tally is slice_.queue
    assert source.counts.published == 2
    assert source.counts.given_back == 0
