"""Who performs a plan: the users of this process, or those of its workers. Both hold slices alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from gevent.event import Event

from wiretax.channels.workload import Workload
from wiretax.load.client.session import Stage
from wiretax.runs.record import RunRecord
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from locust.runners import LocalRunner

DRAIN_GRACE_S = 1.0
WARM_UP_POLL_S = 0.02
SPAWN_TIMEOUT_S = 30.0
STUCK = "an exchange did not end within its timeout"


class CastError(RuntimeError):
    """A run that can't begin with those who are there: one line."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one process measured of a slice.

    Attributes:
        worker: which; 0 where there are no workers.
        users: how many it has.
        piece: settled.
    """

    worker: int
    users: int
    piece: Slice


@dataclass(frozen=True, slots=True)
class Held:
    """A slice that was held by all.

    Attributes:
        parts: one a process.
        round_trip_s: the middle one of the slowest process; 0 where the slice's duration was given, or nothing
            was heard.
        problem: why the run can't go on; empty where it can.
    """

    parts: tuple[Part, ...]
    round_trip_s: float = 0.0
    problem: str = ""

    @property
    def pieces(self) -> list[Slice]:
        return [part.piece for part in self.parts]

    def add_to(self, record: RunRecord) -> None:
        """Add all parts to a record."""
        for part in self.parts:
            record.add(part.piece, part.users, part.worker)


@dataclass(frozen=True, slots=True)
class Credits:
    """What the performers have to say of themselves when all is over.

    Attributes:
        witness: what their sockets and kernels counted.
        cpu_s: processor time of their processes beside this one, while slices were held.
        count: processes with users that took part.
        workers: a row a worker, as ``run.json`` keeps it; empty where there are none.
        warnings: a sentence for each thing a reader has to know.
        lost: a sentence for each worker whose last exchanges nobody counted.
        elsewhere: whether some of them are on other machines.
    """

    witness: Witness
    cpu_s: float = 0.0
    count: int = 1
    workers: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    elsewhere: bool = False


class Cast(Protocol):
    """Those who perform a plan."""

    def begin(self) -> None:
        """Have all users wait for a slice.

        Raises:
            CastError: where they can't.
        """

    def hold(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> Held:
        """Hold one slice and settle it.

        Args:
            workload: what is sent.
            round_: in which round.
            lasting_s: for how long; None for as long as it takes to learn the round trip.
            stop: cuts it short.
        """

    def heed(self, halt: Callable[[str], None], hold: Callable[[float], None]) -> None:
        """Whom to tell of an endpoint that says no: end the run, and why; or wait for so many seconds."""

    def close(self) -> None:
        """No exchange begins any more in the slice that is open."""

    def end(self) -> Credits:
        """Send the users away; nothing is performed any more."""


class Holder:
    """Holds slices on the stage of this process."""

    def __init__(self, stage: Stage, slice_s: float, timeout_s: float) -> None:
        self._stage = stage
        self._slice_s = slice_s
        self._timeout_s = timeout_s

    def hold(
        self,
        piece: Slice,
        lasting_s: float | None,
        stop: Event,
        opened: Callable[[], object] = lambda: None,
    ) -> tuple[float, str]:
        """Hold a slice and settle it; ``opened`` is called once users were let in.

        Returns:
            The round trip (s), 0 where it was not asked for, and the problem, empty for none.
        """
        self._stage.open(piece)
        opened()
        if lasting_s is None:
            self._hold_warm_up(piece, stop)
        else:
            piece.counts = not self._hold(piece, lasting_s, stop)
        self._stage.close()
        idle = self._stage.wait_until_idle(self._timeout_s + DRAIN_GRACE_S)
        round_trip_s = median(piece.latencies_ns) / 1e9 if lasting_s is None and piece.latencies_ns else 0.0
        piece.settle()
        return round_trip_s, "" if idle else STUCK

    def _hold_warm_up(self, piece: Slice, stop: Event) -> None:
        """Hold a slice until at least one exchange ended, and learn how long this workload's slices have to be."""
        waited = 0.0
        while waited < self._timeout_s and not stop.wait(WARM_UP_POLL_S):
            waited += WARM_UP_POLL_S
            heard = piece.latencies_ns or piece.measured.failures
            if heard and waited >= self._slice_s:
                break
            if piece.queue is not None and piece.queue.overloaded:
                break

    @staticmethod
    def _hold(piece: Slice, lasting_s: float, stop: Event) -> bool:
        """Hold a slice so long, or until its queue is overloaded; whether it was cut short."""
        if piece.queue is None:
            return bool(stop.wait(lasting_s))
        ends_s = monotonic() + lasting_s
        while (left_s := ends_s - monotonic()) > 0 and not piece.queue.overloaded:
            if stop.wait(min(left_s, WARM_UP_POLL_S)):
                return True
        return False


class Solo:
    """The users of this process."""

    def __init__(
        self,
        runner: LocalRunner | None,
        stage: Stage,
        users: int,
        slice_s: float,
        timeout_s: float,
    ) -> None:
        """``runner``: Locust's, which spawns the users; None where they come by themselves."""
        self._runner = runner
        self._spawn = None if runner is None else runner.start
        self._stage = stage
        self._users = users
        self._holder = Holder(stage, slice_s, timeout_s)

    def begin(self) -> None:
        if self._spawn is not None:
            self._spawn(self._users, spawn_rate=self._users)
        if not self._stage.wait_until_idle(SPAWN_TIMEOUT_S):
            raise CastError(f"{self._users} users did not start within {SPAWN_TIMEOUT_S:g} s")

    def hold(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> Held:
        piece = Slice(workload, round_)
        round_trip_s, problem = self._holder.hold(piece, lasting_s, stop)
        return Held((Part(0, self._users, piece),), round_trip_s, problem)

    def heed(self, halt: Callable[[str], None], hold: Callable[[float], None]) -> None:
        pass  # it is this process's session that hears of it

    def close(self) -> None:
        self._stage.close()

    def end(self) -> Credits:
        if self._runner is not None:
            self._runner.quit()
        return Credits(Witness())
