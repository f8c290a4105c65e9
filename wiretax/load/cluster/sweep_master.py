"""The executor of a run with workers: each switch is broadcast, and what the workers measured is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from gevent.event import Event

from wiretax.channels.workload import Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment
from wiretax.load.cluster.workers import WorkerRegistry, WorkerState
from wiretax.load.sweep.executor import (
    DRAIN_GRACE_S,
    SPAWN_TIMEOUT_S,
    ExecutorError,
    ExecutorSummary,
    Part,
    SliceResult,
)
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from locust.dispatch import UsersDispatcher
    from locust.env import Environment

BEGIN_TIMEOUT_S = 5.0
FINAL_TIMEOUT_S = 10.0
SAID = {"left": "left before the end", "late": "came late", "refused": "was not taken"}


class SweepMaster:
    """Set up in the master's process, before workers are expected."""

    def __init__(
        self,
        environment: Environment,
        assignments: Sequence[Assignment],
        users: int,
        died: Callable[[int], bool] = lambda _: False,
        asked: Callable[[], object] = lambda: None,
        message_limit: MessageLimit | None = None,
    ) -> None:
        """Listen for workers.

        Args:
            environment: of the master.
            assignments: what workers are told, in turn.
            users: of the whole run; each worker has its share.
            died: whether a process of this machine, by its id, is known to have ended.
            asked: called where Locust would start or move users, which is the fleet's to do here: a worker that
                comes later gets none, and one that is lost is not made up for.
            budget: of the whole run; what is left of it when users start is shared out evenly.
        """
        # Locust's types have no messages of one's own.
        self._runner = cast(Any, environment.runner)
        self._registry = WorkerRegistry(self._runner, assignments, died)
        self._timeout_s = assignments[0].timeout_s
        self._users = users
        self._workers: list[WorkerState] = []
        self._message_limit = message_limit
        self._share: int | None = None
        self._taken: dict[int, int] = {}
        self._halt: Callable[[str], None] = lambda _: None
        self._wait: Callable[[float], None] = lambda _: None
        self._begun: set[str] = set()
        self._settled: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._runner.register_message(messages.BEGUN, self._hear_begun)
        self._runner.register_message(messages.SETTLED, self._hear_settled)
        self._runner.register_message(messages.HALT, lambda msg, **_: self._halt(msg.data["why"]))
        self._runner.register_message(messages.WAIT, lambda msg, **_: self._wait(msg.data["wait_s"]))
        environment.dispatcher_class = self._dispatcher  # type: ignore[assignment]
        self._spawn = self._runner.start
        self._runner.start = lambda *_, **__: asked()

    def wait_for_workers(self, count: int, least: int) -> None:
        """Wait until workers said whether they can take part, as ``WorkerRegistry.wait_for_workers``.

        Raises:
            ExecutorError: where there are not enough of them, or more than users.
        """
        self._workers = self._registry.wait_for_workers(count, least)
        if len(self._workers) > self._users:
            raise ExecutorError(
                f"{self._users} users for {len(self._workers)} workers, and each needs at least one: raise users"
            )

    def on_rejected(self, halt: Callable[[str], None], hold: Callable[[float], None]) -> None:
        self._halt, self._wait = halt, hold

    def close(self) -> None:
        self._tell(messages.CUT)

    def begin(self) -> None:
        if self._message_limit is not None:
            self._share = (self._message_limit.limit - self._message_limit.taken) // len(self._workers)
        self._spawn(self._users, spawn_rate=self._users)
        until = monotonic() + SPAWN_TIMEOUT_S
        while self._runner.user_count < self._users:
            self._registry.look_for_lost(self._workers)
            if self._missing() or monotonic() > until:
                started = f"{self._runner.user_count} of {self._users} users started"
                raise ExecutorError("; ".join([started, *self._missing()]))
            self._registry.wait()

    def hold(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> SliceResult:
        if missing := self._missing():
            return SliceResult((), problem="; ".join(missing))
        self._number += 1
        self._begun.clear()
        self._settled.clear()
        order = {
            "number": self._number,
            "workload": workload.columns(),
            "round": round_,
            "lasting_s": lasting_s,
            "messages": self._share,
        }
        self._tell(messages.HOLD, order)
        begun_by = monotonic() + BEGIN_TIMEOUT_S
        longest_s = self._timeout_s if lasting_s is None else lasting_s
        settled_by = begun_by + longest_s + self._timeout_s + DRAIN_GRACE_S
        cut = False
        while awaited := self._awaited():
            self._registry.wait()
            if stop.is_set() and not cut:
                cut = True
                self._tell(messages.CUT)
            self._registry.look_for_lost(awaited)
            now = monotonic()
            for worker in self._awaited():
                if now > begun_by and worker.client_id not in self._begun:
                    worker.lose(f"it did not begin a slice within {BEGIN_TIMEOUT_S:g} s")
                elif now > settled_by:
                    worker.lose("it did not settle its slice in time")
        return self._gather()

    def end(self) -> ExecutorSummary:
        self._registry.over = True
        ready = self._registry.of("ready")
        for worker in ready:
            self._runner.send_message("stop", client_id=worker.client_id)
        until = monotonic() + FINAL_TIMEOUT_S
        while awaited := [each for each in ready if each.state == "ready"]:
            self._registry.wait()
            self._registry.look_for_lost(awaited)
            if monotonic() > until:
                for worker in self._registry.of("ready"):
                    worker.lose("it did not say in the end what its sockets counted")
        self._runner.quit()
        return self._summary()

    def _awaited(self) -> list[WorkerState]:
        return [each for each in self._workers if each.state == "ready" and each.client_id not in self._settled]

    def _missing(self) -> list[str]:
        """A sentence for each that began and is not there any more."""
        gone = {"lost": "was lost", "left": "left"}
        return [f"{each.name} {gone[each.state]}: {each.why}" for each in self._workers if each.state in gone]

    def _tell(self, name: str, data: dict[str, Any] | None = None) -> None:
        for worker in self._workers:
            self._runner.send_message(name, data, client_id=worker.client_id)

    def _gather(self) -> SliceResult:
        """What all measured of the slice that was held last."""
        parts, round_trip_s, problems = [], 0.0, []
        for worker in self._workers:
            answer = self._settled.get(worker.client_id)
            if answer is None:
                continue
            try:
                slice_, witness = Slice.of_plain(answer["piece"]), Witness.of_plain(answer["witness"])
            except (KeyError, TypeError, ValueError):
                worker.lose("what it measured can't be read")
                continue
            worker.users = answer["users"]
            if worker.state != "left":  # else its last word came since
                worker.witness = witness
            worker.cpu_s += answer["cpu_s"]
            self._count(worker, answer)
            parts.append(Part(worker.number, worker.users, slice_))
            round_trip_s = max(round_trip_s, answer["round_trip_s"])
            problems += [answer["problem"]] if answer["problem"] else []
        problems += self._missing()
        if len(parts) < len(self._workers) or not all(part.slice_.counts for part in parts):
            # With one worker's users less, or for less time, it was another load.
            for part in parts:
                part.slice_.counts = False
        return SliceResult(tuple(parts), round_trip_s, "; ".join(dict.fromkeys(problems)))

    def _count(self, worker: WorkerState, answer: dict[str, Any]) -> None:
        """Keep the run's budget as if it had been spent here."""
        if self._message_limit is not None:
            self._message_limit.taken += answer["messages"] - self._taken.get(worker.number, 0)
            self._message_limit.spent = self._message_limit.spent or answer["spent"]
            self._taken[worker.number] = answer["messages"]

    def _summary(self) -> ExecutorSummary:
        workers = sorted(self._registry.workers.values(), key=lambda each: each.number)
        took_part = [each for each in workers if each.users]
        witness = Witness()
        for worker in workers:
            witness = witness.plus(worker.witness)
        return ExecutorSummary(
            witness=witness,
            cpu_s=sum(each.cpu_s for each in workers),
            count=len(took_part),
            workers=tuple(each.as_row() for each in workers),
            warnings=tuple(
                f"{each.name} {SAID[each.state]}: {each.why}" for each in workers if each.state in SAID
            ),
            lost=tuple(f"{each.name} was lost: {each.why}" for each in workers if each.state == "lost"),
            elsewhere=not all(each.is_here for each in took_part),
        )

    def _hear_begun(self, msg: Any, **_: Any) -> None:
        if msg.data["number"] == self._number:
            self._begun.add(msg.node_id)

    def _hear_settled(self, msg: Any, **_: Any) -> None:
        if msg.data["number"] == self._number:
            self._settled[msg.node_id] = msg.data
            self._registry.changed.set()

    def _dispatcher(self, worker_nodes: list[Any], user_classes: list[Any]) -> UsersDispatcher:
        """Locust's own, of those that take part."""
        from locust.dispatch import UsersDispatcher

        ready = {each.client_id for each in self._workers}
        return UsersDispatcher([node for node in worker_nodes if node.id in ready], user_classes)
