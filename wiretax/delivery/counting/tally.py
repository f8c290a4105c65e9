"""The result of comparing what was published in a slice with what was received."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.wire.histogram import Histogram

# The times of a delivery: before its call, in its call, from the response to the arrival ("after"; "before" if it
# came first), from the intended time to the arrival, and from the first arrival of a call to its last.
DelayKind = Literal["waiting", "wire", "after", "before", "total", "spread"]
DELAY_KINDS: tuple[DelayKind, ...] = ("waiting", "wire", "after", "before", "total", "spread")


@dataclass(slots=True)
class DeliveryTally:
    """One slice. Events are counted once, deliveries once for each of their channels and each subscriber.

    Attributes:
        subscribers: how many subscribed to the channels.
        grace_s: how long was waited for the last deliveries (s).
        sent: events that were sent.
        acknowledged: events of acknowledged calls.
        rejected: events of calls that the server rejected.
        failed: events of calls that failed before they were sent whole.
        unknown: events of calls that were sent whole and got no response.
        expected: deliveries of acknowledged events that there should be.
        delivered: those of them that arrived.
        lost: those that did not arrive within the grace time.
        missed: those that did not arrive because the subscriber was not connected.
        duplicated: deliveries that had arrived before.
        out_of_order_publisher: steps backwards in a channel, among the events of one publisher.
        out_of_order_channel: steps backwards in a channel, among all of its events.
        unacknowledged_rejected: events that arrived although their call was rejected.
        unacknowledged_failed: events that arrived although their call failed.
        unacknowledged_unknown: events that arrived of calls without a response: they were accepted after all.
        late: deliveries of earlier slices, which came after the grace time and count there as lost.
        foreign: deliveries of events that this run did not publish.
        ambiguous: events that can't be told apart from others with the same channel, name and data.
        reconnections: how often a subscriber connected again.
        backlog_bytes: the most that a connection had received and its subscriber had not read.
        cpu_s: the processor time of the subscribers' process in the slice.
        bytes: what the subscribers' connections carried in the slice.
        times: histograms by kind, of deliveries; "waiting" and "wire" of acknowledged events. Lost deliveries are
            censored in "total": they take at least until the grace time was over.
    """

    subscribers: int = 0
    grace_s: float = 0.0
    sent: int = 0
    acknowledged: int = 0
    rejected: int = 0
    failed: int = 0
    unknown: int = 0
    expected: int = 0
    delivered: int = 0
    lost: int = 0
    missed: int = 0
    duplicated: int = 0
    out_of_order_publisher: int = 0
    out_of_order_channel: int = 0
    unacknowledged_rejected: int = 0
    unacknowledged_failed: int = 0
    unacknowledged_unknown: int = 0
    late: int = 0
    foreign: int = 0
    ambiguous: int = 0
    reconnections: int = 0
    backlog_bytes: int = 0
    cpu_s: float = 0.0
    bytes: DeliveryBytes = field(default_factory=DeliveryBytes)
    times: dict[DelayKind, Histogram] = field(default_factory=lambda: {each: Histogram() for each in DELAY_KINDS})

    @property
    def adds_up(self) -> bool:
        """Whether each event and each expected delivery is counted once."""
        outcomes = self.acknowledged + self.rejected + self.failed + self.unknown
        ends = self.delivered + self.lost + self.missed
        return self.sent == outcomes and self.expected == ends and min(self.lost, self.missed) >= 0
