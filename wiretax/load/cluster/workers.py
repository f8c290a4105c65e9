"""The worker registry of a master: which workers came, which take part, and which were lost, and why."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from gevent.event import Event

from wiretax import __version__
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment
from wiretax.load.sweep.executor import ExecutorError
from wiretax.wire.ledger import Witness

READY_TIMEOUT_S = 30.0
LOOK_S = 0.05
# Locust's word for a worker without a heartbeat.
MISSING = "missing"
State = Literal["joining", "ready", "finished", "left", "lost", "late", "refused"]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class WorkerState:
    """One worker.

    Attributes:
        number: in the order they came, from 0; Locust's index, and the ``worker`` of ``slices.parquet``.
        client_id: Locust's name for it.
        host: its machine's name.
        pid: its process there.
        state: "joining" until it knows what it will send; "ready" while it takes part; "finished" where it did to
            the end; "left" where it said goodbye before; "lost" where it didn't; "late" where the run had begun
            when it came; "refused" where it can't take part.
        why: in words, where it does not take part to the end.
        users: how many it has.
        witness: what its sockets and its kernel counted up to its last settled slice, or in all.
        cpu_s: its processor time while slices were held.
    """

    number: int
    client_id: str
    host: str
    pid: int
    state: State = "joining"
    why: str = ""
    users: int = 0
    witness: Witness = field(default_factory=Witness)
    cpu_s: float = 0.0

    @property
    def name(self) -> str:
        return f"worker {self.number} ({self.host}, process {self.pid})"

    @property
    def is_here(self) -> bool:
        """Whether it runs on the machine of its master."""
        return self.host == socket.gethostname()

    def lose(self, why: str) -> None:
        """Nothing more is expected of it."""
        self.state, self.why = "lost", why

    def as_row(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "worker": self.number,
            "host": self.host,
            "pid": self.pid,
            "users": self.users,
            "cpu_s": round(self.cpu_s, 4),
            "state": self.state,
            "why": self.why,
        }


class WorkerRegistry:
    """Kept by Locust's messages, in the order they come.

    Attributes:
        workers: all workers that ever came, by Locust's name for them.
        over: set once users are sent away: who says goodbye now has done all it should.
        changed: set at each message that changes a state.
    """

    def __init__(self, runner: Any, assignments: Sequence[Assignment], died: Callable[[int], bool]) -> None:
        """
        Args:
            runner: Locust's, of the master.
            assignments: what workers are told, in turn.
            died: whether a process of this machine, by its id, is known to have ended.
        """
        self.workers: dict[str, WorkerState] = {}
        self.over = False
        self.changed = Event()
        self._runner = runner
        self._assignments = assignments
        self._fingerprint = assignments[0].fingerprint()
        self._died = died
        self._complete = False
        for name, listener in (
            (messages.HELLO, self._hear_hello),
            (messages.REFUSED, self._hear_refused),
            (messages.READY, self._hear_ready),
            (messages.FINAL, self._hear_final),
        ):
            runner.register_message(name, listener)

    def of(self, state: State) -> list[WorkerState]:
        """All in a state."""
        return [each for each in self.workers.values() if each.state == state]

    def wait_for_workers(self, count: int, least: int) -> list[WorkerState]:
        """Wait until as many workers as have come said whether they can take part; who comes later is late.

        Args:
            count: how many have come.
            least: how many have to be ready.

        Returns:
            Those that are, by their numbers.

        Raises:
            ExecutorError: where there are not enough.
        """
        until = monotonic() + READY_TIMEOUT_S
        while (len(self.workers) < count or self.of("joining")) and monotonic() < until:
            self.look_for_lost(self.of("joining"))
            self.wait()
        for worker in self.of("joining"):
            worker.lose(f"it did not get ready within {READY_TIMEOUT_S:g} s")
        self._complete = True
        ready = sorted(self.of("ready"), key=lambda each: each.number)
        if len(ready) < max(1, least):
            why = [f"{each.name}: {each.why}" for each in self.workers.values() if each.why]
            raise ExecutorError("; ".join([f"{len(ready)} of {count} workers are ready", *why]))
        return ready

    def wait(self) -> None:
        """Until a worker says something, or it is time to look who is still there."""
        self.changed.wait(LOOK_S)
        self.changed.clear()

    def look_for_lost(self, workers: list[WorkerState]) -> None:
        """Lose those that went without a word."""
        for worker in workers:
            if worker.state not in ("joining", "ready"):
                continue
            node = self._runner.clients.get(worker.client_id)
            if worker.is_here and self._died(worker.pid):
                worker.lose("its process ended")
            elif node is None:
                worker.lose("it quit, and did not say what its sockets counted")
            elif node.state == MISSING:
                worker.lose("nothing is heard from it any more")

    def _hear_hello(self, msg: Any, **_: Any) -> None:
        if msg.node_id in self.workers:
            return  # it said so before
        number = self._runner.get_worker_index(msg.node_id)
        said = msg.data
        worker = self.workers[msg.node_id] = WorkerState(number, msg.node_id, str(said["host"]), int(said["pid"]))
        if said["wiretax"] != __version__:
            self._refuse(
                worker, f"it runs wiretax {said['wiretax']}, its master {__version__}; install the same on both"
            )
        elif self._complete:
            self._leave_out(worker)
        else:
            assignment = self._assignments[number % len(self._assignments)]
            self._runner.send_message(messages.PLAN, assignment.as_plain(), client_id=msg.node_id)
        self.changed.set()

    def _hear_refused(self, msg: Any, **_: Any) -> None:
        if worker := self.workers.get(msg.node_id):
            self._refuse(worker, msg.data["why"])

    def _hear_ready(self, msg: Any, **_: Any) -> None:
        worker = self.workers.get(msg.node_id)
        if worker is None or worker.state != "joining":
            return
        if msg.data["fingerprint"] != self._fingerprint:
            self._refuse(
                worker, "it would send other bytes than its master: its profiles or payloads are not the same"
            )
        elif self._complete:
            self._leave_out(worker)
        else:
            worker.state = "ready"
        self.changed.set()

    def _hear_final(self, msg: Any, **_: Any) -> None:
        worker = self.workers.get(msg.node_id)
        if worker is None or worker.state != "ready":
            return
        worker.witness = Witness.of_plain(msg.data["witness"])
        if self.over:
            worker.state = "finished"
        else:
            worker.state, worker.why = "left", "it was told to quit, and not by its master"
        self.changed.set()

    def _leave_out(self, worker: WorkerState) -> None:
        worker.state, worker.why = "late", "the run had begun without it"
        log.warning("wiretax: %s came late: %s", worker.name, worker.why)
        self._runner.send_message(messages.LATE, client_id=worker.client_id)

    def _refuse(self, worker: WorkerState, why: str) -> None:
        worker.state, worker.why = "refused", why
        log.error("wiretax: %s is not taken: %s", worker.name, why)
        self._runner.send_message(messages.REFUSED, {"why": why}, client_id=worker.client_id)
        self.changed.set()
