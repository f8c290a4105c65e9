"""A master's side of a free run: what its workers report is merged into one record."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Callable
from time import monotonic
from typing import Any

from gevent.event import Event

from wiretax import __version__
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import plain_target
from wiretax.load.cluster.workers import MISSING, WorkerState
from wiretax.load.free.windows import WINDOW_S
from wiretax.load.sweep.conductor import Pauses
from wiretax.load.sweep.executor import ExecutorSummary
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target
from wiretax.wire.counters import ConnectionCounts
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

# Beyond the timeout of a call, which users are given to end theirs.
FINAL_TIMEOUT_S = 10.0
LOOK_S = 0.1
# A worker that starts so long after the others came late.
LATE_S = 5.0
log = logging.getLogger(__name__)


class FreeMaster:
    """The workers of one Locust master, test after test.

    Attributes:
        record: what the test that is running, or ran last, will be written from.
        pauses: the endpoint's wish to wait, of all workers together.
        ended_early: why nothing more is sent; empty while it is.
        taken: messages that were about to be sent, where they are limited.
    """

    def __init__(self, environment: Any) -> None:
        self.record = RunRecord()
        self.pauses = Pauses()
        self.ended_early = ""
        self.taken = 0
        self._halt: Callable[[str], None] = lambda _: None
        self._runner: Any = environment.runner
        self._workers: dict[str, WorkerState] = {}
        self._offsets: dict[str, int] = {}
        self._changed = Event()
        self._started_s = 0.0
        self._running = False
        self._timeout_s = 0.0
        self._counts_from = 0
        environment.events.worker_report.add_listener(self._hear_report)
        for name, listener in (
            (messages.HELLO, self._hear_hello),
            (messages.REFUSED, self._hear_refused),
            (messages.FINAL, self._hear_final),
            (messages.HALT, self._hear_halt),
        ):
            self._runner.register_message(name, listener)

    def begin(
        self,
        parsed: Namespace,
        target: Target,
        seed: int,
        timeout_s: float,
        limit: int | None,
        halt: Callable[[str], None],
    ) -> None:
        """A test begins: what is added to the options goes to each worker with the order to start. A limit of
        messages is shared out among those that are there; who comes later may send none.

        ``halt``: ends the test, and says why."""
        self.pauses, self.ended_early, self.taken, self._halt = Pauses(), "", 0, halt
        self._timeout_s = timeout_s
        clients = list(self._runner.clients)
        shares = None if limit is None else dict.fromkeys(clients, limit // max(1, len(clients)))
        self.record = RunRecord()
        self._workers, self._offsets = {}, {}
        self._started_s, self._running, self._counts_from = monotonic(), True, 0
        assigned = {
            "wiretax": __version__,
            "target": plain_target(target),
            "seed": seed,
            "timeout_s": timeout_s,
            "shares": shares,
        }
        setattr(parsed, messages.ASSIGNED, assigned)

    def halt(self, why: str) -> None:
        """Nothing more is sent: a worker says so of itself, and Locust stops the others."""
        self.ended_early = why

    def unfinished(self) -> list[Slice]:
        """Slices that are open lie with the workers."""
        return []

    def reset(self) -> None:
        """Begin anew with the next window; what was measured so far is set aside, and what is open will be."""
        self.record.set_aside()
        self._counts_from = self._window() + 1

    def finish(self) -> RunRecord:
        """Have all workers stop, if Locust has not yet, and wait for their last words."""
        for client_id in list(self._runner.clients):
            worker = self._workers.get(client_id)
            if worker is not None and worker.state == "ready":
                self._runner.send_message("stop", client_id=client_id)
        until = monotonic() + self._timeout_s + FINAL_TIMEOUT_S
        while self._awaited() and monotonic() < until:
            self._changed.wait(LOOK_S)
            self._changed.clear()
        self._running = False
        for worker in self._workers.values():
            if worker.state == "ready":
                worker.lose("it did not say in the end what its sockets counted")
        for client_id, node in self._runner.clients.items():
            if client_id not in self._workers and node.user_count:
                number = self._runner.get_worker_index(client_id)
                worker = self._workers[client_id] = WorkerState(number, client_id, client_id.rpartition("_")[0], 0)
                worker.lose("it runs no wiretax, or one that does not say so, and reported nothing")
        return self.record

    def summary(self) -> ExecutorSummary:
        """What workers have to say of themselves, after ``finish``."""
        workers = sorted(self._workers.values(), key=lambda each: each.number)
        took_part = [each for each in workers if each.users]
        witness = Witness()
        for worker in workers:
            witness = witness.plus(worker.witness)
        said = [f"{each.name} was not taken: {each.why}" for each in workers if each.state == "refused"]
        said += [f"{each.name}: {each.why}" for each in workers if each.state in ("left", "finished") and each.why]
        return ExecutorSummary(
            witness=witness,
            cpu_s=sum(each.cpu_s for each in workers),
            count=len(took_part),
            workers=tuple(each.as_row() for each in workers),
            warnings=tuple(said),
            lost=tuple(f"{each.name} was lost: {each.why}" for each in workers if each.state == "lost"),
            elsewhere=not all(each.is_here for each in took_part),
        )

    def _window(self) -> int:
        return int((monotonic() - self._started_s) / WINDOW_S)

    def _awaited(self) -> list[WorkerState]:
        """Those whose last word may still come."""
        clients = self._runner.clients
        return [
            each
            for each in self._workers.values()
            if each.state == "ready" and each.client_id in clients and clients[each.client_id].state != MISSING
        ]

    def _hear_hello(self, msg: Any, **_: Any) -> None:
        said = msg.data
        number = self._runner.get_worker_index(msg.node_id)
        worker = self._workers[msg.node_id] = WorkerState(number, msg.node_id, str(said["host"]), int(said["pid"]))
        late_s = monotonic() - self._started_s
        self._offsets[msg.node_id] = round(late_s / WINDOW_S)
        if said["wiretax"] != __version__:
            why = f"it runs wiretax {said['wiretax']}, its master {__version__}; install the same on both"
            self._refuse(worker, why)
            self._runner.send_message(messages.REFUSED, {"why": why}, client_id=msg.node_id)
            return
        worker.state = "ready"
        if late_s > LATE_S:
            worker.why = f"it came late, {late_s:.0f} s after the start"
            log.warning("wiretax: %s: %s", worker.name, worker.why)

    def _hear_refused(self, msg: Any, **_: Any) -> None:
        if worker := self._workers.get(msg.node_id):
            self._refuse(worker, msg.data["why"])

    def _refuse(self, worker: WorkerState, why: str) -> None:
        worker.state, worker.why = "refused", why
        log.error("wiretax: %s is not taken: %s", worker.name, why)
        self._changed.set()

    def _hear_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        report = data.get(messages.REPORT)
        worker = self._workers.get(client_id)
        if report is not None and worker is not None:
            self._take(worker, report)

    def _hear_halt(self, msg: Any, **_: Any) -> None:
        self._halt(msg.data["why"])

    def _hear_final(self, msg: Any, **_: Any) -> None:
        worker = self._workers.get(msg.node_id)
        if worker is None or worker.state != "ready":
            return
        self._take(worker, msg.data)
        worker.witness = Witness.of_plain(msg.data["witness"])
        self.taken += msg.data["messages"]
        self.pauses.times += msg.data["pauses"]["times"]
        self.pauses.waited_s = max(self.pauses.waited_s, msg.data["pauses"]["waited_s"])
        worker.state = "finished"
        self._changed.set()

    def _take(self, worker: WorkerState, report: dict[str, Any]) -> None:
        """Add what a worker reports. Until its last word the slices stand for its sockets, too."""
        worker.cpu_s = report["cpu_s"]
        for each in report["slices"]:
            slice_ = Slice.of_plain(each["piece"])
            slice_.round += self._offsets[worker.client_id]
            slice_.counts = slice_.counts and slice_.round >= self._counts_from
            worker.users = max(worker.users, each["users"])
            worker.witness = worker.witness.plus(_witness(slice_))
            self.record.add(slice_, each["users"], worker.number)


def _witness(slice_: Slice) -> Witness:
    """What sockets and kernel counted in a slice, by the slice itself."""
    sent = slice_.measured.sent_bytes + slice_.boundary.sent_bytes
    received = slice_.measured.received_bytes + slice_.boundary.received_bytes
    measured = slice_.measured
    counts = ConnectionCounts(measured.connections, measured.closed_by_server, measured.closed_by_client)
    return Witness(sent, received, slice_.tcp, slice_.tls, counts)
