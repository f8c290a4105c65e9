"""An executor that counts the deliveries of each slice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic

import numpy as np
from gevent.event import Event

from wiretax.channels.bodies.channel_names import all_channels
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.workload import Workload
from wiretax.delivery.counting.accounts import unbalanced
from wiretax.delivery.counting.counted import CountedSlice
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.matching import match
from wiretax.delivery.counting.published import ACKNOWLEDGED, Published
from wiretax.delivery.publish_log import PublishLog
from wiretax.delivery.subscribing.process import SubscriberProcess
from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.delivery.subscribing.subscribers import Subscribers
from wiretax.load.client.error_policy import Reactions
from wiretax.load.plan.delivery import Delivery
from wiretax.load.sweep.executor import Executor, ExecutorSummary, SliceResult
from wiretax.wire.connections.target import Target


class DeliveryExecutor:
    """Runs slices with another executor, and subscribers beside it.

    Attributes:
        totals: what all subscribers' connections carried; known at the end.
        problems: a sentence for each slice whose events or deliveries don't add up.
    """

    def __init__(
        self,
        executor: Executor,
        log: PublishLog,
        targets: Sequence[Target],
        delivery: Delivery,
        timeout_s: float,
        replay: Replay | None,
    ) -> None:
        """
        Args:
            executor: runs the slices, with users of this process.
            log: where these note their calls.
            targets: where they send.
            delivery: how deliveries are counted.
            timeout_s: how long a server may take to confirm a subscription.
            replay: the user's own events, several of which may have several channels; None for generated ones.
        """
        self._executor = executor
        self._log = log
        self._targets = {(target.server, target.tls, target.rtt_s): target for target in targets}
        self._delivery = delivery
        self._timeout_s = timeout_s
        self._replay = replay
        self._subscribers: dict[Target, SubscriberProcess | Subscribers] = {}
        self.totals = DeliveryBytes()
        self.problems: list[str] = []

    def begin(self) -> None:
        self._executor.begin()

    def run_slice(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> SliceResult:
        try:
            subscribers = self._of(workload)
            subscribers.begin(self._channels(workload), workload.subscribers)
        except SubscriberError as error:
            return SliceResult((), problem=str(error))
        self._log.take()
        result = self._executor.run_slice(workload, round_, lasting_s, stop)
        published = self._log.take()
        if not workload.subscribers:
            return result
        try:
            received = subscribers.finish(_expected(published) * workload.subscribers, self._delivery.grace_s)
        except SubscriberError as error:
            return replace(result, problem=result.problem or str(error))
        tally = match(published, received, workload.subscribers, self._delivery.grace_s, monotonic())
        self.problems += unbalanced(workload.name, round_, tally)
        if not result.parts or not all(part.slice_.counts for part in result.parts):
            return replace(result, problem=result.problem or received.error)
        duration_s = max(part.slice_.duration_s for part in result.parts)
        counted = CountedSlice(workload, round_, duration_s, tally)
        return replace(result, counted=counted, problem=result.problem or received.error)

    def on_rejected(self, reactions: Reactions) -> None:
        self._executor.on_rejected(reactions)

    def close(self) -> None:
        self._executor.close()

    def end(self) -> ExecutorSummary:
        return self._executor.end()

    def disconnect(self) -> None:
        """Close all subscribers' connections; nothing is published any more."""
        for each in self._subscribers.values():
            with suppress(SubscriberError):
                self.totals = self.totals.plus(each.close())
        self._subscribers.clear()

    def _of(self, workload: Workload) -> SubscriberProcess | Subscribers:
        """The subscribers of a workload's server, connected when they are first needed."""
        target = self._targets[workload.server, workload.transport.tls, workload.arrivals.rtt_s]
        if target not in self._subscribers:
            kind = SubscriberProcess if self._delivery.own_process else Subscribers
            identity = self._log.identity
            prefix = "" if identity is None else identity.prefix
            self._subscribers[target] = kind(target, prefix, identity is None, self._timeout_s)
        return self._subscribers[target]

    def _channels(self, workload: Workload) -> tuple[str, ...]:
        if self._replay is None or workload.call.channels > 1:
            return all_channels(workload)
        return tuple(dict.fromkeys(channel for event in self._replay.events for channel in event.channels))


def _expected(published: Published) -> int:
    """How many deliveries to one subscriber the acknowledged events make."""
    return int(published.messages[published.outcome == ACKNOWLEDGED].astype(np.int64).sum())
