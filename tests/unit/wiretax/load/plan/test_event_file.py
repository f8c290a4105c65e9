"""Events kept in a file: the same ones in their order, as often as one likes, in little memory."""

from __future__ import annotations

import errno
import gc
import os
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.weighed import weighed_bodies
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import Workload
from wiretax.load.plan.event_file import BLOCK_EVENTS, EventFile
from wiretax.load.plan.replay import read_replay
from wiretax.queue.sources.chunks import EventsError

LINE = '{"name": "my-event", "channels": ["a-%d", "b"], "data": {"id": %d, "text": "%s"}}\n'


def events(count: int) -> Iterator[Event]:
    return (Event(f"e{each}", (f"c{each}", "Zoë"), "👍" * each) for each in range(count))


@pytest.mark.parametrize("count", [0, 1, BLOCK_EVENTS - 1, BLOCK_EVENTS, BLOCK_EVENTS + 1, 3 * BLOCK_EVENTS])
def test_events_are_the_same_each_time_they_are_read(count: int) -> None:
    kept = EventFile(events(count))
    assert len(kept) == count
    assert list(kept) == list(kept) == list(events(count))


def test_every_field_of_an_event_is_kept() -> None:
    whole = Event("e", ("c",), "{}", "12.34", "user_count", is_document=True)
    [kept] = EventFile([whole])
    assert all(getattr(kept, name) == getattr(whole, name) for name in Event.__slots__)


def test_large_events_are_read_a_few_at_a_time() -> None:
    large = [Event("e", ("c",), str(each) * 50_000) for each in range(9)]
    assert list(EventFile(large)) == large


def test_readers_do_not_disturb_each_other() -> None:
    kept = EventFile(events(100))
    first, second = iter(kept), iter(kept)
    assert list(islice(first, 70)) == list(events(70))
    assert list(second) == list(events(100))
    assert [each.name for each in first] == [f"e{each}" for each in range(70, 100)]


def test_the_file_is_closed_with_its_events_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = EventFile(events(10))
    descriptor = kept._descriptor
    assert not list(tmp_path.iterdir())
    del kept
    gc.collect()
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(descriptor)


def test_a_full_disk_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    mine = tmp_path / "mine.jsonl"
    mine.write_text(LINE % (1, 1, "x"))
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(
        EventsError, match=r"mine\.jsonl: events can't be kept in .*: No space left on device; make"
    ):
        read_replay(str(mine), Limits(), "stop", print)


def test_a_replay_takes_little_memory_per_event(tmp_path: Path) -> None:
    # All of them, read once, and sent once and a half by two workloads.
    count = 10_000  # of two channels each, so of two events in batches
    mine = tmp_path / "mine.jsonl"
    mine.write_text("".join(LINE % (each, each, "x" * 200) for each in range(count)))
    workloads = [Workload.of(api="batch", batch_size=100, client=client) for client in ("reference", "php")]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        replay = read_replay(str(mine), Limits(), "stop", print)
        supplies = [weighed_bodies(each, load_profile("reference"), replay.sent_by(each)) for each in workloads]
        for workload, next_body in zip(workloads, supplies, strict=True):
            for _ in range(3 * count // workload.call.batch_size):
                next_body()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(replay.events) == count
    assert (peak - before) / count < 60
