"""Parts of a free run: stages and resets that workers and master tell apart, however late a report arrives."""

from __future__ import annotations

import locust_unpatched  # noqa: F401
import pytest

import wiretax.load.cluster.parts
from wiretax.channels.workload import Workload
from wiretax.load.cluster.messages import MalformedError
from wiretax.load.cluster.parts import Parts
from wiretax.load.free.windows import WINDOW_S
from wiretax.wire.slices import Slice


def placed(parts: Parts, part: int, window: int, worker: int = 0) -> Slice:
    slice_ = Slice(Workload.of(), window, part)
    parts.place(slice_, worker)
    return slice_


def test_windows_of_a_stage_that_are_reported_late_are_no_windows_of_the_next() -> None:
    parts = Parts()
    first = placed(parts, 0, 0, worker=0)
    parts.begin(1, is_reset=False)
    second = placed(parts, 1, 0, worker=0)
    late = placed(parts, 0, 0, worker=1)
    later = placed(parts, 0, 1, worker=1)
    assert [each.stage for each in (first, second, late, later)] == [0, 1, 0, 0]
    assert first.round == late.round
    assert len({first.round, second.round, later.round}) == 3
    assert all(each.counts for each in (first, second, late, later))


def test_what_was_measured_before_a_reset_counts_no_more_whenever_it_is_reported() -> None:
    parts = Parts()
    parts.begin(1, is_reset=False)
    parts.begin(1, is_reset=True)
    before, after = placed(parts, 1, 0), placed(parts, 2, 0)
    assert (before.counts, after.counts) == (False, True)
    assert (before.stage, after.stage) == (1, 1)
    parts.begin(2, is_reset=False)
    assert placed(parts, 2, 1).counts


def test_a_worker_that_comes_late_is_late_in_one_part_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(wiretax.load.cluster.parts, "monotonic", lambda: now)
    parts = Parts()
    windows = [placed(parts, 0, number) for number in range(3)]
    now = 2 * WINDOW_S
    parts.add_worker(1)
    assert placed(parts, 0, 0, worker=1).round == windows[2].round
    parts.begin(1, is_reset=False)
    assert placed(parts, 1, 0, worker=1).round == placed(parts, 1, 0, worker=0).round


@pytest.mark.parametrize(
    ("part", "window", "says"), [(0, -1, "before the start"), (2, 0, "part 2, and only 1 has begun")]
)
def test_a_window_that_cannot_be(part: int, window: int, says: str) -> None:
    parts = Parts()
    parts.begin(1, is_reset=False)
    with pytest.raises(MalformedError, match=says):
        placed(parts, part, window)
