"""A sweep, from a plan to a folder in results/: the headless run."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from rich.console import Console

from wiretax.load.accounting.measurement import Measurement
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.error_policy import ErrorPolicy
from wiretax.load.client.message_limit import SPENT, MessageLimit
from wiretax.load.client.mocks import embedded_targets
from wiretax.load.client.preflight import preflight
from wiretax.load.client.session import Session
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.cluster.assignment import assignments
from wiretax.load.cluster.processes import HOST, Processes, worker_processes
from wiretax.load.cluster.sweep_master import SweepMaster
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.conductor import WARM_UP, Conductor, Extension
from wiretax.load.sweep.executor import Executor, LocalExecutor
from wiretax.load.sweep.progress import reporter
from wiretax.load.users.publishers import PlanUser
from wiretax.mock.cost import CostModel
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped, kept
from wiretax.runs.writer import abandon_run_folder, claim_run_folder, run_name, write_run
from wiretax.wire.connections.target import Target

INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class MoreRounds:
    """Rounds beyond a plan's, for as long as a judge of what was measured so far wants them.

    Attributes:
        undecided: names what is undecided; given the run as if it ended now.
        most_rounds: the plan's and the added ones together.
    """

    undecided: Callable[[Run], tuple[str, ...]]
    most_rounds: int


def sweep(
    plan: Plan,
    target: Target | None,
    against: Target | None,
    results: Path,
    console: Console,
    more: MoreRounds | None = None,
    message_limit: MessageLimit | None = None,
    processes: int = 0,
) -> Path:
    """Run a plan and write it down.

    Args:
        plan: what to measure.
        target: where; None for a mock of the plan's own.
        against: a second server, sent the same in turn; None for none.
        results: the folder runs are kept in.
        console: where progress is shown.
        more: rounds that may be added.
        budget: how many messages may be sent; the run ends where it is spent. None for as many as can be.
        processes: how many send, beside this one that conducts; 0 for this one alone.

    Returns:
        The run's folder.

    Raises:
        ResultsError: where the folder can't be written; nothing was sent.
        MockError: where the mock did not start.
        EndpointRefusedError: where the endpoint can't be measured; nothing is written.
        ExecutorError: where workers don't start; nothing is written.
    """
    quiet_locust()
    folder = claim_run_folder(results, run_name(plan.name))
    try:
        with ExitStack() as closing:
            # Forked first: what is opened before belongs to both.
            workers = closing.enter_context(worker_processes(processes)) if processes else None
            targets, cost = [] if target is None else [target], None
            if target is None:
                targets, cost = closing.enter_context(embedded_targets(plan, processes)), plan.cost
            if against is not None:
                plan, targets = plan.against(), [*targets, against]
            record = _measure(plan, targets, cost, console, more, message_limit, folder, workers)
        write_run(folder, record)
    finally:
        abandon_run_folder(folder)
    return folder


def _measure(
    plan: Plan,
    targets: list[Target],
    cost: CostModel | None,
    console: Console,
    more: MoreRounds | None,
    message_limit: MessageLimit | None,
    folder: Path,
    workers: Processes | None,
) -> RunRecord:
    session = Session(targets, plan.seed, plan.timeout_s, message_limit, plan.replay)
    environment = Environment(user_classes=[PlanUser])
    executor: Executor
    if workers is None:
        barrier = SliceBarrier(plan.users)
        environment.wiretax_session = session  # type: ignore[attr-defined]
        environment.wiretax_barrier = barrier  # type: ignore[attr-defined]
        for workload in plan.workloads:
            session.source(workload)
        runner = environment.create_local_runner()
        executor = LocalExecutor(runner, barrier, plan.users, plan.slice_s, plan.timeout_s)
    else:
        master = environment.create_master_runner(HOST, 0)
        executor = SweepMaster(
            environment,
            assignments(plan, targets, message_limit),
            plan.users,
            workers.died,
            message_limit=message_limit,
        )
        workers.tell(master.server.port)
        executor.wait_for_workers(workers.count, least=workers.count)
    measurement = Measurement(targets, cost, plan.faults)
    return run_plan(
        plan, executor, session, measurement, console, more, message_limit, folder, own_mock=cost is not None
    )


def run_plan(
    plan: Plan,
    executor: Executor,
    session: Session,
    measurement: Measurement,
    console: Console,
    more: MoreRounds | None,
    message_limit: MessageLimit | None,
    folder: Path,
    own_mock: bool,
    stopped: Callable[[Conductor], AbstractContextManager[None]] | None = None,
    feed: StatsFeed | None = None,
) -> RunRecord:
    """Have a cast perform a plan, and conclude.

    Args:
        plan: what.
        executor: runs the slices; it is ended here.
        session: this process's.
        measurement: set up before anything was sent.
        console: where progress is shown.
        more: rounds that may be added.
        budget: how many messages may be sent; None for as many as can be.
        folder: where the run will be written.
        own_mock: whether they go to a mock of the run's own.
        stopped: what may stop the conductor meanwhile; None for Ctrl-C and SIGTERM.
        feed: tells Locust's statistics of each call; None if nobody reads them.

    Raises:
        EndpointRefusedError: where the endpoint can't be measured.
        ExecutorError: where users don't start.
    """
    record = RunRecord()
    # What exists now stays for the whole run; the collector need not walk through it during a slice.
    gc.collect()
    gc.freeze()
    shown = reporter(console, plan.name)

    def undecided() -> tuple[str, ...]:
        assert more is not None
        # Users are idle, and what is made here is cleared away before they go on.
        with measurement.paused():
            so_far = {**measurement.so_far(record, plan.as_dict()), "skipped": _rows(skipped, conductor)}
            found = more.undecided(as_read(record, folder, so_far))
            gc.collect()
            gc.freeze()
        return found

    extension = None if more is None else Extension(undecided, more.most_rounds, shown.rounds_added)
    try:
        # What is skipped here is not the conductor's to begin with.
        tried = preflight(session, plan.workloads, WARM_UP)
        skipped = tried.skipped
        for slice_ in tried.slices:
            record.add(slice_, plan.users)
        measured = replace(plan, workloads=kept(plan.workloads, skipped))
        conductor = Conductor(measured, executor, extension, measurement.paused, own_mock)
        session.on_rejected = ErrorPolicy(conductor.halt, conductor.hold).on_rejected
        if message_limit is not None:
            message_limit.on_spent = lambda: conductor.halt(SPENT)
        executor.on_rejected(conductor.halt, conductor.hold)
        with (stopped or _stopped_by_signals)(conductor):
            executor.begin()
            if feed is not None:
                # Locust cleared its statistics when users began.
                for slice_ in tried.slices:
                    feed.tell(slice_)
            measurement.begin()
            for step, result in conductor.run():
                result.add_to(record)
                if feed is not None:
                    with measurement.paused():
                        feed.tell_slices(result.slices)
                shown.slice_done(step, result)
            measurement.end()
    finally:
        shown.close()
        summary = executor.end()
        session.close()
    interrupted = conductor.ended_early == INTERRUPTED
    ended_early = "" if conductor.ended_early == SPENT else conductor.ended_early
    notes = [str(conductor.pauses)] if conductor.pauses.times else []
    notes += [str(each) for each in (*skipped, *conductor.skipped)]
    if message_limit is not None and message_limit.spent:
        notes.append(f"{message_limit}; {record.rounds} of {plan.rounds} rounds were begun")
    measurement.conclude(record, session, plan.as_dict(), ended_early, interrupted, notes, summary)
    record.meta["skipped"] = _rows(skipped, conductor)
    record.meta["paused"] = conductor.pauses.as_dict()
    record.meta["budget"] = None if message_limit is None else message_limit.as_dict()
    if more is not None:
        asked = [asdict(each) for each in conductor.asked]
        record.meta["added"] = {"most_rounds": more.most_rounds, "asked": asked}
    return record


def _rows(before: tuple[Skipped, ...], conductor: Conductor) -> list[dict[str, Any]]:
    """Workloads that were left out, before the run and in it, as ``run.json`` keeps them."""
    return [each.as_row() for each in (*before, *conductor.skipped)]


def quiet_locust() -> None:
    """A sweep saturates its processor by design; Locust's warnings of that would break the progress line."""
    logging.getLogger("locust.runners").setLevel(logging.ERROR)
    logging.getLogger().addFilter(lambda record: not record.getMessage().startswith("CPU usage above"))


@contextmanager
def _stopped_by_signals(conductor: Conductor) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends the run after its slice; what was measured is kept."""
    handlers = [
        gevent.signal_handler(number, conductor.stop, INTERRUPTED) for number in (signal.SIGINT, signal.SIGTERM)
    ]
    try:
        yield
    finally:
        for handler in handlers:
            handler.cancel()
