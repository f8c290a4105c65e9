"""Executors: they run the slices of a plan, with the users of this process or of its workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from gevent.event import Event

from wiretax.channels.workload import Workload
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.error_policy import Reactions
from wiretax.runs.record import RunRecord
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from locust.runners import LocalRunner

DRAIN_GRACE_S = 1.0
WARM_UP_POLL_S = 0.02
SPAWN_TIMEOUT_S = 30.0
STUCK = "an exchange did not end within its timeout"


class ExecutorError(RuntimeError):
    """Users or workers did not start: one line."""


class Recorded(Protocol):
    """What is known of a slice beside the slice itself."""

    def add_to(self, record: RunRecord) -> None:
        """Add it to a record."""


@dataclass(frozen=True, slots=True)
class WorkerSlice:
    """One process's part of a slice.

    Attributes:
        worker: its number; 0 without workers.
        users: the number of its users.
        slice_: settled.
    """

    worker: int
    users: int
    slice_: Slice


@dataclass(frozen=True, slots=True)
class SliceResult:
    """A slice that all processes have run.

    Attributes:
        parts: one per process; of a rate that changes, one per stage.
        round_trip_s: the median of the slowest process; 0 if the slice's duration was given, or no response came.
        problem: why the run can't go on; empty if it can.
        counted: what subscribers received of it; None if that was not counted.
    """

    parts: tuple[WorkerSlice, ...]
    round_trip_s: float = 0.0
    problem: str = ""
    counted: Recorded | None = None

    @property
    def slices(self) -> list[Slice]:
        return [part.slice_ for part in self.parts]

    def add_to(self, record: RunRecord) -> None:
        """Add all parts to a record."""
        for part in self.parts:
            record.add(part.slice_, part.users, part.worker)
        if self.counted is not None and all(part.slice_.counts for part in self.parts):
            self.counted.add_to(record)


@dataclass(frozen=True, slots=True)
class ExecutorSummary:
    """An executor's report at the end of a run.

    Attributes:
        witness: the counts of their sockets and kernels.
        cpu_s: processor time of worker processes while slices ran.
        count: processes with users that took part.
        workers: one row per worker, as ``run.json`` keeps it.
        warnings: a sentence for each thing that a reader has to know.
        lost: a sentence for each worker whose last exchanges are not counted.
        elsewhere: whether some workers are on other machines.
        differences: a sentence for each count of deliveries that disagrees.
    """

    witness: Witness
    cpu_s: float = 0.0
    count: int = 1
    workers: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    elsewhere: bool = False
    differences: tuple[str, ...] = ()


ALONE = ExecutorSummary(Witness())


class Executor(Protocol):
    """Runs the slices of a plan."""

    def begin(self) -> None:
        """Have all users wait for a slice.

        Raises:
            ExecutorError: they don't start.
        """

    def run_slice(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> SliceResult:
        """Run one slice and settle it.

        Args:
            workload: the workload to send.
            round_: its round.
            lasting_s: its duration; None to measure the round trip.
            stop: cuts it short.
        """

    def on_rejected(self, reactions: Reactions) -> None:
        """Set the reactions to rejected calls."""

    def close(self) -> None:
        """Let no exchange begin any more in the open slice."""

    def end(self) -> ExecutorSummary:
        """Stop the users; no slice can be run after this."""


@dataclass(frozen=True, slots=True)
class SlicesRun:
    """What a process has run of a slice.

    Attributes:
        slices: settled; several if the rate of a queue changes: one for each stage.
        round_trip_s: 0 if the slice's duration was given, or no response came.
        problem: why the run can't go on; empty if it can.
    """

    slices: tuple[Slice, ...]
    round_trip_s: float
    problem: str


class SliceRunner:
    """Runs slices with the users of this process."""

    def __init__(self, barrier: SliceBarrier, slice_s: float, timeout_s: float) -> None:
        self._barrier = barrier
        self._slice_s = slice_s
        self._timeout_s = timeout_s

    def run(
        self,
        slice_: Slice,
        lasting_s: float | None,
        stop: Event,
        opened: Callable[[], object] = lambda: None,
    ) -> SlicesRun:
        """Run a slice and settle it; ``opened`` is called once users were let in. If the rate of its queue
        changes, a slice for each further stage follows, without users becoming idle."""
        if lasting_s is not None and slice_.queue is None:
            slice_.will_last(lasting_s)
        self._barrier.open(slice_)
        opened()
        slices = [slice_]
        if lasting_s is None:
            self._run_warm_up(slice_, stop)
        elif slice_.workload.arrivals.stages:
            slices += self._run_stages(slice_, stop)
        else:
            slice_.counts = not self._run_for(slice_, lasting_s, stop)
        self._barrier.close()
        idle = self._barrier.wait_until_idle(self._timeout_s + DRAIN_GRACE_S)
        round_trip_s = median(slice_.latencies_ns) / 1e9 if lasting_s is None and slice_.latencies_ns else 0.0
        for each in slices:
            each.settle()
        return SlicesRun(tuple(slices), round_trip_s, "" if idle else STUCK)

    def _run_warm_up(self, slice_: Slice, stop: Event) -> None:
        """Keep a slice open until an exchange has ended, whose duration determines the length of slices."""
        waited = 0.0
        while waited < self._timeout_s and not stop.wait(WARM_UP_POLL_S):
            waited += WARM_UP_POLL_S
            ended = slice_.latencies_ns or slice_.measured.failures
            if ended and waited >= self._slice_s:
                break
            if slice_.queue is not None and slice_.queue.overloaded:
                break

    @staticmethod
    def _run_for(slice_: Slice, lasting_s: float, stop: Event) -> bool:
        """Keep a slice open for this long, or until its queue is overloaded; True if it was cut short."""
        if slice_.queue is None:
            return bool(stop.wait(lasting_s))
        ends_s = monotonic() + lasting_s
        while (left_s := ends_s - monotonic()) > 0 and not slice_.queue.overloaded:
            if stop.wait(min(left_s, WARM_UP_POLL_S)):
                return True
        return False

    def _run_stages(self, first: Slice, stop: Event) -> list[Slice]:
        """Keep the slices of all stages open one after another; returns those after the first. Only a queue at its
        bound ends them early: a spike is meant to overload it."""
        assert first.queue is not None
        of_pass, slices, began_s = first.queue.of_pass, [first], monotonic()
        assert of_pass is not None
        for number, end_s in enumerate(of_pass.stages.ends_s):
            following = self._barrier.next_stage() if number else first
            if following is None:
                break
            if number:
                slices.append(following)
            while (left_s := began_s + end_s - monotonic()) > 0 and not of_pass.full:
                if stop.wait(min(left_s, WARM_UP_POLL_S)):
                    for each in slices:
                        each.counts = False
                    return slices[1:]
            if of_pass.full:
                break
        return slices[1:]


class LocalExecutor:
    """The users of this process."""

    def __init__(
        self,
        runner: LocalRunner | None,
        barrier: SliceBarrier,
        users: int,
        slice_s: float,
        timeout_s: float,
    ) -> None:
        """``runner``: Locust's, which starts the users; None if Locust starts them by itself."""
        self._runner = runner
        self._spawn = None if runner is None else runner.start
        self._barrier = barrier
        self._users = users
        self._slice_runner = SliceRunner(barrier, slice_s, timeout_s)

    def begin(self) -> None:
        if self._spawn is not None:
            self._spawn(self._users, spawn_rate=self._users)
        if not self._barrier.wait_until_idle(SPAWN_TIMEOUT_S):
            raise ExecutorError(f"{self._users} users did not start within {SPAWN_TIMEOUT_S:g} s")

    def run_slice(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> SliceResult:
        slice_ = Slice(workload, round_)
        done = self._slice_runner.run(slice_, lasting_s, stop)
        parts = tuple(WorkerSlice(0, self._users, each) for each in done.slices)
        return SliceResult(parts, done.round_trip_s, done.problem)

    def on_rejected(self, reactions: Reactions) -> None:
        pass  # the session of this process has an error policy

    def close(self) -> None:
        self._barrier.close()

    def end(self) -> ExecutorSummary:
        if self._runner is not None:
            self._runner.quit()
        return ExecutorSummary(Witness())
