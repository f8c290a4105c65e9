"""The conductor of a capacity search: its slices follow from the outcomes of those before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from random import Random
from time import monotonic, process_time

from wiretax.channels.workload import Workload
from wiretax.load.capacity.limit import limit_of, unloaded_call_s
from wiretax.load.capacity.outcome import Outcome, outcome_of
from wiretax.load.capacity.search import Search
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.conductor import Conductor
from wiretax.load.sweep.executor import Executor, SliceResult
from wiretax.load.sweep.rounds import WARM_UP, Step, round_order
from wiretax.queue.slice_queue import MIN_LINGERS
from wiretax.runs.files.probes import Phase, ProbeRecord
from wiretax.runs.machine import busy_s

# Of the capacity found: where latencies are measured after the search.
LEVELS = (0.5, 0.8, 0.95, 1.0)
# A p99 needs 1,000 events, and a p99.9 10,000.
P99_EVENTS, P999_EVENTS = 1_000, 10_000
# A probe lasts at least for this many targets: in that time, at a rate 5 % above the capacity, the wait in a queue
# grows by one. Around the capacity probes are longer, as long as there is time for about 18 of each workload.
MIN_TARGETS, MOST_TARGETS = 20, 50
USUAL_PROBES = 18
# One probe takes this share of the run's time at most, however few events arrive in it.
MOST_SHARE = 0.1
# The slices after the search take this share of the run's time, and up to the second if they need it.
LEVELS_SHARE, MOST_LEVELS_SHARE = 0.25, 0.4


@dataclass(frozen=True, slots=True)
class Probed:
    """A slice that was sent at one rate, and its outcome.

    Attributes:
        searched: the plan's workload.
        round: the number of its round.
        rate: events per second.
        phase: what it was for.
        share: of the capacity found, in phase "levels"; else None.
        outcome: what became of it.
    """

    searched: Workload
    round: int
    rate: float
    phase: Phase
    share: float | None
    outcome: Outcome


class CapacityConductor(Conductor):
    """Searches for the capacity of each workload of a plan, all at the same time, round by round.

    Attributes:
        searches: by workload, as far as they have begun.
    """

    def __init__(
        self,
        plan: Plan,
        executor: Executor,
        pausing: Callable[[], AbstractContextManager[None]] = nullcontext,
        own_mock: bool = False,
        clock: Callable[[], float] = monotonic,
        processor_clock: Callable[[], float] = process_time,
        machine_clock: Callable[[], float] = busy_s,
    ) -> None:
        """``clock``: seconds; ``processor_clock`` and ``machine_clock``: processor time (s) of this process, and
        of all processes of this machine; others as for ``Conductor``."""
        super().__init__(plan, executor, None, pausing, own_mock)
        assert plan.capacity is not None
        self._capacity = plan.capacity
        self._clock, self._processor_clock, self._machine_clock = clock, processor_clock, machine_clock
        self._began_s = 0.0
        self._saturated: dict[Workload, float] = {}
        self._probed: list[Probed] = []
        self._levels: dict[Step, float] = {}
        self.searches: dict[Workload, Search] = {}

    @property
    def rows(self) -> list[ProbeRecord]:
        """All probes so far, with what was saturated in those that did not hold."""
        calls_s = {
            each: unloaded_call_s(one.outcome for one in self._probed if one.searched == each)
            for each in self.searches
        }
        return [
            ProbeRecord(
                searched=each.searched,
                round=each.round,
                rate=each.rate,
                phase=each.phase,
                held=each.outcome.held,
                p99_s=each.outcome.p99_s,
                reason=each.outcome.reason,
                limited_by=limit_of(each.outcome, calls_s[each.searched]),
                share=each.share,
            )
            for each in self._probed
        ]

    def run_step(self, step: Step) -> SliceResult | None:
        cpu_s, machine_s, began_s = self._processor_clock(), self._machine_clock(), self._clock()
        result = super().run_step(step)
        if result is None or not result.slices:
            return result
        if step.searched is None:
            lasted_s = max(slice_.duration_s for slice_ in result.slices)
            events = sum(slice_.measured.events for slice_ in result.slices)
            self._saturated[step.planned] = events / lasted_s if lasted_s else 0.0
        elif all(slice_.counts for slice_ in result.slices) and not self._go_on_at and not self._met:
            took_s = self._clock() - began_s
            cores = (self._processor_clock() - cpu_s) / took_s if took_s else 0.0
            machine = (self._machine_clock() - machine_s) / took_s / (os.cpu_count() or 1) if took_s else 0.0
            outcome = outcome_of(result.slices, self._capacity.p99_s, cores, machine)
            self._learn(step, step.searched, outcome)
        return result

    def _learn(self, step: Step, searched: Workload, outcome: Outcome) -> None:
        search, rate, share = self.searches[searched], step.workload.arrivals.rate, self._levels.get(step)
        phase: Phase = "levels" if share is not None else search.phase
        if share is None and not search.add(rate, outcome.held, not outcome.held and outcome.by_generator):
            phase = "repeated"
        self._probed.append(Probed(searched, step.round, rate, phase, share, outcome))

    def _course(self) -> Iterator[Step]:
        self._began_s = self._clock()
        # Calls that follow each other without a pause: the rate at which they are acknowledged is where the search
        # begins.
        for step in self.steps(WARM_UP, WARM_UP + 1):
            yield replace(step, done=0.0)
        self._began_s = self._clock()
        for workload in self._plan.workloads:
            seed = f"{self._plan.seed}/capacity/{workload.name}"
            self.searches[workload] = Search(self._capacity, self._saturated.get(workload, 0.0), seed)
        round_ = 0
        while open_ := [each for each in self._kept() if not self.searches[each].decided]:
            for workload in round_order(tuple(open_), self._plan.seed, round_):
                if self._left_s() <= 0:
                    break
                yield self._step(workload, self.searches[workload].next_rate(), round_)
            if self._left_s() <= 0:
                break
            round_ += 1
        shares = list(LEVELS)
        Random(f"{self._plan.seed}/levels").shuffle(shares)
        for share in shares:
            round_ += 1
            for workload in round_order(self._kept(), self._plan.seed, round_):
                if self.searches[workload].probes:
                    rate = float(f"{share * self.searches[workload].found:.4g}")
                    step = self._step(workload, max(rate, self._capacity.least * share), round_)
                    self._levels[step] = share
                    yield step

    def _lasts_s(self, step: Step) -> float:
        most_s = MOST_SHARE * self._capacity.time_s
        arrivals, target_s, count = step.workload.arrivals, self._capacity.p99_s, len(self._plan.workloads)
        least_s = max(super()._lasts_s(step), self._least_s(step.planned))
        needed_s = max(least_s, min(P99_EVENTS / arrivals.rate, most_s))
        if step in self._levels:
            return max(needed_s, min(P999_EVENTS / arrivals.rate, self._levels_s() / (len(LEVELS) * count)))
        if self.searches[step.planned].phase == "bracket":
            return needed_s
        share_s = (self._capacity.time_s - self._levels_s()) / (USUAL_PROBES * count)
        return max(needed_s, min(MOST_TARGETS * target_s, share_s))

    def _step(self, workload: Workload, rate: float, round_: int) -> Step:
        done = min(1.0, (self._clock() - self._began_s) / self._capacity.time_s)
        return Step(workload.replace(rate=rate), round_, round_ + 1, done, workload, self._note(workload))

    def _note(self, workload: Workload) -> str:
        """``batch10 100 B: 18,200 [17,600, 18,900] events/s``."""
        search = self.searches[workload]
        low, high = search.threshold.interval()
        known = "searching"
        if search.phase == "search":
            known = f"{search.threshold.median:,.0f} [{low:,.0f}, {high:,.0f}] events/s"
        return f"{workload.call.name} {workload.payload.bytes:,} B: {known}"

    def _kept(self) -> tuple[Workload, ...]:
        return tuple(each for each in self._plan.workloads if each not in self._monitor.dropped)

    def _least_s(self, workload: Workload) -> float:
        """How long (s) a probe lasts at any rate."""
        return max(MIN_TARGETS * self._capacity.p99_s, MIN_LINGERS * workload.arrivals.linger_s)

    def _levels_s(self) -> float:
        """How much of the time is for the slices after the search (s)."""
        time_s = self._capacity.time_s
        needed_s = len(LEVELS) * sum(self._least_s(each) for each in self._plan.workloads)
        return min(max(LEVELS_SHARE * time_s, needed_s), MOST_LEVELS_SHARE * time_s)

    def _left_s(self) -> float:
        """How much time the search has left (s)."""
        return self._capacity.time_s - self._levels_s() - (self._clock() - self._began_s)
