"""Comparing what was published with what was received: each event and each delivery is counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.delivery.counting.content_key import content_key
from wiretax.delivery.counting.matching import match
from wiretax.delivery.counting.published import ACKNOWLEDGED, FAILED, OUTCOMES, REJECTED, UNKNOWN, Published
from wiretax.delivery.counting.received import NOT_OURS, Gap, Received

GRACE_S, ENDED_S = 1.0, 100.0


def published(
    outcomes: Sequence[int],
    *,
    first: int = 0,
    batch: int = 1,
    channels: int = 1,
    publishers: int = 1,
    keys: Sequence[int] = (),
) -> Published:
    """Events a second apart: their calls begin half a second after they were meant to arrive, and take 0.2 s."""
    count = len(outcomes)
    number = np.arange(count)
    intended_s = number.astype(float)
    return Published(
        first + number,
        intended_s,
        intended_s + 0.5,
        intended_s + 0.7,
        np.array(outcomes, dtype=np.int8),
        number // batch,
        np.full(count, channels, dtype=np.int16),
        (number % publishers).astype(np.int16),
        np.array(keys, dtype=np.uint64),
    )


def received(
    arrivals: Sequence[tuple[int, int, int, float]], gaps: tuple[Gap, ...] = (), keys: Sequence[int] = ()
) -> Received:
    """Deliveries: of a sequence number, to a subscriber, on a channel, at a time."""
    sequence, subscriber, channel, at_s = zip(*arrivals, strict=True) if arrivals else ((), (), (), ())
    return Received(
        np.array(subscriber, dtype=np.int16),
        np.array(channel, dtype=np.int16),
        np.array(sequence, dtype=np.int64),
        np.array(at_s, dtype=float),
        np.array(keys, dtype=np.uint64),
        gaps=gaps,
    )


def test_all_arrived() -> None:
    sent = published([ACKNOWLEDGED] * 4, batch=2)
    tally = match(sent, received([(number, 0, 0, number + 0.8) for number in range(4)]), 1, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert (tally.sent, tally.expected, tally.delivered, tally.lost) == (4, 4, 4, 0)
    times = tally.times
    assert times["waiting"].percentile_s(1) == pytest.approx(0.5, rel=0.01)
    assert times["wire"].percentile_s(1) == pytest.approx(0.2, rel=0.01)
    assert times["after"].percentile_s(1) == pytest.approx(0.1, rel=0.01)
    assert times["total"].percentile_s(1) == pytest.approx(0.8, rel=0.01)
    assert times["spread"].total == 2
    assert times["spread"].percentile_s(1) == pytest.approx(1.0, rel=0.01)
    assert times["before"].total == 0


def test_an_event_may_arrive_before_its_response() -> None:
    tally = match(published([ACKNOWLEDGED]), received([(0, 0, 0, 0.6)]), 1, GRACE_S, ENDED_S)
    assert tally.times["before"].percentile_s(1) == pytest.approx(0.1, rel=0.01)
    assert tally.times["after"].total == 0


def test_what_never_came_counts_with_the_time_it_was_waited_for() -> None:
    tally = match(published([ACKNOWLEDGED, ACKNOWLEDGED]), received([(0, 0, 0, 0.8)]), 1, GRACE_S, ENDED_S)
    assert (tally.delivered, tally.lost, tally.missed) == (1, 1, 0)
    assert int(tally.times["total"].censored.sum()) == 1


def test_each_kind_of_trouble_is_told_apart() -> None:
    sent = published([ACKNOWLEDGED, REJECTED, FAILED, UNKNOWN, ACKNOWLEDGED], first=10)
    arrivals = [
        (14, 0, 0, 5.0),
        (10, 0, 0, 5.1),
        (10, 0, 0, 5.2),
        (11, 0, 0, 5.3),
        (12, 0, 0, 5.4),
        (13, 0, 0, 5.5),
        (3, 0, 0, 5.6),
        (NOT_OURS, 0, 0, 5.7),
    ]
    tally = match(sent, received(arrivals), 1, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert (tally.acknowledged, tally.rejected, tally.failed, tally.unknown) == (2, 1, 1, 1)
    assert (tally.delivered, tally.duplicated, tally.late, tally.foreign) == (2, 1, 1, 1)
    assert (tally.unacknowledged_rejected, tally.unacknowledged_failed, tally.unacknowledged_unknown) == (1, 1, 1)
    assert tally.out_of_order_publisher == tally.out_of_order_channel == 1


def test_publishers_overtake_each_other_without_being_out_of_order_themselves() -> None:
    sent = published([ACKNOWLEDGED] * 4, publishers=2)
    order = [1, 0, 3, 2]
    tally = match(sent, received([(each, 0, 0, 9.0 + at) for at, each in enumerate(order)]), 1, GRACE_S, ENDED_S)
    assert (tally.out_of_order_publisher, tally.out_of_order_channel) == (0, 2)


def test_channels_and_subscribers_each_get_every_event() -> None:
    sent = published([ACKNOWLEDGED] * 3, channels=2)
    arrivals = [(each, who, where, 9.0) for each in range(3) for who in range(2) for where in range(2)]
    tally = match(sent, received(arrivals[:-1]), 2, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert (tally.expected, tally.delivered, tally.lost, tally.duplicated) == (12, 11, 1, 0)


def test_what_was_published_while_a_subscriber_was_away_is_missed_and_not_lost() -> None:
    sent = published([ACKNOWLEDGED] * 6)
    # It was away from 1.6 s until 3.9 s. The call of event 5 begins after that.
    arrivals = [(0, 0, 0, 0.8), (4, 0, 0, 4.8)]
    gap = Gap(0, 1.6, 3.9, "4200")
    tally = match(sent, received(arrivals, (gap,)), 1, 0.1, ENDED_S)
    assert tally.adds_up
    assert (tally.delivered, tally.missed, tally.lost, tally.reconnections) == (2, 3, 1, 1)
    away = match(sent, received(arrivals, (Gap(0, 1.6, inf, ""),)), 1, 0.1, ENDED_S)
    assert (away.missed, away.lost, away.reconnections) == (4, 0, 0)


def test_own_events_are_matched_by_content_and_order() -> None:
    a, b = content_key("chat", "said", "a"), content_key("chat", "said", "b")
    sent = published([ACKNOWLEDGED] * 4, keys=[a, b, a, b])
    arrivals = [(NOT_OURS, 0, 0, 9.0 + at) for at in range(5)]
    tally = match(
        sent, received(arrivals, keys=[a, b, b, a, content_key("chat", "said", "c")]), 1, GRACE_S, ENDED_S
    )
    assert tally.adds_up
    assert (tally.delivered, tally.ambiguous, tally.foreign, tally.duplicated) == (4, 4, 1, 0)
    again = match(sent, received(arrivals, keys=[a, b, a, b, b]), 1, GRACE_S, ENDED_S)
    assert (again.delivered, again.duplicated, again.foreign) == (4, 1, 0)


@pytest.mark.parametrize("data", "abcdefgh")
def test_a_foreign_event_takes_the_place_of_no_other(data: str) -> None:
    # Of the keys that sort beside the foreign one, none gives up a delivery.
    own = content_key("chat", "said", "b")
    sent = published([ACKNOWLEDGED] * 2, keys=[own, own])
    came = [content_key("chat", "said", f"foreign {data}"), own, own]
    tally = match(sent, received([(NOT_OURS, 0, 0, 9.0 + at) for at in range(3)], keys=came), 1, GRACE_S, ENDED_S)
    assert (tally.delivered, tally.duplicated, tally.foreign, tally.lost) == (2, 0, 1, 0)


def test_equal_events_on_different_channels_are_different_events() -> None:
    here, there = (content_key(channel, "said", "a") for channel in ("here", "there"))
    sent = published([ACKNOWLEDGED, REJECTED], keys=[here, there])
    arrivals = [(NOT_OURS, 0, 1, 9.0), (NOT_OURS, 0, 0, 9.1)]
    tally = match(sent, received(arrivals, keys=[there, here]), 1, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert (tally.delivered, tally.lost, tally.ambiguous, tally.unacknowledged_rejected) == (1, 0, 0, 1)


def test_nothing_at_all() -> None:
    tally = match(published([]), received([]), 3, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert tally.sent == tally.expected == 0


@given(
    outcomes=st.lists(st.integers(0, len(OUTCOMES) - 1), max_size=12),
    subscribers=st.integers(1, 3),
    channels=st.integers(1, 2),
    batch=st.integers(1, 4),
    arrivals=st.lists(
        st.tuples(st.integers(-1, 14), st.integers(0, 2), st.integers(0, 1), st.floats(0, 20)), max_size=40
    ),
    away=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 15), st.floats(0, 15)), max_size=3),
)
def test_whatever_happens_everything_is_counted_once(
    outcomes: list[int],
    subscribers: int,
    channels: int,
    batch: int,
    arrivals: list[tuple[int, int, int, float]],
    away: list[tuple[int, float, float]],
) -> None:
    arrivals = [each for each in arrivals if each[1] < subscribers and each[2] < channels]
    gaps = tuple(Gap(who, min(a, b), max(a, b), "") for who, a, b in away if who < subscribers)
    sent = published(outcomes, batch=batch, channels=channels)
    tally = match(sent, received(arrivals, gaps), subscribers, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert tally.missed == 0 or gaps
    known = [each for each in arrivals if 0 <= each[0] < len(outcomes)]
    counted = Counter(each[:3] for each in known)
    assert tally.duplicated == len(known) - len(counted)
    assert tally.delivered == sum(outcomes[each[0]] == ACKNOWLEDGED for each in counted)
    assert tally.late + tally.foreign == len(arrivals) - len(known)
    assert tally.times["total"].total == tally.delivered
    assert int(tally.times["total"].censored.sum()) == tally.lost
    assert tally.times["waiting"].total == outcomes.count(ACKNOWLEDGED)


@given(
    events=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.integers(0, 2)), max_size=12),
    arrivals=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.floats(0, 20)), max_size=30),
)
def test_own_events_are_counted_once_whatever_arrives(
    events: list[tuple[int, str, int]], arrivals: list[tuple[str, int, float]]
) -> None:
    keys = [content_key(f"c{channel}", "said", data) for _, data, channel in events]
    sent = published([outcome for outcome, _, _ in events], keys=keys or [0][:0])
    came = [content_key(f"c{channel}", "said", data) for data, channel, _ in arrivals]
    got = received([(NOT_OURS, 0, channel, at_s) for _, channel, at_s in arrivals], keys=came)
    tally = match(sent, got, 1, GRACE_S, ENDED_S)
    assert tally.adds_up
    assert min(tally.delivered, tally.lost, tally.missed, tally.duplicated, tally.foreign) >= 0
    if keys:
        assert tally.foreign == sum(each not in keys for each in came)
        expected = Counter(keys) & Counter(came)
        arrived = tally.delivered + tally.unacknowledged_rejected + tally.unacknowledged_failed
        assert arrived + tally.unacknowledged_unknown == expected.total()
