"""The conductor: gives each workload its slice, round after round, all users at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from random import Random
from time import perf_counter
from typing import Any

from gevent.event import Event

from wiretax.channels.answers import is_rejected
from wiretax.channels.remedies import slow_down
from wiretax.channels.workload import Server, Workload
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.executor import Executor, SliceResult
from wiretax.queue.slice_queue import least_slice_s
from wiretax.runs.skipped import Skipped, kept, whose, words
from wiretax.wire.ledger import Failure

WARM_UP = -1
LEAST_ROUND_TRIPS = 20
# After so many slices in a row without one acknowledged event nothing is left to measure: of a server, unless it
# rejected what it was sent, which is the workload's fault; and of that workload.
SILENT_SLICES = 3
# Enough to tell something new, few enough not to go far beyond what is needed.
ADDED_ROUNDS = 4
# A slice that an endpoint's "too many" cut as often as this would never come out whole.
MOST_TRIES = 4


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to be measured.

    Attributes:
        workload: what is sent.
        round: in which round; -1 for the warm-up.
        rounds: how many the run has, as far as is known.
        done: how much of the run is behind it (0 to 1).
    """

    workload: Workload
    round: int
    rounds: int
    done: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What was undecided after so many rounds, and how many were added for it."""

    after: int
    undecided: tuple[str, ...]
    added: int


@dataclass(frozen=True, slots=True)
class Extension:
    """Rounds beyond a plan's, for as long as something is undecided.

    Attributes:
        undecided: names what more rounds could decide; asked while users are idle.
        most_rounds: the plan's and the added ones together.
        added: told each time that some are added.
    """

    undecided: Callable[[], tuple[str, ...]]
    most_rounds: int
    added: Callable[[Asked], None]


@dataclass(slots=True)
class Pauses:
    """Time that no workload was sent, since the endpoint asked to wait.

    Attributes:
        times: how often.
        waited_s: how long.
        cut_s: what slices had lasted that were cut and measured anew.
        given_up: whether it asked so often that it was not heard any more.
    """

    times: int = 0
    waited_s: float = 0.0
    cut_s: float = 0.0
    given_up: bool = False

    def __str__(self) -> str:
        times = "once" if self.times == 1 else f"{self.times} times"
        anew = f", {self.cut_s:.1f} s of slices measured anew" if self.cut_s else ""
        return (
            f"the endpoint asked to wait (429), {times}: {self.waited_s:.1f} s lost{anew}; no rate has them in it"
            + (f"; then a slice was cut {MOST_TRIES} times in a row, and 429 was counted only" * self.given_up)
        )

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return asdict(self)


def round_order(workloads: tuple[Workload, ...], seed: int, round_: int) -> list[Workload]:
    """The order of one round, the same for the same seed. The warm-up keeps the plan's order.

    Workloads that are compared with each other follow each other, so that a machine's drift within a round has
    little time between them; which comes first, and which family, is drawn. What is sent to two servers is sent to
    the one right after the other.
    """
    if round_ == WARM_UP:
        return list(workloads)
    random = Random(f"{seed}/round/{round_}")
    families: dict[tuple[object, ...], dict[Workload, list[Workload]]] = {}
    for workload in workloads:
        twin = workload.replace(server="endpoint")
        families.setdefault(twin.comparison_key, {}).setdefault(twin, []).append(workload)
    order = [list(family.values()) for family in families.values()]
    random.shuffle(order)
    for family in order:
        random.shuffle(family)
        for servers in family:
            random.shuffle(servers)
    return [workload for family in order for servers in family for workload in servers]


class Conductor:
    """Runs a plan with an executor.

    Attributes:
        ended_early: why the run stopped before its last round; empty where it did not.
        asked: each time that rounds were added.
        skipped: workloads that were left out, since none of their calls were acknowledged any more.
        pauses: what the endpoint's wish to wait took.
    """

    def __init__(
        self,
        plan: Plan,
        executor: Executor,
        extension: Extension | None = None,
        pausing: Callable[[], AbstractContextManager[None]] = nullcontext,
        own_mock: bool = False,
    ) -> None:
        """``pausing``: entered while nothing is sent since the endpoint asked to wait. ``own_mock``: whether that
        is a mock that was told to; then a run does not end where it asks too often."""
        self._plan = plan
        self._extension = extension
        self._executor = executor
        self._pausing = pausing
        self._stop = Event()
        self._cut = Event()
        self._own_mock = own_mock
        self._go_on_at = 0.0
        self._tries = 0
        self.pauses = Pauses()
        self._lasting_s: dict[Workload, float] = {}
        self.ended_early = ""
        self.asked: list[Asked] = []
        self.skipped: list[Skipped] = []

    def stop(self, why: str) -> None:
        """End after the slice that is open; what it measured is kept."""
        self.ended_early = self.ended_early or why
        self._stop.set()
        self._cut.set()

    def halt(self, why: str) -> None:
        """End now: no exchange begins any more, and the slice that is open does not count."""
        self.stop(why)
        self._executor.close()

    def hold(self, seconds: float) -> None:
        """Cut the slice that is open; it is measured anew when so much time has passed."""
        if self.pauses.given_up:
            return
        self._go_on_at = max(self._go_on_at, perf_counter() + seconds)
        self._executor.close()
        self._cut.set()

    def steps(self, first: int, rounds: int) -> list[Step]:
        """All slices from a round on in order, of a run that has so many rounds; the warm-up comes first."""
        a_round = len(self._plan.workloads)
        before, total = (first - WARM_UP) * a_round, (rounds - WARM_UP) * a_round
        order = [(round_, each) for round_ in range(first, rounds) for each in self._round(round_)]
        return [Step(each, round_, rounds, (before + at) / total) for at, (round_, each) in enumerate(order)]

    def run_step(self, step: Step) -> SliceResult | None:
        """Have one slice held and return it settled; None where the run is to end before it."""
        if self._stop.is_set():
            return None
        self._cut.clear()
        # Two servers hold it equally long: as long as the slower one needs.
        twin = step.workload.replace(server="endpoint")
        lasting_s = None if step.round == WARM_UP else self._lasting_s[twin]
        result = self._executor.hold(step.workload, step.round, lasting_s, self._cut)
        if step.round == WARM_UP:
            known_s = self._lasting_s.get(twin, self._plan.slice_s)
            self._lasting_s[twin] = max(known_s, LEAST_ROUND_TRIPS * result.round_trip_s, least_slice_s(twin))
        if result.problem:
            self.stop(result.problem)
        return result

    def run(self) -> Iterator[tuple[Step, SliceResult]]:
        """Perform the whole plan and what is added to it; each slice is yielded once its users are idle again."""
        silent = Silence(self._plan.workloads)
        first, rounds = WARM_UP, self._plan.rounds
        while first < rounds:
            for step in self.steps(first, rounds):
                if step.workload in silent.dropped:
                    continue
                result = self.run_step(step)
                while result is not None and self._is_held_up(step, result):
                    yield step, result
                    result = self.run_step(step)
                if result is None:
                    return
                yield step, result
                if why := silent.note(step, result):
                    self.stop(why)
                self.skipped = list(silent.dropped.values())
            first, rounds = rounds, rounds + self._more_rounds(rounds)

    def _is_held_up(self, step: Step, result: SliceResult) -> bool:
        """Whether a slice was cut since the endpoint asked to wait; the wait is over then."""
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
            self.stop(
                f"{whose(workload)} limits the rate: {workload.name} was cut short by 429 {MOST_TRIES} times in a "
                f"row; {slow_down(workload.queued, users)}"
            )
            return True
        began = perf_counter()
        with self._pausing():
            self._stop.wait(max(0.0, self._go_on_at - began))
        pauses.waited_s += perf_counter() - began
        self._go_on_at = 0.0
        return True

    def _more_rounds(self, behind: int) -> int:
        """How many rounds are added after those that are behind."""
        if self._extension is None or self._stop.is_set() or behind >= self._extension.most_rounds:
            return 0
        undecided = self._extension.undecided()
        if not undecided:
            return 0
        added = min(ADDED_ROUNDS, self._extension.most_rounds - behind)
        self.asked.append(Asked(behind, undecided, added))
        self._extension.added(self.asked[-1])
        return added

    def _round(self, round_: int) -> list[Workload]:
        return round_order(self._plan.workloads, self._plan.seed, round_)


class Silence:
    """Which workloads and servers have acknowledged nothing for how long.

    Attributes:
        dropped: workloads that are not sent any more, and why.
    """

    def __init__(self, workloads: tuple[Workload, ...]) -> None:
        self._workloads = workloads
        self._of_server: Counter[Server] = Counter()
        self._of_workload: Counter[Workload] = Counter()
        self.dropped: dict[Workload, Skipped] = {}

    def note(self, step: Step, result: SliceResult) -> str:
        """Take in a slice; why the run is to end after it, empty where it goes on."""
        workload, server = step.workload, step.workload.server
        if any(slice_.measured.events or slice_.boundary.events for slice_ in result.slices):
            self._of_server[server] = self._of_workload[workload] = 0
            return ""
        failure = _most_frequent(result)
        self._of_workload[workload] += 1
        if failure is None or not is_rejected(failure.kind, failure.status):
            self._of_server[server] += 1
        by = " by --against" if server == "against" else ""
        if self._of_server[server] == SILENT_SLICES:
            last = "" if failure is None else f"; the last calls failed: {words(failure)}"
            return f"no event was acknowledged{by} in {SILENT_SLICES} slices in a row{last}"
        if self._of_workload[workload] == SILENT_SLICES and failure is not None:
            self.dropped[workload] = Skipped(workload, failure, step.round)
            left = kept(self._workloads, self.dropped.values())
            if not any(each.server == server for each in left):
                return f"{whose(workload)} acknowledges no workload any more: {workload.name}: {words(failure)}"
        return ""


def _most_frequent(result: SliceResult) -> Failure | None:
    """How most calls of a slice failed; None where none did."""
    failed: Counter[Failure] = Counter()
    for slice_ in result.slices:
        failed.update(slice_.measured.failed)
        failed.update(slice_.boundary.failed)
    return failed.most_common(1)[0][0] if failed else None
