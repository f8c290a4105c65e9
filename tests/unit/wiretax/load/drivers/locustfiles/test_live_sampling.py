"""Which runs are sampled, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent.event import Event
from saved import record, slice_

from wiretax.channels.workload import Workload
from wiretax.load.accounting.live.figures import Live
from wiretax.load.drivers.locustfiles.live_sampling import LiveSampling

WORKLOAD = Workload.of()


class Run:
    """A run with one finished slice and one that goes on; says when it is asked for the latter, and for queues."""

    subscribers = 0

    def __init__(self) -> None:
        self.record = record(slice_(WORKLOAD, 0, 100))
        self.asked, self.asked_for_queues = Event(), Event()

    def unfinished(self) -> list[Any]:
        self.asked.set()
        return []

    def with_queue(self) -> list[Any]:
        self.asked_for_queues.set()
        return []


def sampling(web_ui: object = "a page") -> LiveSampling:
    return LiveSampling(SimpleNamespace(web_ui=web_ui))


def test_without_a_web_ui_nothing_is_sampled() -> None:
    sampled, run = sampling(web_ui=None), Run()
    sampled.begin(run, by_rounds=False)  # type: ignore[arg-type]
    sampled.sample()
    sampled.complete()
    sampled.stop()
    assert sampled.live is None
    assert not run.asked.is_set()


def test_a_run_with_rounds_is_sampled_when_it_asks() -> None:
    sampled, run = sampling(), Run()
    sampled.begin(run, by_rounds=True)  # type: ignore[arg-type]
    gevent.sleep()
    assert not run.asked.is_set()
    sampled.sample()
    assert run.asked.is_set()
    assert sampled.live
    assert [each["name"] for each in sampled.live.workloads] == [WORKLOAD.name]


def test_only_the_queues_of_a_run_with_rounds_are_sampled_while_users_send(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Live, "every_s", 0.0)
    sampled, run = sampling(), Run()
    sampled.begin(run, by_rounds=True)  # type: ignore[arg-type]
    assert run.asked_for_queues.wait(5)
    sampled.stop()
    assert not run.asked.is_set()


def test_a_run_without_rounds_is_sampled_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Live, "every_s", 0.0)
    sampled, run = sampling(), Run()
    sampled.begin(run, by_rounds=False)  # type: ignore[arg-type]
    for _ in range(2):
        assert run.asked.wait(5)
        run.asked.clear()
    sampled.stop()
    run.asked.clear()
    gevent.sleep()
    assert not run.asked.is_set()
    sampled.complete()
    assert sampled.live
    assert sampled.live.workloads


def test_figures_begin_anew_after_a_reset() -> None:
    sampled, run = sampling(), Run()
    sampled.begin(run, by_rounds=True)  # type: ignore[arg-type]
    sampled.sample()
    before, run.record = sampled.live, record()
    sampled.begin(run, by_rounds=True)  # type: ignore[arg-type]
    sampled.complete()
    assert sampled.live is not before
    assert sampled.live
    assert sampled.live.workloads == []
