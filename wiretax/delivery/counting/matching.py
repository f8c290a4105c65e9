"""Comparing what was published with what was received. No I/O; all events of a slice at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from wiretax.delivery.counting.published import ACKNOWLEDGED, FAILED, REJECTED, UNKNOWN, Published
from wiretax.delivery.counting.received import NOT_OURS, Gap, Received
from wiretax.delivery.counting.tally import DeliveryTally

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


def match(
    published: Published, received: Received, subscribers: int, grace_s: float, ended_s: float
) -> DeliveryTally:
    """Find out what became of each event.

    Args:
        published: what was sent.
        received: what arrived.
        subscribers: how many subscribed to all of the channels.
        grace_s: how long was waited for the last deliveries (s).
        ended_s: when that was over, seconds on ``time.monotonic``.
    """
    tally = DeliveryTally(subscribers=subscribers, grace_s=grace_s, sent=len(published), bytes=received.bytes)
    tally.backlog_bytes, tally.cpu_s = received.backlog_bytes, received.cpu_s
    tally.reconnections = sum(gap.until_s < np.inf for gap in received.gaps)
    counts = np.bincount(published.outcome, minlength=4).tolist()
    tally.acknowledged, tally.rejected, tally.failed, tally.unknown = counts
    if len(published.key):
        received, ambiguous = identify(published, received)
        tally.ambiguous = int(ambiguous.sum())
    sequence = received.sequence
    place, known = _places(published, sequence)
    tally.foreign = int((sequence == NOT_OURS).sum())
    tally.late = int((~known & (sequence != NOT_OURS)).sum())
    arrived = _First.of(place[known], received, known)
    tally.duplicated = int(known.sum()) - len(arrived.event)
    _count_order(tally, published, arrived)
    _count_unacknowledged(tally, published, arrived)
    _count_losses(tally, published, arrived, received.gaps, ended_s)
    _record_times(tally, published, arrived)
    return tally


class _First:
    """The first arrival of each event at each subscriber on each channel, in the order of arrivals."""

    def __init__(self, event: Places, subscriber: Ints, channel: Ints, arrived_s: Floats) -> None:
        """``event``: places in ``Published``; arrays of one length."""
        self.event = event
        self.subscriber = subscriber
        self.channel = channel
        self.arrived_s = arrived_s

    @classmethod
    def of(cls, event: Places, received: Received, known: Bools) -> _First:
        subscriber = received.subscriber[known].astype(np.int64)
        channel = received.channel[known].astype(np.int64)
        arrived_s = received.arrived_s[known]
        subscribers, channels = (int(each.max(initial=0)) + 1 for each in (subscriber, channel))
        key = (event.astype(np.int64) * subscribers + subscriber) * channels + channel
        _, first = np.unique(key, return_index=True)
        first.sort()
        return cls(event[first], subscriber[first], channel[first], arrived_s[first])


def _places(published: Published, sequence: Ints) -> tuple[Places, Bools]:
    """Where each number is among those that were published, and whether it is there."""
    place = np.searchsorted(published.sequence, sequence)
    known = place < len(published)
    known[known] = published.sequence[place[known]] == sequence[known]
    return place, known


def identify(published: Published, received: Received) -> tuple[Received, Bools]:
    """Number the deliveries of events that carry no number, by channel, name and data: of events that are equal,
    the first to arrive is the first that was sent.

    Returns:
        The deliveries with their sequence numbers, and which events can't be told apart from others.
    """
    event = np.repeat(np.arange(len(published)), published.messages)
    keys, inverse, counts = np.unique(published.key, return_inverse=True, return_counts=True)
    ambiguous = np.zeros(len(published), dtype=np.bool_)
    ambiguous[event[counts[inverse] > 1]] = True
    by_key = np.argsort(inverse, kind="stable")
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
    found = np.searchsorted(keys, received.key)
    known = found < len(keys)
    known[known] = keys[found[known]] == received.key[known]
    # The rank of each arrival among the equal ones that one subscriber got; those of nobody's have none.
    found = found[known]
    group = found * 65_536 + received.subscriber[known]
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
    rank = np.empty(len(group), dtype=np.int64)
    lengths = np.diff(np.concatenate([starts, [len(ordered)]]))
    rank[order] = np.arange(len(ordered)) - np.repeat(starts, lengths)
    sequence = np.full(len(received), NOT_OURS, dtype=np.int64)
    # More arrivals than were published: the last one came again.
    rank = np.minimum(rank, counts[found] - 1)
    sequence[known] = published.sequence[event[by_key[begins[found] + rank]]]
    return replace(received, sequence=sequence), ambiguous


def _count_order(tally: DeliveryTally, published: Published, arrived: _First) -> None:
    publisher = published.publisher[arrived.event].astype(np.int64)
    group = arrived.subscriber * 65_536 + arrived.channel
    tally.out_of_order_channel = _steps_back(group, arrived.event)
    tally.out_of_order_publisher = _steps_back(group * 2**31 + publisher, arrived.event)


def _steps_back(group: Ints, event: Places) -> int:
    """How many arrivals come after one of the same group that was published later than they were."""
    order = np.argsort(group, kind="stable")
    ordered, events = group[order], event[order]
    return int(((ordered[1:] == ordered[:-1]) & (events[1:] < events[:-1])).sum())


def _count_unacknowledged(tally: DeliveryTally, published: Published, arrived: _First) -> None:
    outcome = published.outcome[np.unique(arrived.event)]
    tally.unacknowledged_rejected = int((outcome == REJECTED).sum())
    tally.unacknowledged_failed = int((outcome == FAILED).sum())
    tally.unacknowledged_unknown = int((outcome == UNKNOWN).sum())


def _count_losses(
    tally: DeliveryTally, published: Published, arrived: _First, gaps: Sequence[Gap], ended_s: float
) -> None:
    """Count what did not arrive: missed if its subscriber was not connected, else lost."""
    acknowledged = published.outcome == ACKNOWLEDGED
    messages = published.messages.astype(np.int64)
    tally.expected = int(messages[acknowledged].sum()) * tally.subscribers
    tally.delivered = int(acknowledged[arrived.event].sum())
    missing = messages * tally.subscribers - np.bincount(arrived.event, minlength=len(published))
    missing[~acknowledged] = 0
    for subscriber in {gap.subscriber for gap in gaps}:
        own = np.bincount(arrived.event[arrived.subscriber == subscriber], minlength=len(published))
        missed = np.where(acknowledged & _in_gaps(published, gaps, subscriber, tally.grace_s), messages - own, 0)
        tally.missed += int(missed.sum())
        missing -= missed
    tally.lost = int(missing.sum())
    lost = missing > 0
    waited_ns = np.rint((ended_s - published.intended_s[lost]) * 1e9).astype(np.int64)
    tally.times["total"].record_censored(np.repeat(waited_ns, missing[lost]))


def _in_gaps(published: Published, gaps: Sequence[Gap], subscriber: int, grace_s: float) -> Bools:
    """Whether each event may have been on its way to a subscriber while that was not connected."""
    found = np.zeros(len(published), dtype=np.bool_)
    for gap in gaps:
        if gap.subscriber == subscriber:
            found |= (published.began_s <= gap.until_s) & (published.ended_s + grace_s >= gap.from_s)
    return found


def _record_times(tally: DeliveryTally, published: Published, arrived: _First) -> None:
    acknowledged = published.outcome == ACKNOWLEDGED
    began_s, ended_s = published.began_s[acknowledged], published.ended_s[acknowledged]
    tally.times["waiting"].record(_ns(began_s - published.intended_s[acknowledged]))
    tally.times["wire"].record(_ns(ended_s - began_s))
    ours = acknowledged[arrived.event]
    event, arrived_s, subscriber = arrived.event[ours], arrived.arrived_s[ours], arrived.subscriber[ours]
    after_s = arrived_s - published.ended_s[event]
    tally.times["after"].record(_ns(after_s[after_s >= 0]))
    tally.times["before"].record(_ns(-after_s[after_s < 0]))
    tally.times["total"].record(_ns(arrived_s - published.intended_s[event]))
    group = published.call[event] * max(1, tally.subscribers) + subscriber
    order = np.argsort(group, kind="stable")
    ordered, times_s = group[order], arrived_s[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else order
    if len(starts):
        lengths = np.diff(np.concatenate([starts, [len(ordered)]]))
        spread_s = np.maximum.reduceat(times_s, starts) - np.minimum.reduceat(times_s, starts)
        tally.times["spread"].record(_ns(spread_s[lengths > 1]))


def _ns(seconds: Floats) -> Ints:
    return np.maximum(np.rint(seconds * 1e9), 0).astype(np.int64)
