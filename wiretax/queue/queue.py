"""Draining a queue, whatever its source: publishers take batches, publish them, and tell the source the result."""

from __future__ import annotations

from collections import Counter
from functools import partial
from math import inf

import gevent
from gevent.event import Event as Signal

from wiretax.channels.answers import in_words, is_final
from wiretax.channels.workload import Workload
from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.overload import expected_depth, why_overloaded
from wiretax.queue.slice_state import SliceState
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.source import Source
from wiretax.wire.failures import Failures
from wiretax.wire.publishers.caller import Caller, CallResult, MessageLimitError
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice
from wiretax.wire.stage_tallies import StageTallies

# How often the depth is noted.
SAMPLE_S = 0.02
# Once that many events are noted, they go into histograms between two looks at the depth: stages may last an hour.
MOST_NOTED = 4096
# How long a publisher waits after a failed call before it retries.
RETRY_PAUSE_S = 0.1


class Queue:
    """A source, drained by the publishers that call ``drain``.

    Attributes:
        ended: whether nothing more will be published: the source has no more events, and no call is under way
            whose events might be sent again; or the queue was given up.
        rejected: events that the server refused for good, by its answer.
        overload_reported: whether an overload has been logged.
    """

    def __init__(
        self,
        workload: Workload,
        source: Source,
        *,
        name: str = "",
        grace_s: float | None = None,
        give_up_s: float = inf,
        clock: Clock = GEVENT_CLOCK,
    ) -> None:
        """Nothing arrives before ``start``, or before the first publisher comes.

        Args:
            workload: how events are sent.
            source: where they come from.
            name: what to call the source in messages.
            grace_s: if the source is closed together with a slice, how long its rest may still be published; None
                if the source goes on in the next slice.
            give_up_s: the queue is given up if calls have failed for that long and none was acknowledged.
            clock: the source's.
        """
        self.ended = False
        self.rejected: Counter[str] = Counter()
        self._refusals = Failures()
        self.overload_reported = False
        self._workload = workload
        self._source = source
        self._name = name
        self._grace_s = grace_s
        self._give_up_s = give_up_s
        self._clock = clock
        self._started = self._closed = self._cut = False
        self._given_up = ""
        self._state: SliceState | None = None
        self._calls = 0
        self._call_ended = Signal()
        self._failing_since_s: float | None = None

    @property
    def error(self) -> str:
        """Why it ended early: given up, not started, or its source failed; empty if it did not."""
        return self._given_up or str(self._source.error or "")

    def start(self) -> None:
        """Start the source, unless it is started already. If that fails the queue has ended."""
        if self._started:
            return
        # Set first, since other publishers may run while the source starts.
        self._started = True
        try:
            self._source.start()
        except RuntimeError as error:
            self._given_up, self.ended = str(error), True

    def enter(self, slice_: Slice) -> SliceState:
        """Note what happens in a slice, from now until it closes."""
        if self._state is not None and slice_.continues(self._state.slice_):
            return self._state
        assert slice_.queue is not None
        now_s, depth, tally = self._clock.now(), self._source.waiting(), slice_.queue
        state = SliceState(slice_, tally, now_s, depth, self._source.count_arrivals_in(tally))
        if slice_.open:
            self._state = state
            slice_.when_closed.append(partial(self._leave, state))
            gevent.spawn(self._sample, state)
        else:
            state.ends_s, state.open = -inf, False
        return state

    def drain(self, caller: Caller, slice_: Slice, for_s: float = inf) -> None:
        """Publish what arrives until ``for_s`` seconds have passed, the slice and its grace are over, the next
        stage of its rate has begun, whose calls count in another slice, or the queue has ended.

        Raises:
            MessageLimitError: the next call exceeds the message limit.
        """
        self.start()
        if self.ended:
            return
        until_s = self._clock.now() + for_s
        state = self.enter(slice_)
        with caller:
            while True:
                arrivals = self._source.take(self._workload.call.batch_size, self._workload.arrivals.linger_s)
                is_over = self.ended or self._clock.now() >= state.ends_s or _is_followed(slice_, state)
                if arrivals and is_over:
                    # Nothing more is to be sent, or these belong to the next slice.
                    self._source.put_back(arrivals)
                elif arrivals:
                    self._publish(state, caller, arrivals)
                elif self._source.retries and self._calls:
                    # If one of these calls fails, its events have to be sent again.
                    self._call_ended.clear()
                    self._clock.wait(self._call_ended, max(0.0, until_s - self._clock.now()))
                else:
                    self.ended = True
                if self.ended or self._clock.now() >= min(until_s, state.ends_s) or _is_followed(slice_, state):
                    return

    def stop_generating(self) -> None:
        """Have no more events generated; the run is about to end. A file or a stream is read until ``close``."""
        if not self._source.retries:
            self._source.close()

    def cut(self) -> None:
        """Begin no further call, not even after the slice."""
        self._cut = True
        if self._state is not None:
            self._state.ends_s = min(self._state.ends_s, self._clock.now())

    def close(self) -> None:
        """Nothing arrives any more; the publishers have stopped."""
        self._closed = True
        self._source.close()
        if self._state is not None:
            self.count_rest(self._state.tally)

    def count_rest(self, tally: QueueTally) -> None:
        """Count the events that no longer will be sent, with how long they have waited so far."""
        now_s, rest = self._clock.now(), [each.intended_s for each in self._source.take_rest()]
        for each, intended_s in tally.by_stage(rest):
            each.never_sent(intended_s, now_s)

    def _publish(self, state: SliceState, caller: Caller, arrivals: list[Arrival]) -> None:
        """Send arrivals in one call, tell their source the result, and note how long they waited."""
        began_s = self._clock.now()
        self._calls += 1
        try:
            intended_s = [arrival.intended_s for arrival in arrivals]
            call = caller.call([arrival.event for arrival in arrivals], intended_s)
        except MessageLimitError:
            self._source.put_back(arrivals)
            raise
        except BaseException:
            self._settle_failed(state, arrivals, CallResult(False, began_s, self._clock.now()))
            raise
        else:
            if call.acknowledged:
                # First of all: whatever fails from here on, they must not be sent again.
                self._source.acknowledge(arrivals)
                for tally, of_stage_s in state.tally.by_stage(intended_s):
                    tally.delivered(of_stage_s, call.began_s, call.ended_s)
            else:
                self._settle_failed(state, arrivals, call)
        finally:
            self._calls -= 1
            self._call_ended.set()
        self._watch_failures(call)

    def _settle_failed(self, state: SliceState, arrivals: list[Arrival], call: CallResult) -> None:
        failure = call.failure
        if failure is not None and is_final(failure.kind, failure.status):
            self._source.reject(arrivals)
            kept = self._refusals.add(failure, len(arrivals))
            self.rejected[in_words(kept.status, kept.message)] += len(arrivals)
        elif self._source.retries:
            self._source.retry(arrivals)
            return
        for tally, intended_s in state.tally.by_stage([each.intended_s for each in arrivals]):
            tally.failed(intended_s, call.began_s, call.ended_s)
        if not state.open:
            # The endpoint asked to wait, which closed the slice: the rest must not be sent either.
            state.ends_s = min(state.ends_s, self._clock.now())

    def _watch_failures(self, call: CallResult) -> None:
        """Pause before a failed call is retried; give up if calls have failed for too long."""
        failure = call.failure
        if failure is None or is_final(failure.kind, failure.status):
            self._failing_since_s = None  # the server responds
            return
        if not self._source.retries or failure.status == 429:
            return  # nothing is retried, or all users wait for as long as the server asks
        if self._failing_since_s is None:
            self._failing_since_s = call.began_s
        if self._clock.now() - self._failing_since_s >= self._give_up_s:
            last = in_words(failure.status, failure.message)
            self._given_up = (
                f"{self._name}: given up, since no event was acknowledged for {self._give_up_s:g} s ({last}); "
                "check the endpoint (wiretax doctor does)"
            )
            self.ended = True
            return
        self._clock.sleep(RETRY_PAUSE_S)

    def _sample(self, state: SliceState) -> None:
        while state.open and not self._closed:
            self._note_depth(state)
            self._clock.sleep(SAMPLE_S)

    def _note_depth(self, state: SliceState) -> None:
        now_s, depth, of_pass = self._clock.now(), self._source.waiting(), state.tally.of_pass
        if of_pass is None:
            state.tally.depths.append((now_s - state.began_s, depth))
            return
        while of_pass.at(now_s) > state.stage:
            self._end_stage(of_pass, state.stage, of_pass.ends_s(state.stage), depth)
            state.stage += 1
        _note_depth_of_stage(of_pass, state.stage, now_s, depth)

    def _end_stage(self, of_pass: StageTallies, number: int, end_s: float, depth: int) -> None:
        """A stage of a rate ends, at this moment and with so many events in the queue."""
        _note_depth_of_stage(of_pass, number, end_s, depth)
        self._judge_stage(of_pass, number)

    def _judge_stage(self, of_pass: StageTallies, number: int) -> None:
        """Whether the queue grew in a stage: what counts is the stage alone, so a spike is overloaded and the time
        after it, in which the queue becomes shorter, is not."""
        tally, stage = of_pass.tallies[number], of_pass.stages[number]
        alone = self._workload.replace(rate=stage.most, stages="")
        tally.left = tally.depths[-1][1]
        tally.normal_depth = expected_depth(alone, tally.arrived)
        tally.overloaded = tally.overloaded or why_overloaded(alone, tally.arrived, tally.depths)

    def _leave(self, state: SliceState) -> None:
        """The slice closed."""
        state.open = False
        if self._grace_s is not None:
            self._source.close()
        self._note_depth(state)
        tally, workload, of_pass = state.tally, self._workload, state.tally.of_pass
        if of_pass is not None:
            tally = of_pass.tallies[state.stage]
            self._judge_stage(of_pass, state.stage)
        else:
            tally.left = self._source.waiting()
            if not state.counts_arrivals:
                # Its events arrived before they were counted here: they left the queue, or made it deeper.
                tally.arrived = max(0, tally.acknowledged + tally.lost + tally.left - state.depth_before)
            tally.intended = max(tally.intended, tally.arrived)
            tally.overloaded = tally.overloaded or why_overloaded(workload, tally.arrived, tally.depths)
        state.ends_s = self._clock.now()
        if self._grace_s is not None and not tally.overloaded and not self._cut:
            state.ends_s += workload.arrivals.linger_s + self._grace_s


def _note_depth_of_stage(of_pass: StageTallies, number: int, now_s: float, depth: int) -> None:
    """Note how deep a queue is in a stage of its rate."""
    tally = of_pass.tallies[number]
    tally.depths.append((max(0.0, now_s - of_pass.begins_s(number)), depth))
    if tally.series is not None:
        tally.series.look(now_s, depth)
        if len(tally.series) > MOST_NOTED:
            tally.settle()


def _is_followed(slice_: Slice, state: SliceState) -> bool:
    """Whether a publisher's slice has closed, and a later stage of it goes on."""
    return state.open and not slice_.open
