"""Deliveries of a free run: subscribers come and go with Locust's users, and all is compared at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from time import monotonic

import numpy as np

from wiretax.delivery.counting.accounts import differences, unbalanced
from wiretax.delivery.counting.counted import CountedSlice
from wiretax.delivery.counting.matching import match
from wiretax.delivery.counting.parts import part
from wiretax.delivery.counting.published import ACKNOWLEDGED, Published
from wiretax.delivery.counting.received import Gap, Received
from wiretax.delivery.publish_log import PublishLog
from wiretax.delivery.subscribing.subscribers import Subscribers
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target

GRACE_S = 1.0
# Called with the delay of a delivery (s) and the bytes of its data.
OnDelivery = Callable[[float, int], None]


class FreeDeliveries:
    """The subscribers of one process's users, on the channels that its publishers send to.

    A subscriber that comes while others publish misses what was published before; so does one that leaves early.

    Attributes:
        differences: a sentence for each count that disagrees with another; known at the end.
        present: how many subscribers there are.
    """

    def __init__(
        self,
        log: PublishLog,
        target: Target,
        channels: Sequence[str],
        timeout_s: float,
        on_delivery: OnDelivery,
        ledger: Callable[[], dict[str, int] | None],
    ) -> None:
        """
        Args:
            log: where publishers note their calls.
            target: the server.
            channels: what is subscribed to.
            timeout_s: how long the server may take to confirm a subscription.
            on_delivery: told of each delivery of this run's events.
            ledger: asks the server what it counted of subscribers; None if it keeps no ledger.
        """
        assert log.identity is not None
        self._log = log
        self._identity = log.identity
        self._channels = tuple(channels)
        self._subscribers = Subscribers(target, log.identity.prefix, timeout_s=timeout_s)
        self._subscribers.watch(self._channels, self._told)
        self._on_delivery = on_delivery
        self._ledger = ledger
        self.differences: list[str] = []
        self._gaps: list[Gap] = []
        self._count = self.present = 0
        self._published: Published | None = None
        self._received: Received | None = None

    def join(self) -> int:
        """Subscribe once more; the number of the subscriber.

        Raises:
            SubscriberError: it can't.
        """
        number = self._count
        self._count += 1
        self._subscribers.join(number, self._channels)
        self._gaps.append(Gap(number, -inf, monotonic(), "not there yet"))
        self.present += 1
        return number

    def leave(self, number: int) -> None:
        """A subscriber is needed no more."""
        self._gaps.append(Gap(number, monotonic(), inf, "stopped"))
        self.present -= 1
        self._subscribers.leave(number)

    def reset(self) -> None:
        """Everything so far is set aside."""
        self._log.take()
        self._subscribers.finish(0, 0.0)

    def settle(self) -> None:
        """Publishing is over: wait for what is still on its way, while subscribers are there."""
        if self._published is None and self._count:
            self._published = self._log.take()
            acknowledged = self._published.outcome == ACKNOWLEDGED
            expected = int(self._published.messages[acknowledged].astype(np.int64).sum()) * self._count
            self._received = self._subscribers.finish(expected, GRACE_S)

    def conclude(self, record: RunRecord) -> None:
        """Close all connections, add a row per workload to the record, in its first window, and compare counts."""
        self.settle()
        published, received = self._published, self._received
        totals = self._subscribers.close()
        self.differences += differences(totals, self._ledger())
        record.meta["delivery"] = {
            "grace_s": GRACE_S,
            "own_process": False,
            "totals": totals.as_dict(),
            "differences": self.differences,
        }
        if published is None or received is None:
            return
        received = replace(received, gaps=(*received.gaps, *self._gaps))
        ended_s = monotonic()
        rows = {row["workload"]: row for row in reversed(record.slices)}
        workloads = self._log.workloads
        for number, workload in enumerate(workloads):
            row = rows.get(workload.name)
            if row is None:
                continue
            mine = np.array([each == workload for each in self._log.publishers], dtype=bool)[published.publisher]
            own, arrived = part(published, received, mine, takes_rest=not number)
            tally = match(own, arrived, self._count, GRACE_S, ended_s)
            # Coming for the first time is no reconnection.
            tally.reconnections = sum(gap.until_s < inf and gap.from_s > -inf for gap in received.gaps)
            self.differences += unbalanced(workload.name, row["round"], tally)
            lasted_s = sum(each["duration_s"] for each in record.slices if each["workload"] == workload.name)
            CountedSlice(workload, row["round"], lasted_s, tally, alone=len(workloads) == 1).add_to(record)

    def _told(self, data: str, arrived_s: float) -> None:
        found = self._identity.read(data)
        if found is not None:
            self._on_delivery(max(0.0, arrived_s - found[1]), len(data))
