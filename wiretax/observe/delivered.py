"""What became of the events of an observed publisher: its calls compared with what a subscriber received."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

import numpy as np

from wiretax.channels.workload import Habit
from wiretax.delivery.counting.accounts import differences, unbalanced
from wiretax.delivery.counting.counted import CountedSlice
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.matching import identify, match
from wiretax.delivery.counting.parts import part
from wiretax.delivery.counting.published import ACKNOWLEDGED, FAILED, REJECTED, UNKNOWN, Published
from wiretax.delivery.counting.received import Received
from wiretax.observe.call_kind import observed_workload
from wiretax.observe.forwarding.exchange import Exchange
from wiretax.observe.subscriptions import GRACE_S, ObservedSubscriptions

# Failures of connecting, before anything was sent.
NOT_SENT = ("connect", "tls", "certificate", "alpn")


@dataclass(frozen=True, slots=True)
class ObservedDeliveries:
    """The deliveries of an observed publisher.

    Attributes:
        slices: what became of its events, by kind of call; empty if that was not counted to the end.
        totals: what the subscriber's connections carried.
        differences: a sentence for each count that disagrees with another.
        error: why deliveries were not counted to the end; empty if they were.
    """

    slices: tuple[CountedSlice, ...]
    totals: DeliveryBytes
    differences: tuple[str, ...]
    error: str

    @property
    def invalid_because(self) -> list[str]:
        """A sentence for each reason not to trust the counts."""
        reasons = [f"the counts of deliveries disagree: {each}" for each in self.differences]
        return [*reasons, f"deliveries could not be counted: {self.error}"] if self.error else reasons

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        totals, disagree = self.totals.as_dict(), list(self.differences)
        return {"grace_s": GRACE_S, "own_process": True, "totals": totals, "differences": disagree}


def count_deliveries(
    by: ObservedSubscriptions, exchanges: Sequence[Exchange], habit: Habit, server: dict[str, Any] | None
) -> ObservedDeliveries:
    """Compare what a publisher sent with what a subscriber received.

    Args:
        by: the subscriber, at its end.
        exchanges: all that were recorded.
        habit: how the publisher uses connections.
        server: the mock's ledger; None if the server keeps none.
    """
    if by.received is None or by.error:
        return ObservedDeliveries((), by.totals, (), by.error or "the subscriber gave no account")
    slices = tuple(counted_slices(exchanges, habit, by.received, by.ended_s))
    disagree = [line for each in slices for line in unbalanced(each.workload.name, each.round, each.tally)]
    disagree += differences(by.totals, None if server is None else server.get("delivery", {}))
    return ObservedDeliveries(slices, by.totals, tuple(disagree), "")


def with_events(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges whose events a subscriber could have received, in the order in which they began."""
    tracked = (each for each in exchanges if each.keys and not each.withheld)
    return sorted(tracked, key=lambda each: each.began_ns + each.held_ns)


def expected_deliveries(exchanges: Sequence[Exchange]) -> int:
    """How many deliveries the acknowledged events should make at one subscriber."""
    acknowledged = (each for each in with_events(exchanges) if _outcome(each) == ACKNOWLEDGED)
    return sum(len(keys) for each in acknowledged for keys in each.keys)


def counted_slices(
    exchanges: Sequence[Exchange], habit: Habit, received: Received, ended_s: float
) -> Iterator[CountedSlice]:
    """The deliveries of each kind of call, as slices have them.

    Args:
        exchanges: all that were recorded.
        habit: how the publisher uses connections.
        received: what its subscriber received.
        ended_s: when the last delivery had been waited for, seconds on ``time.monotonic``.
    """
    tracked = with_events(exchanges)
    if not tracked:
        return
    published = published_in(tracked)
    received, ambiguous = identify(published, received)
    workloads = [observed_workload(each, habit) for each in tracked]
    kinds = list(dict.fromkeys(each for each in workloads if each is not None))
    duration_s = (max(each.ended_ns for each in tracked) - min(each.began_ns for each in tracked)) / 1e9
    for number, workload in enumerate(kinds):
        mine = np.array([each == workload for each in workloads])[published.call]
        own, arrived = part(published, received, mine, takes_rest=not number)
        tally = match(own, arrived, 1, GRACE_S, ended_s)
        tally.ambiguous = int(ambiguous[mine].sum())
        yield CountedSlice(workload, 0, duration_s, tally, alone=len(kinds) == 1)


def published_in(exchanges: Sequence[Exchange]) -> Published:
    """The events of exchanges that began one after the other, as columns; calls are numbered by exchange."""
    events = np.array([len(each.keys) for each in exchanges])
    call = np.repeat(np.arange(len(exchanges)), events)
    # The clocks of the proxy and of the subscriber differ by a constant, which is 0 on Linux.
    shift_s = monotonic() - perf_counter()
    began_s = np.array([(each.began_ns + each.held_ns) / 1e9 for each in exchanges])[call] + shift_s
    ended_s = np.array([each.ended_ns / 1e9 for each in exchanges])[call] + shift_s
    keys = [keys for each in exchanges for keys in each.keys]
    return Published(
        sequence=np.arange(len(call)),
        intended_s=began_s,
        began_s=began_s,
        ended_s=ended_s,
        outcome=np.array([_outcome(each) for each in exchanges], dtype=np.int8)[call],
        call=call,
        messages=np.array([len(each) for each in keys], dtype=np.int16),
        publisher=np.array([each.connection for each in exchanges], dtype=np.int32)[call],
        key=np.array([key for each in keys for key in each], dtype=np.uint64),
    )


def _outcome(exchange: Exchange) -> int:
    if exchange.answer is not None:
        return ACKNOWLEDGED if exchange.answer.acknowledged else REJECTED
    failed_early = exchange.failure is not None and exchange.failure.kind in NOT_SENT
    return UNKNOWN if exchange.forwarded and not failed_early else FAILED
