"""The cost model in virtual time: nothing here waits."""

from __future__ import annotations

import pytest

from wiretax.mock.cost import CostModel, ServerQueue


def dues(cost: CostModel, calls: list[tuple[float, int]]) -> list[float]:
    """When the answer to each call is due; a call is its arrival and its number of events."""
    queue = ServerQueue(cost)
    return [queue.due(arrival, events) for arrival, events in calls]


@pytest.mark.parametrize("servers", [1, 2, 7])
@pytest.mark.parametrize("events", [0, 1, 10])
@pytest.mark.parametrize(("per_request", "per_event"), [(0.002, 0.0), (0.0, 0.0005), (0.001, 0.0001)])
def test_a_saturated_queue_has_exactly_its_capacity(
    servers: int, events: int, per_request: float, per_event: float
) -> None:
    service = per_request + events * per_event
    rounds = 100
    answered = dues(CostModel(0.0, per_request, per_event, servers), [(0.0, events)] * (rounds * servers))
    assert answered[-1] == pytest.approx(rounds * service)
    # All servers end a call together, so each moment comes as often as there are servers.
    assert answered == pytest.approx([(number // servers + 1) * service for number in range(len(answered))])


def test_an_idle_server_takes_its_time_for_each_call_and_no_more() -> None:
    cost = CostModel(per_request=1.0, per_event=0.25)
    assert dues(cost, [(0.0, 0), (10.0, 1), (20.0, 4), (22.0, 0)]) == [1.0, 11.25, 22.0, 23.0]


def test_a_call_waits_for_the_one_before() -> None:
    cost = CostModel(per_request=1.0)
    assert dues(cost, [(0.0, 1), (0.5, 1), (0.5, 1), (5.0, 1)]) == [1.0, 2.0, 3.0, 6.0]


@pytest.mark.parametrize("servers", [1, 2])
def test_the_round_trip_shifts_answers_and_leaves_the_capacity(servers: int) -> None:
    calls = [(0.0, 1), (0.25, 4), (0.5, 2), (8.0, 1), (8.0, 1), (8.0, 1), (8.25, 0)]
    near = dues(CostModel(0.0, 1.0, 0.5, servers), calls)
    far = dues(CostModel(4.0, 1.0, 0.5, servers), calls)
    assert far == [due + 4.0 for due in near]


def test_a_round_trip_alone_never_queues() -> None:
    assert dues(CostModel(rtt=2.0), [(0.0, 1)] * 3 + [(1.0, 10)]) == [2.0, 2.0, 2.0, 3.0]


LONG_AND_SHORT = [(0.0, 10), (0.0, 1), (0.0, 1), (0.0, 5)]


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        # One server answers in order of arrival.
        (1, [10.0, 11.0, 12.0, 17.0]),
        # With two the short calls pass the long one, and each call goes to the server that is free first.
        (2, [10.0, 1.0, 2.0, 7.0]),
        (4, [10.0, 1.0, 1.0, 5.0]),
    ],
)
def test_calls_go_to_the_server_that_is_free_first(servers: int, expected: list[float]) -> None:
    assert dues(CostModel(per_event=1.0, servers=servers), LONG_AND_SHORT) == expected


@pytest.mark.parametrize(
    ("cost", "free"),
    [
        (CostModel(), True),
        (CostModel(servers=4), True),
        (CostModel(rtt=0.001), False),
        (CostModel(per_request=0.001), False),
        (CostModel(per_event=0.001), False),
    ],
)
def test_only_a_model_without_times_is_free(cost: CostModel, free: bool) -> None:
    assert cost.is_free is free


def test_a_run_keeps_the_model_with_its_units() -> None:
    assert CostModel(0.04, 0.0002, 0.00001, 3).as_dict() == {
        "servers": 3,
        "rtt_s": 0.04,
        "per_request_s": 0.0002,
        "per_event_s": 0.00001,
    }
