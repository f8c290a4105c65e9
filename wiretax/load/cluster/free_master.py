"""A master's side of a free run: what its workers report is merged into one record."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, get_args

from locust.stats import RequestStats, StatsEntry

from wiretax.channels.workload import Api, Workload
from wiretax.load.client.message_limit import SPENT, MessageLimit
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import FreeAssignment
from wiretax.load.cluster.messages import Overloaded, Reason, decode
from wiretax.load.cluster.parts import Parts
from wiretax.load.cluster.queue_dealing import QueueDealing
from wiretax.load.cluster.registry import WorkerRegistry, WorkerState
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.free.options import FreeRunOptions
from wiretax.load.free.stages import Stage, Stages
from wiretax.load.free.stopping import MasterRamp
from wiretax.load.free.windows import free_plan
from wiretax.load.sweep.executor import ExecutorSummary
from wiretax.load.sweep.pauses import Pauses
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.wire.connections.target import Target
from wiretax.wire.counters import ConnectionCounts
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

# After the timeout of a call, within which users end theirs.
FINAL_TIMEOUT_S = 10.0
# A worker that starts this long after the test is late.
LATE_S = 5.0
log = logging.getLogger(__name__)


class FreeMaster:
    """The workers of one Locust master, test after test.

    Attributes:
        record: what the current or last test will be written from.
        ended_early: why nothing more is sent; empty while the test goes on.
        on_overloaded: ends the test since a worker's queue is full, with the reason.
    """

    # Workers may come and go, and no plan says when the test is done.
    users: None = None
    progress: None = None
    subscribers: int = 0
    skipped: tuple[Skipped, ...] = ()

    def __init__(self, environment: Any) -> None:
        self._ramp = MasterRamp(environment.runner)
        self._message_limit: MessageLimit | None = None
        self.record = RunRecord()
        self.ended_early = ""
        self.stages = Stages()
        self._halt: Callable[[str], None] = lambda _: None
        self.on_overloaded: Callable[[str], None] = lambda _: None
        self._dealing = QueueDealing(environment)
        self._runner: Any = environment.runner
        self._workloads: list[Workload] = []
        self._parts = Parts()
        self._started_s = 0.0
        self._timeout_s = 0.0
        self._is_full = False
        self._parsed: Namespace | None = None
        self._assignment: FreeAssignment | None = None
        self._registry = WorkerRegistry(self._runner, self._add, partial(self._take_report, at_rest=True))
        # Locust may stop a worker at any time.
        self._registry.ending = True
        self._registry.listen(messages.HALT, lambda _, data: self._halt(decode(data, Reason).why))
        self._registry.listen(messages.OVERLOADED, self._take_overloaded)
        environment.events.worker_report.add_listener(self._find_report)
        # Before Locust adds the statistics of a report to its own.
        environment.events.worker_report._handlers.insert(0, self._drop_what_was_reset)

    def begin(
        self,
        parsed: Namespace,
        target: Target,
        seed: int,
        timeout_s: float,
        message_limit: MessageLimit | None,
        halt: Callable[[str], None],
    ) -> None:
        """A test begins: add the assignment to the options, which Locust sends to each worker as it starts it.

        A limit of messages is shared out among the workers that are there; any that come later may send none.

        ``halt``: ends the test, with the reason.
        """
        self.record, self.ended_early, self._halt = RunRecord(), "", halt
        self.stages.clear()
        options = FreeRunOptions.of(parsed, target.tls)
        self._workloads = [*(options.workload(api) for api in get_args(Api)), options.queued_workload()]
        self._is_full = False
        self._registry.workers.clear()
        self._parts = Parts()
        self._started_s, self._timeout_s = monotonic(), timeout_s
        clients = list(self._runner.clients)
        shares, self._message_limit = None, message_limit
        if message_limit is not None:
            left = message_limit.limit - message_limit.taken
            shares = dict.fromkeys(clients, left // max(1, len(clients)))
        self._parsed, self._assignment = parsed, FreeAssignment(target, seed, timeout_s, shares)
        setattr(parsed, messages.OPTION, self._assignment.as_plain())
        self._dealing.begin()

    def begin_stage(self, stage: Stage) -> None:
        """Locust is about to have workers start or stop users."""
        if self.stages.enter(stage) and len(self.stages) > 1:
            self._begin_part(is_reset=False)

    def _begin_part(self, is_reset: bool) -> None:
        assert self._parsed is not None
        assert self._assignment is not None
        self._parts.begin(max(0, len(self.stages) - 1), is_reset)
        number = self._parts.number
        # For workers that come later.
        setattr(self._parsed, messages.OPTION, replace(self._assignment, part=number).as_plain())
        begun = {"number": number, "reset": is_reset}
        for client_id in list(self._runner.clients):
            self._runner.send_message(messages.BEGIN_PART, begun, client_id=client_id)

    @property
    def taken(self) -> int:
        """Messages that all workers sent, if they are limited."""
        return sum(each.messages for each in self._registry.workers.values())

    @property
    def plan(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return free_plan(self.record, self.stages)

    @property
    def pauses(self) -> Pauses:
        """The pauses that the endpoint asked for: of all workers, each of which pauses alone."""
        workers = self._registry.workers.values()
        waited_s = max((each.paused_s for each in workers), default=0.0)
        return Pauses(sum(each.pauses for each in workers), waited_s)

    def halt(self, why: str) -> None:
        """Nothing more is sent: a worker reported that of itself, and Locust stops the others."""
        self.ended_early = why

    def stopping(self, runner: Any) -> None:
        """End the ramp-up, if it goes on; the workers end their calls themselves."""
        self._ramp.stop()
        self._dealing.end()

    def hurry(self) -> None:
        """Nothing to do: calls are under way on workers only."""

    def unfinished(self) -> list[Slice]:
        """None: the workers keep their open slices."""
        return []

    def with_queue(self) -> list[Slice]:
        """None, likewise."""
        return []

    def reset(self) -> None:
        """Start again; what was measured so far is set aside, and so is what workers report of it from now on."""
        self.record.set_aside()
        self._begin_part(is_reset=True)

    def finish(self) -> RunRecord:
        """Have all workers stop, if Locust has not yet, and wait for their final reports."""
        self._registry.stop_workers(self._timeout_s + FINAL_TIMEOUT_S)
        for client_id, node in self._runner.clients.items():
            if client_id not in self._registry.workers and node.user_count:
                self._registry.add(client_id).lose("it reported nothing; it runs no wiretax, or another version")
        if self._message_limit is not None:
            self._message_limit.taken += self.taken
            self._message_limit.spent = self.ended_early == SPENT
        return self.record

    def summary(self) -> ExecutorSummary:
        """What is known of all workers, after ``finish``."""
        return self._registry.summary()

    def _add(self, worker: WorkerState) -> None:
        worker.state = "ready"
        self._parts.add_worker(worker.number)
        self._dealing.renew()
        late_s = monotonic() - self._started_s
        if late_s > LATE_S:
            worker.why = f"it came late, {late_s:.0f} s after the start"
            log.warning("wiretax: %s: %s", worker.name, worker.why)

    def _drop_what_was_reset(self, data: dict[str, Any], **_: Any) -> None:
        """Empty Locust's statistics of a worker if they are of a time before the last reset."""
        part = data.get(messages.PART)
        if isinstance(part, int) and part < self._parts.counts_from:
            nothing = StatsEntry(RequestStats(), "Aggregated", "").serialize()
            data.update(stats=[], errors={}, stats_total=nothing)

    def _find_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        """Locust's statistics of a worker came, which may carry a report."""
        worker = self._registry.workers.get(client_id)
        if worker is not None and messages.REPORT in data:
            self._registry.handle(messages.REPORT, self._take_report, worker, data[messages.REPORT])

    def _take_overloaded(self, _: WorkerState, data: Any) -> None:
        overloaded = decode(data, Overloaded)
        if not self._is_full:
            self._is_full = True
            self.on_overloaded(overloaded.why)

    def _take_report(self, worker: WorkerState, data: Any, at_rest: bool = False) -> None:
        """Decode what a worker reports, and add it to the record."""
        report = WorkerReport.of_plain(data, self._workloads, at_rest)
        for slice_, _ in report.slices:
            self._parts.place(slice_, worker.number)
        worker.update(report)
        for slice_, users in report.slices:
            if report.witness is None:
                # Until its final report, the slices stand for its sockets.
                worker.witness = worker.witness.plus(_witness(slice_))
            self.record.add(slice_, users, worker.number)


def _witness(slice_: Slice) -> Witness:
    """What sockets and kernel counted in a slice, by the slice itself."""
    measured = slice_.measured
    return Witness(
        measured.sent_bytes + slice_.boundary.sent_bytes,
        measured.received_bytes + slice_.boundary.received_bytes,
        slice_.tcp,
        slice_.tls,
        ConnectionCounts(measured.connections, measured.closed_by_server, measured.closed_by_client),
    )
