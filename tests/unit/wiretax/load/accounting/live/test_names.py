"""What workloads are called on the page: no two of one event the same."""

from __future__ import annotations

from typing import Any

from wiretax.channels.workload import Workload
from wiretax.load.accounting.live.names import Names


def names(*workloads: Workload) -> list[str]:
    found = Names()
    for each in workloads:
        columns: dict[Any, Any] = each.columns()
        found.add(each.name, columns)
    return [found.of(each.name) for each in workloads]


def test_a_workload_is_called_as_in_the_table() -> None:
    assert names(Workload.of(), Workload.of(api="batch", batch_size=10)) == ["trigger", "batch of 10"]


def test_more_words_tell_apart_what_would_be_called_the_same() -> None:
    lingering = [
        Workload.of(api="batch", batch_size=10, rate=50, linger_s=each, publishers=1) for each in (0.005, 0.02)
    ]
    assert names(*lingering) == [
        "batch of 10, 50/s arriving, linger 5 ms",
        "batch of 10, 50/s arriving, linger 20 ms",
    ]
    watched = [Workload.of(subscribers=each) for each in (0, 1, 10)]
    assert names(*watched) == ["trigger", "trigger, 1 subscriber", "trigger, 10 subscribers"]


def test_the_name_is_left_if_words_are_not_enough() -> None:
    made = [Workload.of(rate=50, publishers=each) for each in (1, 2)]
    assert names(*made) == [each.name for each in made]


def test_workloads_of_other_events_need_no_more_words() -> None:
    assert names(Workload.of(), Workload.of(payload_bytes=1_000)) == ["trigger", "trigger"]
