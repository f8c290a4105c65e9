"""A caller whose events can be recognised by their subscribers, and whose calls are noted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from time import monotonic, perf_counter_ns
from typing import Any

from wiretax.channels.bodies.encryption import plain_writer
from wiretax.channels.bodies.events import Event, data_writer
from wiretax.channels.bodies.identity import PLACEHOLDER, Identity
from wiretax.channels.profiles import load_profile
from wiretax.delivery.counting.published import ACKNOWLEDGED, FAILED, REJECTED, UNKNOWN
from wiretax.delivery.publish_log import PublishLog
from wiretax.wire.publishers.caller import Caller, CallResult, MessageLimitError
from wiretax.wire.publishers.publisher import FOREVER_NS
from wiretax.wire.slices import Slice


class TrackedCaller(Caller):
    """Stamps events and notes what became of their calls."""

    __slots__ = ("_data_of", "_log", "_publisher")

    def __init__(self, log: PublishLog, *arguments: Any) -> None:
        """``arguments``: those of ``Caller``."""
        super().__init__(*arguments)
        self._log = log
        workload = self._source.workload
        self._publisher = log.new_publisher(workload)
        profile = load_profile(workload.transport.client)
        self._data_of = plain_writer(profile) if workload.payload.encrypted else data_writer(profile)

    def call(self, events: Sequence[Event], intended_s: Sequence[float] = ()) -> CallResult:
        log, began_s = self._log, monotonic()
        intended_s = intended_s or [began_s] * len(events)
        first = log.number(len(events))
        if log.identity is not None:
            events = _stamped(log.identity, events, first, intended_s)
        try:
            result = super().call(events, intended_s)
        except MessageLimitError:
            raise  # nothing was sent
        except BaseException:
            # The publisher was stopped in the middle of a call.
            times_s = (began_s, monotonic())
            log.note(self._publisher, first, intended_s, times_s, UNKNOWN, events, self._data_of)
            raise
        times_s = (result.began_s, result.ended_s)
        log.note(self._publisher, first, intended_s, times_s, _outcome(result), events, self._data_of)
        return result


def _stamped(
    identity: Identity, events: Sequence[Event], first: int, intended_s: Sequence[float]
) -> Sequence[Event]:
    stamp = identity.stamp
    return [
        Event(
            event.name,
            event.channels,
            event.data.replace(PLACEHOLDER, stamp(first + number, at_s), 1),
            event.socket_id,
            event.info,
            event.is_document,
        )
        for number, (event, at_s) in enumerate(zip(events, intended_s, strict=True))
    ]


def _outcome(result: CallResult) -> int:
    if result.acknowledged:
        return ACKNOWLEDGED
    if result.failure is not None and result.failure.status:
        return REJECTED
    return UNKNOWN if result.is_unknown else FAILED


def publish_tracked(caller: Caller, events: Iterator[Event], slice_: Slice, until_ns: int = FOREVER_NS) -> None:
    """Publish in a closed loop until the slice closes, or until ``until_ns`` on ``perf_counter_ns``, but at least
    once: ``Publisher.publish`` for calls that are noted.

    Raises:
        MessageLimitError: the next call exceeds the message limit.
    """
    size = slice_.workload.call.batch_size
    last_ns = perf_counter_ns()
    with caller:
        began_ns = -1
        while slice_.open and began_ns < until_ns:
            began_ns = perf_counter_ns()
            result = caller.call(list(islice(events, size)))
            if result.acknowledged or (result.failure is not None and result.failure.status):
                ended_ns = perf_counter_ns()
                if slice_.paced_from_ns:
                    slice_.paced += slice_.paced_share(last_ns, ended_ns)
                last_ns = ended_ns
