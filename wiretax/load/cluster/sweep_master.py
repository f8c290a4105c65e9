"""The executor of a sweep with workers: each slice is broadcast, and what the workers measured is merged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from gevent.event import Event

from wiretax.channels.workload import Workload
from wiretax.load.client.error_policy import Reactions
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment
from wiretax.load.cluster.messages import (
    Limit,
    MalformedError,
    Overloaded,
    Pause,
    Ready,
    Reason,
    SliceEnd,
    SliceOpened,
    decode,
)
from wiretax.load.cluster.registry import WorkerRegistry, WorkerState
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.sweep.executor import (
    DRAIN_GRACE_S,
    SPAWN_TIMEOUT_S,
    ExecutorError,
    ExecutorSummary,
    SliceResult,
    WorkerSlice,
)
from wiretax.queue.overload import judge_parts
from wiretax.queue.sources.share import deal
from wiretax.wire.ledger import Failure

if TYPE_CHECKING:
    from locust.dispatch import UsersDispatcher
    from locust.env import Environment

READY_TIMEOUT_S = 30.0
BEGIN_TIMEOUT_S = 5.0
FINAL_TIMEOUT_S = 10.0
log = logging.getLogger(__name__)


class SweepMaster:
    """Set up in the master's process, before workers are expected."""

    def __init__(
        self,
        environment: Environment,
        assignments: Sequence[Assignment],
        users: int,
        died: Callable[[int], bool] = lambda _: False,
        on_start: Callable[[], object] = lambda: None,
        message_limit: MessageLimit | None = None,
    ) -> None:
        """Listen for workers.

        Args:
            environment: of the master.
            assignments: what workers are told, in turn.
            users: of the whole run; each worker has its share.
            died: whether a process of this machine, by its id, is known to have ended.
            on_start: called when Locust would start or move users, which it must not do: a worker that comes later
                gets no users, and those of a lost one are not replaced.
            message_limit: of the whole run; what is left of it when users start is shared out evenly.
        """
        # Locust's types know no custom messages.
        self._runner = cast(Any, environment.runner)
        self._assignments = assignments
        self._fingerprint = assignments[0].fingerprint()
        self._timeout_s = assignments[0].timeout_s
        self._users = users
        self._workers: list[WorkerState] = []
        self._started = False
        self._message_limit = message_limit
        self._taken_before = 0
        self._share: int | None = None
        self._react = Reactions(lambda _: None, lambda _: None)
        self._opened: set[str] = set()
        self._reported: dict[str, tuple[WorkerSlice, SliceEnd]] = {}
        # Which slice is run: its number, its workload and its round, and whether all are told that it ends early.
        self._number = 0
        self._is_ending = False
        self._workload = assignments[0].workloads[0]
        self._round = 0
        registry = self._registry = WorkerRegistry(self._runner, self._assign, self._take_final_report, died)
        registry.listen(messages.READY, self._take_ready)
        registry.listen(messages.SLICE_OPENED, self._take_opened)
        registry.listen(messages.OVERLOADED, self._take_overloaded)
        registry.listen(messages.SLICE_REPORT, self._take_slice_report)
        registry.listen(messages.HALT, lambda _, data: self._react.halt(decode(data, Reason).why))
        registry.listen(messages.LIMIT, self._take_limit)
        registry.listen(messages.PAUSE, lambda _, data: self._react.pause(decode(data, Pause).wait_s))
        environment.dispatcher_class = self._dispatcher  # type: ignore[assignment]
        self._spawn = self._runner.start
        self._runner.start = lambda *_, **__: on_start()

    def wait_for_workers(self, expected: int, least: int) -> None:
        """Wait until all workers that have come are ready or refused; any that come later are late.

        Args:
            expected: how many have come to Locust.
            least: how many have to be ready.

        Raises:
            ExecutorError: there are not enough of them, or more than users.
        """
        registry = self._registry
        until = monotonic() + READY_TIMEOUT_S
        while (len(registry.workers) < expected or registry.in_state("joining")) and monotonic() < until:
            registry.look_for_lost(registry.in_state("joining"))
            registry.wait()
        for worker in registry.in_state("joining"):
            worker.lose(f"it did not get ready within {READY_TIMEOUT_S:g} s")
        self._started = True
        self._workers = registry.in_state("ready")
        if len(self._workers) < max(1, least):
            why = [f"{each.name}: {each.why}" for each in registry.workers.values() if each.why]
            raise ExecutorError("; ".join([f"{len(self._workers)} of {expected} workers are ready", *why]))
        if len(self._workers) > self._users:
            raise ExecutorError(
                f"{self._users} users for {len(self._workers)} workers, and each needs at least one: raise users"
            )

    def on_rejected(self, reactions: Reactions) -> None:
        self._react = reactions

    def close(self) -> None:
        self._broadcast(messages.CLOSE_SLICE)

    def begin(self) -> None:
        if self._message_limit is not None:
            self._taken_before = self._message_limit.taken
            self._share = (self._message_limit.limit - self._taken_before) // len(self._workers)
        self._spawn(self._users, spawn_rate=self._users)
        until = monotonic() + SPAWN_TIMEOUT_S
        while self._runner.user_count < self._users:
            self._registry.look_for_lost(self._workers)
            if self._gone() or monotonic() > until:
                started = f"{self._runner.user_count} of {self._users} users started"
                raise ExecutorError("; ".join([started, *self._gone()]))
            self._registry.wait()

    def run_slice(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> SliceResult:
        if gone := self._gone():
            return SliceResult((), problem="; ".join(gone))
        self._number, self._workload, self._round = self._number + 1, workload, round_
        self._is_ending = False
        self._opened.clear()
        self._reported.clear()
        order = {
            "number": self._number,
            "workload": workload.columns(),
            "round": round_,
            "lasting_s": lasting_s,
            "messages": self._share,
        }
        dealt = deal(workload.arrivals.publishers, self._users_of_workers()) if workload.queued else ()
        for place, worker in enumerate(self._workers):
            share = {"dealt": dealt, "index": place} if workload.queued else None
            self._runner.send_message(messages.RUN_SLICE, {**order, "share": share}, client_id=worker.client_id)
        begun_by = monotonic() + BEGIN_TIMEOUT_S
        longest_s = self._timeout_s if lasting_s is None else lasting_s
        settled_by = begun_by + longest_s + self._timeout_s + DRAIN_GRACE_S
        closed = False
        while awaited := self._awaited():
            self._registry.wait()
            if stop.is_set() and not closed:
                closed = True
                self.close()
            self._registry.look_for_lost(awaited)
            now = monotonic()
            for worker in self._awaited():
                if now > begun_by and worker.client_id not in self._opened:
                    worker.lose(f"it did not begin a slice within {BEGIN_TIMEOUT_S:g} s")
                elif now > settled_by:
                    worker.lose("it did not settle its slice in time")
        return self._merged()

    def end(self) -> ExecutorSummary:
        self._registry.stop_workers(FINAL_TIMEOUT_S)
        self._runner.quit()
        return self._registry.summary()

    def _awaited(self) -> list[WorkerState]:
        return [each for each in self._workers if each.state == "ready" and each.client_id not in self._reported]

    def _users_of_workers(self) -> list[int]:
        """How many users Locust has started on each worker that takes part."""
        nodes = (self._runner.clients.get(each.client_id) for each in self._workers)
        return [0 if node is None else node.user_count for node in nodes]

    def _gone(self) -> list[str]:
        """A sentence for each worker that began and is gone."""
        gone = {"lost": "was lost", "left": "left"}
        return [f"{each.name} {gone[each.state]}: {each.why}" for each in self._workers if each.state in gone]

    def _broadcast(self, name: str, data: dict[str, Any] | None = None) -> None:
        for worker in self._workers:
            self._runner.send_message(name, data, client_id=worker.client_id)

    def _merged(self) -> SliceResult:
        """What all workers measured in the last slice."""
        reported = [self._reported[each.client_id] for each in self._workers if each.client_id in self._reported]
        parts = tuple(part for part, _ in reported)
        problems = [*(end.problem for _, end in reported if end.problem), *self._gone()]
        if len(parts) < len(self._workers) or not all(part.slice_.counts for part in parts):
            # Without one worker's users, or for a shorter time, it was another load.
            for part in parts:
                part.slice_.counts = False
        else:
            judge_parts(self._workload, [part.slice_.queue for part in parts if part.slice_.queue is not None])
        round_trip_s = max((end.round_trip_s for _, end in reported), default=0.0)
        return SliceResult(parts, round_trip_s, "; ".join(dict.fromkeys(problems)))

    def _assign(self, worker: WorkerState) -> None:
        if self._started:
            self._leave_out(worker)
        else:
            assignment = self._assignments[worker.number % len(self._assignments)]
            self._runner.send_message(messages.ASSIGNMENT, assignment.as_plain(), client_id=worker.client_id)

    def _leave_out(self, worker: WorkerState) -> None:
        worker.state, worker.why = "late", "the run had begun without it"
        log.warning("wiretax: %s came late: %s", worker.name, worker.why)
        self._runner.send_message(messages.LATE, client_id=worker.client_id)

    def _take_ready(self, worker: WorkerState, data: Any) -> None:
        if worker.state != "joining":
            return
        if decode(data, Ready).fingerprint != self._fingerprint:
            self._registry.refuse(
                worker, "it would send other bytes than its master: its profiles or payloads are not the same"
            )
        elif self._started:
            self._leave_out(worker)
        else:
            worker.state = "ready"

    def _take_limit(self, _: WorkerState, data: Any) -> None:
        limit = decode(data, Limit)
        if limit.number == self._number and self._react.end_workload is not None:
            self._react.end_workload(self._workload, Failure(limit.kind, limit.status, limit.message))

    def _take_opened(self, worker: WorkerState, data: Any) -> None:
        if decode(data, SliceOpened).number == self._number:
            self._opened.add(worker.client_id)

    def _take_overloaded(self, _: WorkerState, data: Any) -> None:
        """Have the slice end on all workers, as it does on the one whose queue is full."""
        overloaded = decode(data, Overloaded)
        if overloaded.number == self._number and not self._is_ending:
            self._is_ending = True
            self._broadcast(messages.END_SLICE, {"number": self._number, "why": overloaded.why})

    def _take_slice_report(self, worker: WorkerState, data: Any) -> None:
        end, report = decode(data, SliceEnd), WorkerReport.of_plain(data, (self._workload,), at_rest=True)
        rounds = [slice_.round for slice_, _ in report.slices]
        if (end.number, rounds) != (self._number, [self._round]):
            expected = f"expected slice {self._number} with rounds [{self._round}]"
            raise MalformedError(f"{expected}, got slice {end.number} with rounds {rounds}")
        [(slice_, users)] = report.slices
        self._reported[worker.client_id] = WorkerSlice(worker.number, users, slice_), end
        worker.update(report)
        self._count_messages(end.spent)

    def _take_final_report(self, worker: WorkerState, data: Any) -> None:
        worker.update(WorkerReport.of_plain(data, (), at_rest=True))
        self._count_messages(False)

    def _count_messages(self, spent: bool) -> None:
        """Keep the run's message limit as if all had been sent here."""
        if self._message_limit is not None:
            sent = sum(each.messages for each in self._workers)
            self._message_limit.taken = self._taken_before + sent
            self._message_limit.spent = self._message_limit.spent or spent

    def _dispatcher(self, worker_nodes: list[Any], user_classes: list[Any]) -> UsersDispatcher:
        """Locust's own, of the workers that take part."""
        from locust.dispatch import UsersDispatcher

        ready = {each.client_id for each in self._workers}
        return UsersDispatcher([node for node in worker_nodes if node.id in ready], user_classes)
