"""Channels of a workload's events: chosen, numbered, and spread over many, in requests of equal size."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest

from wiretax.channels.bodies.channel_names import MOST_KEPT, channels_in_turn, longest_channel
from wiretax.channels.bodies.events import bodies, generated_events
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.endpoint import SERVICE
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.request.sizes import body_sizes, request_sizes
from wiretax.channels.workload import Workload
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.wire.publishers.request_source import RequestSource

TRIGGER = Workload.of()
BATCH = Workload.of("batch", 4)
MANY = Workload.of("multi_trigger", 1, 3)


def first_bodies(workload: Workload, count: int) -> list[bytes]:
    """The first bodies of a workload, as its client writes them."""
    data = payloads(workload.payload.kind, workload.payload.bytes, 1)
    next_body = bodies(workload, load_profile(workload.transport.client), data)
    return [next_body() for _ in range(count)]


def channels_of(body: bytes) -> list[str]:
    """The channels that a body names, one for each event, or all of an event."""
    document: dict[str, Any] = json.loads(body)
    if "batch" in document:
        return [each["channel"] for each in document["batch"]]
    return [document["channel"]] if "channel" in document else document["channels"]


@pytest.mark.parametrize(
    ("workload", "channels"),
    [
        (TRIGGER, ["my-channel"]),
        (MANY, ["my-channel-1", "my-channel-2", "my-channel-3"]),
        (TRIGGER.replace(channel_name="orders"), ["orders"]),
        (MANY.replace(channel_name="orders"), ["orders-1", "orders-2", "orders-3"]),
        (MANY.replace(channel_name="room-{}.eu"), ["room-1.eu", "room-2.eu", "room-3.eu"]),
        (TRIGGER.replace(channel_name="room-{}"), ["room-1"]),
    ],
)
def test_without_a_spread_all_calls_go_to_the_same_channels(workload: Workload, channels: list[str]) -> None:
    assert [channels_of(each) for each in first_bodies(workload, 3)] == [channels] * 3


def test_events_go_to_one_channel_after_another_and_to_the_first_after_the_last() -> None:
    sent = [channels_of(each) for each in first_bodies(TRIGGER.replace(channel_name="r-{}", spread=3), 5)]
    assert sent == [["r-1"], ["r-2"], ["r-3"], ["r-1"], ["r-2"]]


def test_each_event_of_a_batch_has_a_channel_of_its_own() -> None:
    sent = [channels_of(each) for each in first_bodies(BATCH.replace(channel_name="r-{}", spread=10), 3)]
    assert sent == [
        ["r-01", "r-02", "r-03", "r-04"],
        ["r-05", "r-06", "r-07", "r-08"],
        ["r-09", "r-10", "r-01", "r-02"],
    ]


@pytest.mark.parametrize("spread", [3, 4, 7, 1000])
def test_the_channels_of_an_event_are_distinct_wherever_it_begins(spread: int) -> None:
    workload = MANY.replace(channel_name="r-{}", spread=spread)
    sent = [channels_of(each) for each in first_bodies(workload, 2 * spread)]
    assert all(len({*each}) == 3 for each in sent)
    assert {name for each in sent for name in each} == {f"r-{n:0{len(str(spread))}}" for n in range(1, spread + 1)}


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize("call", [TRIGGER, BATCH, MANY])
def test_all_calls_of_a_workload_have_the_size_of_the_model(client: str, call: Workload) -> None:
    workload = call.replace(client=client, channel_name="private-r-{}.eu", event_name='Zoë "✓"/👍', spread=1001)
    sizes = {len(each) for each in first_bodies(workload, 1002)}
    assert sizes == {request_sizes(workload).body}


def test_the_bytes_of_names_are_part_of_an_events_envelope() -> None:
    for call in (TRIGGER, BATCH):
        longer = call.replace(channel_name="my-channel-of-orders", event_name="my-event-1")
        assert body_sizes(longer).event == body_sizes(call).event + 12
        assert body_sizes(longer).call == body_sizes(call).call
        assert request_sizes(longer).body == request_sizes(call).body + 12 * call.call.batch_size
    # "-0001" follows each name.
    assert body_sizes(BATCH.replace(spread=1000)).event == body_sizes(BATCH).event + 5


def test_the_longest_channel_is_as_long_as_any() -> None:
    for workload in (TRIGGER, MANY, MANY.replace(channels=12), TRIGGER.replace(spread=120, channel_name="a{}b")):
        names = {name for each in islice(channels_in_turn(workload), 200) for name in each}
        assert longest_channel(workload) in names
        assert len(longest_channel(workload)) == max(map(len, names))


def test_a_queue_spreads_its_events_as_well() -> None:
    workload = BATCH.replace(channel_name="r-{}", event_name="moved", spread=3, rate=100.0)
    events = GeneratedSource.of(workload, seed=1, round_=0)._events
    taken = [next(events) for _ in range(4)]
    assert [(each.name, each.channels) for each in taken] == [
        ("moved", ("r-1",)),
        ("moved", ("r-2",)),
        ("moved", ("r-3",)),
        ("moved", ("r-1",)),
    ]


@pytest.mark.parametrize("spread", [3, MOST_KEPT, MOST_KEPT + 1])
def test_every_pass_is_the_same_whether_names_are_kept_or_not(spread: int) -> None:
    turns = channels_in_turn(TRIGGER.replace(channel_name="r-{}%d", spread=spread))
    first, second = ([next(turns) for _ in range(spread)] for _ in range(2))
    assert first == second
    assert (first[0], first[-1]) == ((f"r-{1:0{len(str(spread))}}%d",), (f"r-{spread}%d",))


def test_many_channels_take_no_memory_and_all_users_share_the_turns() -> None:
    workload = TRIGGER.replace(channel_name="r-{}", spread=2**31 - 1)
    assert next(generated_events(workload, ["x"])).channels == ("r-0000000001",)

    source = RequestSource.of(workload, SERVICE, seed=1)
    assert [channels_of(source.next_body()) for _ in range(2)] == [["r-0000000001"], ["r-0000000002"]]
