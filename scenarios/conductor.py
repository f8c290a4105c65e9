"""The conductor: gives each workload its slice, round after round, all users at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import median

from gevent.event import Event

from scenarios.plan import Plan
from scenarios.session import Stage
from wiretax.channels.workload import Workload
from wiretax.wire.slices import Slice

WARM_UP = -1
LEAST_ROUND_TRIPS = 20
# After so many slices in a row without one acknowledged event there is nothing left to measure.
SILENT_SLICES = 3
DRAIN_GRACE_S = 1.0
WARM_UP_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to be measured, and how much of the run is behind it (0 to 1)."""

    workload: Workload
    round: int
    done: float


def round_order(workloads: tuple[Workload, ...], seed: int, round_: int) -> list[Workload]:
    """The order of one round, the same for the same seed. The warm-up keeps the plan's order.

    Workloads that are compared with each other follow each other, so that a machine's drift within a round has
    little time between them; which comes first, and which family, is drawn.
    """
    if round_ == WARM_UP:
        return list(workloads)
    random = Random(f"{seed}/round/{round_}")
    families: dict[tuple[object, ...], list[Workload]] = {}
    for workload in workloads:
        families.setdefault(workload.family, []).append(workload)
    order = list(families.values())
    random.shuffle(order)
    for family in order:
        random.shuffle(family)
    return [workload for family in order for workload in family]


class Conductor:
    """Runs a plan on a stage.

    Attributes:
        ended_early: why the run stopped before its last round; empty where it did not.
    """

    def __init__(self, plan: Plan, stage: Stage) -> None:
        self._plan = plan
        self._stage = stage
        self._stop = Event()
        self._lasting_s: dict[Workload, float] = {}
        self.ended_early = ""

    def stop(self, why: str) -> None:
        """End after the slice that is open; what it measured is kept."""
        self.ended_early = self.ended_early or why
        self._stop.set()

    def steps(self) -> list[Step]:
        """All slices of the run in order, the warm-up first."""
        plan = self._plan
        total = (plan.rounds + 1) * len(plan.workloads)
        order = [(round_, each) for round_ in range(WARM_UP, plan.rounds) for each in self._round(round_)]
        return [Step(workload, round_, at / total) for at, (round_, workload) in enumerate(order)]

    def perform(self, step: Step) -> Slice | None:
        """Hold one slice and return it settled; None where the run is to end before it."""
        if self._stop.is_set():
            return None
        piece = Slice(step.workload, step.round)
        self._stage.open(piece)
        if step.round == WARM_UP:
            self._hold_warm_up(piece)
        else:
            cut_short = self._stop.wait(self._lasting_s[step.workload])
            piece.counts = not cut_short
        self._stage.close()
        if not self._stage.wait_until_idle(self._plan.timeout_s + DRAIN_GRACE_S):
            self.stop("an exchange did not end within its timeout")
        piece.settle()
        return piece

    def run(self) -> Iterator[tuple[Step, Slice]]:
        """Perform the whole plan; each slice is yielded once its users are idle again."""
        silent = 0
        for step in self.steps():
            piece = self.perform(step)
            if piece is None:
                return
            yield step, piece
            silent = 0 if piece.measured.events or piece.boundary.events else silent + 1
            if silent == SILENT_SLICES:
                self.stop(f"no event was acknowledged in {SILENT_SLICES} slices in a row")

    def _round(self, round_: int) -> list[Workload]:
        return round_order(self._plan.workloads, self._plan.seed, round_)

    def _hold_warm_up(self, piece: Slice) -> None:
        """Hold a slice until at least one exchange ended, and learn how long this workload's slices have to be."""
        waited = 0.0
        while waited < self._plan.timeout_s and not self._stop.wait(WARM_UP_POLL_S):
            waited += WARM_UP_POLL_S
            heard = piece.latencies_ns or piece.measured.failures
            if heard and waited >= self._plan.slice_s:
                break
        round_trip_s = median(piece.latencies_ns) / 1e9 if piece.latencies_ns else 0.0
        self._lasting_s[piece.workload] = max(self._plan.slice_s, LEAST_ROUND_TRIPS * round_trip_s)
