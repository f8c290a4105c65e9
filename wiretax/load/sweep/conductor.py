"""The conductor: gives each workload its slice, round after round, all users at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from gevent.event import Event

from wiretax.channels.remedies import RATE_LIMIT, SIZE_LIMIT, slow_down
from wiretax.channels.workload import Workload
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.acknowledgements import AcknowledgementMonitor, rate_failure
from wiretax.load.sweep.executor import Executor, SliceResult
from wiretax.load.sweep.pauses import MOST_TRIES, Pauses
from wiretax.load.sweep.rounds import WARM_UP, Step, round_order
from wiretax.queue.slice_queue import least_slice_s, stages_s
from wiretax.runs.skipped import Skipped, whose
from wiretax.wire.ledger import Failure

LEAST_ROUND_TRIPS = 20
# Rounds that a plan keeps, however long its slices become.
LEAST_KEPT = 12
# Enough to change an interval, few enough not to overshoot: a share of the plan's rounds, and at least some.
ADDED_ROUNDS = 4
ADDED_SHARE = 3


@dataclass(frozen=True, slots=True)
class AddedRounds:
    """The workloads that were undecided after a number of rounds, and the rounds added for them."""

    after: int
    undecided: tuple[str, ...]
    added: int


@dataclass(frozen=True, slots=True)
class Extension:
    """Rounds beyond a plan's, while a check is undecided.

    Attributes:
        undecided: names the workloads that more rounds could decide; called while users are idle.
        most_rounds: the plan's and the added ones together.
        added: called each time that rounds are added.
    """

    undecided: Callable[[], tuple[str, ...]]
    most_rounds: int
    added: Callable[[AddedRounds], None]


class Conductor:
    """Runs a plan with an executor.

    Attributes:
        ended_early: why the run stopped before its last round; empty if it did not.
        additions: each time that rounds were added.
        skipped: workloads that were left out, since they met a limit or none of their calls were acknowledged any
            more.
        pauses: the waits that the endpoint requested.
    """

    def __init__(
        self,
        plan: Plan,
        executor: Executor,
        extension: Extension | None = None,
        pausing: Callable[[], AbstractContextManager[None]] = nullcontext,
        own_mock: bool = False,
    ) -> None:
        """``pausing``: entered while the endpoint's waits last. ``own_mock``: whether the endpoint is the run's
        own mock, whose injected faults may request too many waits without ending the run."""
        self._plan = plan
        self._extension = extension
        self._executor = executor
        self._pausing = pausing
        self._stop = Event()
        self._cut = Event()
        self._own_mock = own_mock
        self._done = False
        self._go_on_at = 0.0
        self._tries = 0
        self.pauses = Pauses()
        self._met: dict[Workload, Failure] = {}
        self._monitor = AcknowledgementMonitor(plan.workloads)
        self._lasting_s: dict[Workload, float] = {}
        self.ended_early = ""
        self.additions: list[AddedRounds] = []
        self.skipped: list[Skipped] = []

    def stop(self, why: str) -> None:
        """End after the slice that is open; what it measured is kept. A plan that is done stays so."""
        if not self._done:
            self.ended_early = self.ended_early or why
        self._stop.set()
        self._cut.set()

    def halt(self, why: str) -> None:
        """End now: no exchange begins any more, and the open slice does not count."""
        self.stop(why)
        self._executor.close()

    def pause(self, seconds: float) -> None:
        """Cut the slice that is open; it is measured again after this time."""
        if self.pauses.given_up:
            return
        self._go_on_at = max(self._go_on_at, perf_counter() + seconds)
        self._executor.close()
        self._cut.set()

    def end_workload(self, workload: Workload, failure: Failure) -> None:
        """Cut the slice that is open, and send its workload no more: it met a limit. Others may not meet it."""
        self._met.setdefault(workload, failure)
        self._executor.close()
        self._cut.set()

    def steps(self, first: int, rounds: int) -> Iterator[Step]:
        """All slices from round ``first`` on, in order, of ``rounds`` rounds; the warm-up is round -1."""
        a_round = len(self._plan.workloads)
        before, total = (first - WARM_UP) * a_round, (rounds - WARM_UP) * a_round
        order = ((round_, each) for round_ in range(first, rounds) for each in self._round(round_))
        return (
            Step(each, round_, rounds, (before + at) / total, first_round=self._plan.first_round)
            for at, (round_, each) in enumerate(order)
        )

    def run_step(self, step: Step) -> SliceResult | None:
        """Run one slice and return it settled; None if the run has to end before it."""
        if self._stop.is_set():
            return None
        self._cut.clear()
        lasting_s = None if step.round == WARM_UP else self._lasts_s(step)
        result = self._executor.run_slice(step.workload, step.round, lasting_s, self._cut)
        if step.round == WARM_UP:
            twin = step.planned.replace(server="endpoint")
            known_s = self._lasting_s.get(twin, self._plan.slice_s)
            self._lasting_s[twin] = max(known_s, LEAST_ROUND_TRIPS * result.round_trip_s, least_slice_s(twin))
        if result.problem:
            self.stop(result.problem)
        return result

    def run(self) -> Iterator[tuple[Step, SliceResult]]:
        """Run the whole plan and the added rounds; each slice is yielded once its users are idle again."""
        monitor = self._monitor
        for step in self._course():
            if step.planned in monitor.dropped:
                continue
            result = None
            for result in self._attempts(step):
                yield step, result
            if result is None:
                return
            if step.planned not in monitor.dropped and (why := monitor.check(step, result)):
                self.stop(why)
            self.skipped = list(monitor.dropped.values())
        self._done = True

    def _course(self) -> Iterator[Step]:
        """All steps in order; each is asked for once the one before has been run."""
        yield from islice(self.steps(WARM_UP, self._plan.rounds), len(self._plan.workloads))
        first, rounds = 0, self._rounds_in_time()
        while first < rounds:
            yield from self.steps(first, rounds)
            first, rounds = rounds, rounds + self._more_rounds(rounds)

    def _rounds_in_time(self) -> int:
        """How many rounds fit in the time that the plan's take with slices as short as it says; longer slices, of
        slow calls, need fewer. At least ``LEAST_KEPT``, unless the plan has fewer."""
        plan = self._plan
        planned_s = sum(max(plan.slice_s, least_slice_s(each)) for each in plan.workloads)
        # A workload that was skipped in its warm-up has no duration.
        needed_s = sum(self._lasting_s.get(each.replace(server="endpoint"), 0.0) for each in plan.workloads)
        if needed_s <= planned_s:
            return plan.rounds
        return min(plan.rounds, max(LEAST_KEPT, int(plan.rounds * planned_s / needed_s)))

    def _lasts_s(self, step: Step) -> float:
        """How long (s) a slice is open that is no warm-up."""
        # Two servers get slices of the same duration, long enough for the slower one.
        return stages_s(step.workload) or self._lasting_s[step.planned.replace(server="endpoint")]

    def _attempts(self, step: Step) -> Iterator[SliceResult]:
        """Run a slice, and again each time that it was cut because the endpoint requested a wait."""
        while (result := self.run_step(step)) is not None:
            again = self._was_cut(step, result)
            if failure := self._met.pop(step.workload, None):
                for slice_ in result.slices:
                    slice_.counts = False
                if why := self._drop(step, failure, SIZE_LIMIT):
                    self.stop(why)
            yield result
            if not again or step.planned in self._monitor.dropped:
                return

    def _drop(self, step: Step, failure: Failure, limit: str) -> str:
        """Leave out a workload whose open slice met a limit; why the run has to end, empty if it goes on."""
        return self._monitor.drop(
            Skipped(step.planned, failure, max(WARM_UP, step.round - 1), limit, step.first_round)
        )

    def _was_cut(self, step: Step, result: SliceResult) -> bool:
        """Whether a slice was cut because the endpoint requested a wait; returns after the wait."""
        if not self._go_on_at or self._stop.is_set():
            self._tries = 0
            return False
        for slice_ in result.slices:
            slice_.counts = False
        pauses = self.pauses
        pauses.times += 1
        pauses.cut_s += max((slice_.duration_s for slice_ in result.slices), default=0.0)
        self._tries += 1
        if self._tries == MOST_TRIES and self._own_mock:
            pauses.given_up = True
        elif self._tries == MOST_TRIES:
            workload = step.workload
            users = workload.arrivals.publishers or self._plan.users
            self._tries = 0
            cut = f"cut short by 429 {MOST_TRIES} times in a row; {slow_down(workload.queued, users)}"
            if self._drop(step, rate_failure(result), f"{RATE_LIMIT}, {cut}"):
                self.stop(f"{whose(workload)} limits the rate: {workload.name} was {cut}")
                return True
        began = perf_counter()
        with self._pausing():
            self._stop.wait(max(0.0, self._go_on_at - began))
        pauses.waited_s += perf_counter() - began
        self._go_on_at = 0.0
        return True

    def _more_rounds(self, behind: int) -> int:
        """How many rounds are added after the first ``behind`` ones."""
        if self._extension is None or self._stop.is_set() or behind >= self._extension.most_rounds:
            return 0
        undecided = self._extension.undecided()
        if not undecided:
            return 0
        added = max(ADDED_ROUNDS, self._plan.rounds // ADDED_SHARE)
        added = min(added, self._extension.most_rounds - behind)
        self.additions.append(AddedRounds(behind, undecided, added))
        self._extension.added(self.additions[-1])
        return added

    def _round(self, round_: int) -> list[Workload]:
        plan = self._plan
        return round_order(plan.workloads, plan.seed, round_ if round_ == WARM_UP else plan.first_round + round_)
