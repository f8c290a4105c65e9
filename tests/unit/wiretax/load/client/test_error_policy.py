"""What is done about answers that say no, and how a slice that was cut is measured anew."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from time import tzset

import gevent
import pytest

from wiretax.channels.answers import Answer, Kind, read_retry_after
from wiretax.channels.workload import Workload
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.error_policy import ErrorPolicy, Reactions
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import parse_plan
from wiretax.load.sweep.conductor import Conductor
from wiretax.load.sweep.executor import LocalExecutor
from wiretax.load.sweep.pauses import MOST_TRIES
from wiretax.load.sweep.rounds import WARM_UP
from wiretax.wire.connections.response import Response
from wiretax.wire.ledger import Failure
from wiretax.wire.slices import Slice

TRIGGER = Workload.of()
AGAINST = Workload.of(server="against")
NOON = 1_795_521_600.0  # Tue, 24 Nov 2026 12:00:00 GMT


def no(status: int, retry_after: str = "", kind: Kind = "rejected") -> Response:
    return Response(Answer(kind, status, "because"), False, 100, 10, True, retry_after)


class Heard:
    """What was asked of the run."""

    def __init__(self) -> None:
        self.stops: list[str] = []
        self.holds: list[float] = []
        self.refusals = ErrorPolicy(Reactions(self.stops.append, self.holds.append))

    def hear(self, response: Response, times: int = 1, workload: Workload = TRIGGER) -> None:
        for _ in range(times):
            self.refusals.on_rejected(workload, response)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "check app id, key and secret"),
        (403, "disabled or over its quota"),
        (404, "check the app id in the URL"),
    ],
)
@pytest.mark.parametrize("kind", ["rejected", "error_body"])
def test_what_will_not_change_ends_the_run(status: int, says: str, kind: Kind) -> None:
    heard = Heard()
    heard.hear(no(status, kind=kind))
    assert f"the endpoint answered {status}: because" in heard.stops[0]
    assert says in heard.stops[0]


def test_413_ends_the_run_when_it_comes_again_and_again() -> None:
    heard = Heard()
    heard.hear(no(413), 2)
    heard.hear(no(413), 2, AGAINST)
    assert not heard.stops
    heard.hear(no(413))
    assert len(heard.stops) == 1
    assert "answered 413: because, 3 times, at trigger-100B-chat-reference; lower" in heard.stops[0]


@pytest.mark.parametrize("kind", ["rejected", "error_body"])
def test_a_workload_that_is_too_large_again_and_again_is_ended_alone(kind: Kind) -> None:
    stops: list[str] = []
    ended: list[tuple[Workload, Failure]] = []
    policy = ErrorPolicy(Reactions(stops.append, lambda _: None, lambda *limit: ended.append(limit)))
    batch = Workload.of("batch", 10)
    for workload in (TRIGGER, batch, TRIGGER, batch):
        policy.on_rejected(workload, no(413, kind=kind))
    assert not ended
    policy.on_rejected(batch, no(413, kind=kind))
    assert ended == [(batch, Failure(kind, 413, "because"))]
    assert not stops


@pytest.mark.parametrize("status", [400, 500, 503])
def test_other_refusals_are_counted_and_the_run_goes_on(status: int) -> None:
    heard = Heard()
    heard.hear(no(status, "30"), 10)
    assert not heard.stops
    assert not heard.holds


def test_429_asks_for_as_long_as_it_says_and_not_for_a_day() -> None:
    heard = Heard()
    heard.hear(no(429, "7"))
    heard.hear(no(429))
    assert heard.holds == [7.0, 1.0]
    heard.hear(no(429, "86400"))
    assert "it asks to wait 86,400 s" in heard.stops[0]


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is not UTC, as HTTP's dates are."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Tokyo")
        tzset()
        yield
    tzset()


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("0", 0),
        (" 12 ", 12),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("", 1),
        ("soon", 1),
        ("-5", 1),
        ("1.5", 1.5),
        ("0.25", 0.25),
        ("2.", 2),
        ("1.5.1", 1),
        ("inf", 1),
        ("\u0661", 1),
        ("Tuesday, 24-Nov-26 12:00:30 GMT", 30),
        ("Tue Nov 24 12:00:30 2026", 30),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30),
        ("Tue, 24 Nov 2026 13:00:30 +0100", 30),
        ("Tue, 24 Nov 99999999999999999999 12:00:30 GMT", 1),
    ],
)
def test_retry_after_is_seconds_or_a_date(field: str, seconds: float, in_tokyo: None) -> None:
    assert read_retry_after(field, NOON) == seconds


def plan(users: int = 1, **keys: str) -> Plan:
    text = f"""
    schema = 1
    name = "p"
    rounds = 3
    slice = "10ms"
    timeout = "1s"
    users = {users}
    [[workload]]
    api = "trigger"
    """
    document = tomllib.loads(text)
    document["workload"][0].update(keys)
    return parse_plan(document)


class HeldBarrier(SliceBarrier):
    """A barrier without users. In a slice that is named, by how many came before it, the endpoint asks to wait."""

    def __init__(self, in_slices: range, seconds: float = 0.0) -> None:
        super().__init__(0)
        self.conductor: Conductor
        self._in_slices = in_slices
        self._seconds = seconds
        self._slices = 0

    def open(self, slice_: Slice) -> None:
        super().open(slice_)
        slice_.measured.events += 1
        slice_.latencies_ns.append(100_000)
        if self._slices in self._in_slices:
            gevent.spawn(self.conductor.pause, self._seconds)
        self._slices += 1


def test_a_slice_that_was_cut_does_not_count_and_is_measured_anew() -> None:
    paused: list[str] = []

    @contextmanager
    def pausing() -> Iterator[None]:
        paused.append("from")
        yield
        paused.append("to")

    barrier = HeldBarrier(range(2, 3), 0.02)
    barrier.conductor = conductor = Conductor(plan(), LocalExecutor(None, barrier, 0, 0.01, 1.0), pausing=pausing)
    slices = [(step.round, result.slices[0].counts) for step, result in conductor.run()]
    assert slices == [(WARM_UP, False), (0, True), (1, False), (1, True), (2, True)]
    assert paused == ["from", "to"]
    assert not conductor.ended_early
    assert conductor.pauses.times == 1
    assert conductor.pauses.waited_s >= 0.019
    assert "asked to wait (429), once" in str(conductor.pauses)


def test_a_warm_up_that_was_cut_is_held_anew() -> None:
    barrier = HeldBarrier(range(1))
    barrier.conductor = conductor = Conductor(plan(), LocalExecutor(None, barrier, 0, 0.01, 1.0))
    rounds = [step.round for step, _ in conductor.run()]
    assert rounds == [WARM_UP, WARM_UP, 0, 1, 2]


@pytest.mark.parametrize(
    ("users", "keys", "says", "not_says"),
    [
        (16, {}, "use fewer users, or give the workload a rate", "longer"),
        (1, {}, 'give the workload a rate below the limit (rate = "20/s" in the plan), or wait longer', "users"),
        (16, {"rate": "100/s"}, "lower the workload's rate", "users"),
    ],
)
def test_a_slice_that_never_comes_out_whole_ends_the_run(
    users: int, keys: dict[str, str], says: str, not_says: str
) -> None:
    given = plan(users=users, **keys)
    barrier = HeldBarrier(range(1, 1000))
    barrier.conductor = conductor = Conductor(given, LocalExecutor(None, barrier, 0, 0.01, 1.0))
    counted = [result.slices[0].counts for _, result in conductor.run()]
    assert counted == [False] * (1 + MOST_TRIES)
    assert "the endpoint limits the rate" in conductor.ended_early
    assert says in conductor.ended_early
    assert not_says not in conductor.ended_early


def test_a_mock_that_was_told_to_is_heard_so_often_and_then_only_counted() -> None:
    barrier = HeldBarrier(range(1, 1000))
    barrier.conductor = conductor = Conductor(plan(), LocalExecutor(None, barrier, 0, 0.01, 1.0), own_mock=True)
    counted = [result.slices[0].counts for _, result in conductor.run()]
    assert counted == [False] * (1 + MOST_TRIES) + [True] * 3
    assert not conductor.ended_early
    assert conductor.pauses.given_up
    assert "429 was counted only" in str(conductor.pauses)


def test_a_halted_run_begins_nothing_more_and_keeps_what_is_whole() -> None:
    barrier = HeldBarrier(range(0))
    conductor = Conductor(plan(), LocalExecutor(None, barrier, 0, 0.01, 1.0))
    slices = []
    for _, result in conductor.run():
        slices += result.slices
        if len(slices) == 2:
            gevent.spawn(conductor.halt, "enough")
    assert [slice_.counts for slice_ in slices] == [False, True, False]
    assert not slices[-1].open
    assert conductor.ended_early == "enough"
