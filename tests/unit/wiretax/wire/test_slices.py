"""Short slices give the rates of long ones: nothing is left of users that start from rest and are cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import gevent
import pytest
from virtual_clock import VirtualClock

from wiretax.channels.answers import read_answer
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.wire import slices
from wiretax.wire.connections.exchange_error import ExchangeError
from wiretax.wire.connections.response import Response
from wiretax.wire.counters import ConnectionCounts, Snapshot, TcpCounters, TlsCounters
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers import publisher
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

USERS = 16
OK = Response(read_answer(200, b"{}"), True, 80, 2, True)
SOURCE = RequestSource.of(Workload.of(), Endpoint("http", "127.0.0.1", 1, DEMO), 1)


class Server:
    """A queue in front of several processors. The client needs time of its own to write each request."""

    def __init__(
        self, clock: VirtualClock, work_s: Callable[[], float], processors: int = 1, client_s: float = 0.0
    ):
        self._clock = clock
        self._work_s = work_s
        self._client_s = client_s
        self._free_at = [0.0] * processors
        self.hangs_at: int = 0
        self.requests = 0

    def exchange(self, *_: object) -> Response:
        self.requests += 1
        self._clock.pass_busily(self._client_s)
        if self.requests == self.hangs_at:
            self._clock.sleep(10.0)
            raise ExchangeError(Failure("timeout", 0, "no response"), 100, 0)
        self._free_at.sort()
        begins = max(self._free_at[0], self._clock.now())
        self._free_at[0] = begins + self._work_s()
        self._clock.sleep(self._free_at[0] - self._clock.now())
        return OK

    def snapshot(self) -> Snapshot:
        return Snapshot(ConnectionCounts(), TcpCounters(), TlsCounters())

    def close(self) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualClock]:
    made = VirtualClock()
    for module in (slices, publisher):
        monkeypatch.setattr(module, "perf_counter_ns", lambda: round(made.now() * 1e9))
    yield made
    made.stop()


def run_slice(clock: VirtualClock, server: Any, lasting_s: float, users: int = USERS) -> Slice:
    slice_ = Slice(Workload.of(), 0)
    slice_.will_last(lasting_s)
    started = [gevent.spawn(Publisher(server).publish, SOURCE, slice_) for _ in range(users)]
    clock.sleep(lasting_s)
    slice_.close()
    gevent.joinall(started, raise_error=True)
    return slice_


def rate(of: list[Slice]) -> float:
    return sum(each.steady_requests for each in of) / sum(each.duration_s for each in of)


def completed(of: list[Slice]) -> float:
    return sum(each.measured.requests for each in of) / sum(each.duration_s for each in of)


@pytest.mark.parametrize("round_trips", [15.5, 20.9, 33.3])
@pytest.mark.parametrize("work_s", [0.0001, 0.0002])
def test_slices_of_a_few_round_trips_have_the_rate_of_a_saturated_server(
    clock: VirtualClock, work_s: float, round_trips: float
) -> None:
    found = run_slice(clock, Server(clock, lambda: work_s), round_trips * USERS * work_s)
    assert rate([found]) == pytest.approx(1 / work_s, rel=0.001)


def test_the_ratio_of_a_short_and_a_long_call_is_that_of_their_costs(clock: VirtualClock) -> None:
    # Without a queue each user waits for its own calls. The longer ones lose three times as much at the edges.
    lasting_s = 0.025
    trigger = run_slice(clock, Server(clock, lambda: 0.001, USERS), lasting_s)
    batch = run_slice(clock, Server(clock, lambda: 0.0031, USERS), lasting_s)
    assert completed([trigger]) / completed([batch]) == pytest.approx(3.1, rel=0.05)
    assert completed([trigger]) / completed([batch]) != pytest.approx(3.1, rel=0.005)
    assert rate([trigger]) / rate([batch]) == pytest.approx(3.1, rel=0.0005)


def test_a_slow_endpoint_is_not_understated_by_the_calls_that_are_cut_off(clock: VirtualClock) -> None:
    found = run_slice(clock, Server(clock, lambda: 0.05, USERS), 20.98 * 0.05)
    assert completed([found]) < 0.97 * USERS / 0.05
    assert rate([found]) == pytest.approx(USERS / 0.05, rel=0.001)


def test_a_client_that_is_the_bottleneck_is_measured_at_its_pace(clock: VirtualClock) -> None:
    server = Server(clock, lambda: 0.00002, USERS, client_s=0.0001)
    found = run_slice(clock, server, 10.5 * USERS * 0.0001)
    # What is under way at the end ends a little sooner, as nothing is written after it.
    assert rate([found]) == pytest.approx(10_000, rel=0.05)


def test_random_times_do_not_bias_a_rate_either(clock: VirtualClock) -> None:
    random = Random(4)
    server = Server(clock, lambda: random.expovariate(1000.0), USERS)
    many = [run_slice(clock, server, 0.02) for _ in range(100)]
    assert rate(many) == pytest.approx(USERS * 1000, rel=0.02)


def test_time_that_a_call_hangs_counts(clock: VirtualClock) -> None:
    server = Server(clock, lambda: 0.001)
    server.hangs_at = 50
    found = run_slice(clock, server, 0.1, users=1)
    assert found.measured.requests == 49
    assert rate([found]) == pytest.approx(39 / 0.09)


def test_a_slice_without_a_whole_call_has_the_share_that_passed(clock: VirtualClock) -> None:
    found = run_slice(clock, Server(clock, lambda: 0.4), 0.1, users=1)
    assert found.measured.requests == 0
    assert found.steady_requests == pytest.approx(0.25)


def test_a_slice_of_unknown_length_has_the_requests_that_it_completed() -> None:
    slice_ = Slice(Workload.of(), 0)
    slice_.measured.requests = 7
    slice_.close()
    assert slice_.steady_requests == 7


def test_a_pace_travels_from_a_worker_to_its_master(clock: VirtualClock) -> None:
    found = run_slice(clock, Server(clock, lambda: 0.001, USERS), 0.0105)
    arrived = Slice.of_plain(found.as_plain())
    assert arrived.steady_requests == found.steady_requests == pytest.approx(168)
