"""A sweep, from a plan to a folder in results/: the headless run."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import gevent
from locust.env import Environment
from rich.console import Console

from scenarios.conductor import WARM_UP, Conductor
from scenarios.measurement import Measurement
from scenarios.plan import Plan
from scenarios.preflight import preflight
from scenarios.progress import reporter
from scenarios.session import Session, Stage
from scenarios.users import PlanUser
from wiretax.mock.process import embedded_target
from wiretax.runs.record import RunRecord
from wiretax.runs.writer import abandon_run_folder, claim_run_folder, run_name, write_run
from wiretax.wire.trust import Target

INTERRUPTED = "interrupted"
SPAWN_TIMEOUT_S = 30.0


def sweep(plan: Plan, target: Target | None, results: Path, console: Console) -> Path:
    """Run a plan and write it down.

    Args:
        plan: what to measure.
        target: where; None for a mock of the plan's own.
        results: the folder runs are kept in.
        console: where progress is shown.

    Returns:
        The run's folder.

    Raises:
        ResultsError: where the folder can't be written; nothing was sent.
        MockError: where the mock did not start.
        EndpointRefusedError: where the endpoint can't be measured; nothing is written.
    """
    folder = claim_run_folder(results, run_name(plan.name))
    try:
        with ExitStack() as closing:
            if target is None:
                certificates = [plan.certificate if tls else None for tls in plan.tls]
                mocks = [embedded_target(plan.limits, plan.cost, each, plan.faults) for each in certificates]
                targets = [closing.enter_context(mock) for mock in mocks]
                record = _measure(plan, targets, console, embedded=True)
            else:
                record = _measure(plan, [target], console, embedded=False)
        write_run(folder, record)
    finally:
        abandon_run_folder(folder)
    return folder


def _measure(plan: Plan, targets: list[Target], console: Console, embedded: bool) -> RunRecord:
    record = RunRecord()
    session = Session(targets, plan.seed, plan.timeout_s)
    stage = Stage(plan.users)
    conductor = Conductor(plan, stage)
    measurement = Measurement(targets, plan.cost if embedded else None, plan.faults)
    for workload in {workload.way: workload for workload in plan.workloads}.values():
        record.add(preflight(session, workload, WARM_UP), plan.users)
    environment = Environment(user_classes=[PlanUser])
    environment.wiretax_session = session  # type: ignore[attr-defined]
    environment.wiretax_stage = stage  # type: ignore[attr-defined]
    for workload in plan.workloads:
        session.source(workload)
    _quiet_locust()
    runner = environment.create_local_runner()
    # What exists now stays for the whole run; the collector need not walk through it during a slice.
    gc.collect()
    gc.freeze()
    shown = reporter(console, plan.name, plan.rounds)
    try:
        with _stopped_by_signals(conductor):
            runner.start(plan.users, spawn_rate=plan.users)
            stage.wait_until_idle(SPAWN_TIMEOUT_S)
            measurement.begin()
            for step, piece in conductor.run():
                record.add(piece, plan.users)
                shown.slice_done(step, piece)
            measurement.end()
    finally:
        shown.close()
        runner.quit()
        session.close()
    interrupted = conductor.ended_early == INTERRUPTED
    measurement.conclude(record, session, plan.as_dict(), conductor.ended_early, interrupted)
    return record


def _quiet_locust() -> None:
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
