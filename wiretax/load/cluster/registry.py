"""The worker registry of a master: which workers came, which take part, which were lost and why."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from gevent.event import Event

from wiretax import __version__
from wiretax.load.cluster import messages
from wiretax.load.cluster.messages import Hello, MalformedError, Reason, decode
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.cluster.resilience.master_port import MasterPort
from wiretax.load.sweep.executor import ExecutorSummary
from wiretax.wire.ledger import Witness

POLL_S = 0.05
# Locust's state of a worker without a heartbeat.
MISSING = "missing"
State = Literal["joining", "ready", "finished", "left", "lost", "late", "refused"]
# How a warning introduces the reason.
WARNINGS: dict[State, str] = {
    "left": " left before the end",
    "late": " came late",
    "refused": " was refused",
    "finished": "",
}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class WorkerState:
    """One worker.

    Attributes:
        number: in order of arrival, from 0; Locust's index, and the ``worker`` of ``slices.parquet``.
        client_id: Locust's id of it.
        host: the name of its machine.
        pid: its process id there.
        state: "joining" until it is known to send the right requests; "ready" while it takes part; "finished" if
            it took part to the end; "left" if it quit before, with a final report; "lost" if it went without one;
            "late" if the run had begun when it came; "refused" if it can't take part.
        why: the reason, if it does not take part from the start to the end.
        users: how many it has.
        witness: what its sockets and its kernel counted, as of its last report.
        cpu_s: its processor time under load, as of its last report.
        messages: how many it sent, as of its last report, if they are limited.
        pauses: how often its endpoint asked it to wait, in a free run.
        paused_s: for how long.
        leaving: why it leaves, if it did so by itself.
    """

    number: int
    client_id: str
    host: str
    pid: int = 0
    state: State = "joining"
    why: str = ""
    users: int = 0
    witness: Witness = field(default_factory=Witness)
    cpu_s: float = 0.0
    messages: int = 0
    pauses: int = 0
    paused_s: float = 0.0
    leaving: str = ""

    @property
    def name(self) -> str:
        return f"worker {self.number} ({self.host}, process {self.pid})"

    @property
    def is_here(self) -> bool:
        """Whether it runs on the master's machine."""
        return self.host == socket.gethostname()

    def lose(self, why: str) -> None:
        """Expect nothing more of it."""
        self.state, self.why = "lost", why

    def update(self, report: WorkerReport) -> None:
        """Keep what it reported of itself; its slices are the caller's to add."""
        self.cpu_s, self.messages = report.cpu_s, report.messages
        self.pauses, self.paused_s = report.pauses, report.paused_s
        self.users = max([self.users, *(users for _, users in report.slices)])
        if report.witness is not None:
            self.witness = report.witness

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


Handler = Callable[[WorkerState, Any], object]


class WorkerRegistry:
    """Kept up to date by the workers' messages, in the order they come.

    Attributes:
        workers: all workers that ever came, by Locust's id.
        ending: whether workers may finish. One that sends its final report before has left.
        changed: set after each message, as it may have changed a state.
    """

    def __init__(
        self,
        runner: Any,
        on_hello: Callable[[WorkerState], None],
        on_final_report: Handler,
        died: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """
        Args:
            runner: Locust's, of the master.
            on_hello: called with each new worker of this version, which is still joining.
            on_final_report: decodes a worker's final report, and adds it to the run.
            died: whether a process of this machine, by its id, is known to have ended.
        """
        self.workers: dict[str, WorkerState] = {}
        self.ending = False
        self.changed = Event()
        self._runner = runner
        self._on_hello = on_hello
        self._on_final_report = on_final_report
        self._died = died
        runner.register_message(messages.HELLO, self._add_greeted)
        self.listen(messages.REFUSED, lambda worker, data: self._note_refused(worker, decode(data, Reason).why))
        self.listen(messages.LEAVING, self._note_leaving)
        self.listen(messages.FINAL_REPORT, self._finish)
        self._quit_listed, runner.quit = runner.quit, self._quit

    def listen(self, name: str, handler: Handler) -> None:
        """Handle a message of workers that take part; a worker that sends a malformed one is lost."""

        def on_message(msg: Any, **_: Any) -> None:
            if worker := self.workers.get(msg.node_id):
                self.handle(name, handler, worker, msg.data)

        self._runner.register_message(name, on_message)

    def handle(self, name: str, handler: Handler, worker: WorkerState, data: Any) -> None:
        """Call a handler with the data of a worker's message."""
        if worker.state not in ("joining", "ready"):
            return
        try:
            handler(worker, data)
        except MalformedError as error:
            worker.lose(f"its {name} message can't be read: {error}")
            log.error("wiretax: %s is lost: %s", worker.name, worker.why)
        self.changed.set()

    def add(self, client_id: str) -> WorkerState:
        """A new worker, of which only Locust's id is known."""
        number = self._runner.get_worker_index(client_id)
        worker = self.workers[client_id] = WorkerState(number, client_id, client_id.rpartition("_")[0])
        return worker

    def refuse(self, worker: WorkerState, why: str) -> None:
        """Tell a worker that it can't take part."""
        self._note_refused(worker, why)
        self._runner.send_message(messages.REFUSED, {"why": why}, client_id=worker.client_id)

    def in_state(self, state: State) -> list[WorkerState]:
        """All workers in a state, by number."""
        return [each for each in self._by_number() if each.state == state]

    def wait(self) -> None:
        """Block until a message comes, or it is time to look for lost workers."""
        self.changed.wait(POLL_S)
        self.changed.clear()

    def look_for_lost(self, workers: list[WorkerState]) -> None:
        """Mark those as lost that went without a final report."""
        for worker in workers:
            if worker.state not in ("joining", "ready"):
                continue
            node = self._runner.clients.get(worker.client_id)
            if worker.is_here and self._died(worker.pid):
                worker.lose("its process ended")
            elif node is None:
                worker.lose("it quit without a final report")
            elif node.state == MISSING:
                worker.lose("it sends no heartbeat any more")

    def stop_workers(self, timeout_s: float) -> None:
        """Have all users stop, and wait for the final reports; a worker that sends none in time is lost."""
        self.ending = True
        for client_id in list(self._runner.clients):
            worker = self.workers.get(client_id)
            if worker is not None and worker.state in ("ready", "lost"):
                self._runner.send_message("stop", client_id=client_id)
        until = monotonic() + timeout_s
        while (awaited := self.in_state("ready")) and monotonic() < until:
            self.wait()
            self.look_for_lost(awaited)
        for worker in self.in_state("ready"):
            worker.lose(f"it sent no final report within {timeout_s:g} s")

    def summary(self) -> ExecutorSummary:
        """What is known of all workers together."""
        workers = self._by_number()
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
                [
                    f"{each.name}{WARNINGS[each.state]}: {each.why}"
                    for each in workers
                    if each.state in WARNINGS and each.why
                ]
                + self._ignored()
            ),
            lost=tuple(f"{each.name} was lost: {each.why}" for each in workers if each.state == "lost"),
            elsewhere=not all(each.is_here for each in took_part),
        )

    def _ignored(self) -> list[str]:
        """A sentence if something that made no sense came to the port."""
        server = self._runner.server
        ignored = server.take_warning() if isinstance(server, MasterPort) else ""
        return [ignored] if ignored else []

    def _quit(self) -> None:
        """Tell all workers to quit.

        Locust tells those that it lists, and a worker that has stopped its users is not listed until it is ready
        again: it would go on, lose its master, and end as if that had crashed.
        """
        for client_id in self.workers:
            if client_id not in self._runner.clients:
                self._runner.send_message("quit", client_id=client_id)
        self._quit_listed()

    def _by_number(self) -> list[WorkerState]:
        return sorted(self.workers.values(), key=lambda each: each.number)

    def _add_greeted(self, msg: Any, **_: Any) -> None:
        if msg.node_id in self.workers:
            return  # it repeats its hello until it is answered
        worker = self.add(msg.node_id)
        try:
            hello = decode(msg.data, Hello)
        except MalformedError as error:
            self.refuse(worker, f"its hello can't be read ({error}); install the same wiretax on both")
        else:
            worker.host, worker.pid = hello.host, hello.pid
            if hello.wiretax == __version__:
                self._on_hello(worker)
            else:
                why = (
                    f"it runs wiretax {hello.wiretax}, its master {__version__}; install the same version on both"
                )
                self.refuse(worker, why)
        self.changed.set()

    def _note_refused(self, worker: WorkerState, why: str) -> None:
        worker.state, worker.why = "refused", why
        log.error("wiretax: %s is refused: %s", worker.name, why)
        self.changed.set()

    def _note_leaving(self, worker: WorkerState, data: Any) -> None:
        worker.leaving = decode(data, Reason).why

    def _finish(self, worker: WorkerState, data: Any) -> None:
        if worker.state != "ready":
            return
        self._on_final_report(worker, data)
        if self.ending and not worker.leaving:
            worker.state = "finished"
        else:
            why = worker.leaving or "something other than its master told it to quit"
            worker.state, worker.why = "left", why
