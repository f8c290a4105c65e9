"""A sweep without Locust's command line: a plan is run, and its folder is returned."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack

from locust.env import Environment
from rich.console import Console

from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.mocks import Mocks, mock_count
from wiretax.load.client.own_limits import Demand, check_ports
from wiretax.load.client.signals import Signals
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.cluster.assignment import assignments
from wiretax.load.cluster.processes import HOST, Processes, worker_processes
from wiretax.load.cluster.resilience.master_port import use_guarded_port
from wiretax.load.cluster.sweep_master import SweepMaster
from wiretax.load.drivers.conclude import Conclusion, conclude
from wiretax.load.drivers.running import INTERRUPTED
from wiretax.load.drivers.setup import RunSetup, check_machine, prepare_sweep
from wiretax.load.drivers.sweep import Sweep, settle_memory
from wiretax.load.drivers.sweep_options import SweepRequest
from wiretax.load.sweep.conductor import Conductor
from wiretax.load.sweep.executor import Executor, LocalExecutor
from wiretax.load.sweep.progress import reporter
from wiretax.load.users.publishers import PlanUser
from wiretax.runs.folder import leave_run_folder


def run_headless(request: SweepRequest, console: Console, processes: int, signals: Signals) -> Conclusion:
    """Run a plan and write it.

    Args:
        request: what to measure.
        console: where progress is shown.
        processes: how many processes send, beside this one that conducts; 0 to send from this one.
        signals: end the run early.

    Raises:
        START_ERRORS: the run could not begin; nothing is written.
    """
    quiet_locust()
    plan = request.plan if request.second is None else request.plan.against()
    mocks = mock_count(plan, processes, os.cpu_count() or 1) if request.first is None else 0
    check_machine(plan.workloads, plan.users, max(1, processes), mocks)
    with ExitStack() as closing:
        # Forked first: what is opened before would belong to both.
        workers = closing.enter_context(worker_processes(processes)) if processes else None
        setup = prepare_sweep(request, closing.enter_context(Mocks()), processes)
        closing.callback(leave_run_folder, setup.folder)  # which leaves one that holds a run

        def stoppable(conductor: Conductor) -> None:
            signals.end_with(lambda: conductor.stop(INTERRUPTED))

        return run_sweep(setup, lambda: _executor(setup, workers), console, stoppable)


def run_sweep(
    setup: RunSetup,
    executor_of: Callable[[], Executor],
    console: Console,
    stoppable: Callable[[Conductor], object],
    feed: StatsFeed | None = None,
) -> Conclusion:
    """Run a plan to its end and write it.

    Args:
        setup: prepared.
        executor_of: gets the executor ready.
        console: where progress is shown.
        stoppable: gets the conductor, which may be stopped from now on.
        feed: gets each slice for Locust's statistics; None if nobody reads them.

    Raises:
        EndpointRefusedError: the endpoint can't be measured.
        ExecutorError: users or workers don't start.
    """
    assert setup.plan is not None
    executor = executor_of()
    settle_memory()
    shown = reporter(console, setup.plan.name)
    try:
        check_ports(Demand.of(setup.plan.workloads, setup.plan.users), setup.targets)
        setup = setup.try_out(setup.plan.workloads)
        sweep = Sweep(setup, executor, feed, shown.rounds_added)
        stoppable(sweep.conductor)
        executor.begin()
        if feed is not None:
            # Locust cleared its statistics when users began.
            for slice_ in setup.tried.slices:
                feed.tell(slice_)
        setup.measurement.begin()
        for step, result in sweep.slices():
            shown.slice_done(step, result)
        setup.measurement.end()
    finally:
        shown.close()
        summary = executor.end()
        setup.session.close()
    sweep.executor_summary = summary
    return conclude(setup, sweep)


def local_executor(setup: RunSetup, environment: Environment) -> LocalExecutor:
    """The users of this process, whose runner the environment has."""
    plan = setup.plan
    assert plan is not None
    barrier = SliceBarrier(plan.users)
    environment.wiretax_session = setup.session  # type: ignore[attr-defined]
    environment.wiretax_barrier = barrier  # type: ignore[attr-defined]
    for workload in plan.workloads:
        setup.session.source(workload)
    return LocalExecutor(environment.runner, barrier, plan.users, plan.slice_s, plan.timeout_s)  # type: ignore[arg-type]


def sweep_master(
    setup: RunSetup,
    environment: Environment,
    died: Callable[[int], bool] = lambda _: False,
    on_start: Callable[[], object] = lambda: None,
) -> SweepMaster:
    """The workers of a master, whose runner the environment has; ``died`` and ``on_start`` as there."""
    plan, limit = setup.plan, setup.message_limit
    assert plan is not None
    assigned = assignments(plan, setup.targets, limit)
    return SweepMaster(environment, assigned, plan.users, died, on_start, message_limit=limit)


def quiet_locust() -> None:
    """Leave out Locust's warnings of a busy processor, which a sweep saturates by design, and httpx's line per
    request."""
    logging.getLogger("locust.runners").setLevel(logging.ERROR)
    logging.getLogger().addFilter(lambda record: not record.getMessage().startswith("CPU usage above"))
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _executor(setup: RunSetup, workers: Processes | None) -> Executor:
    environment = Environment(user_classes=[PlanUser])
    if workers is None:
        environment.create_local_runner()
        return local_executor(setup, environment)
    use_guarded_port()
    runner = environment.create_master_runner(HOST, 0)
    master = sweep_master(setup, environment, workers.died)
    workers.tell(runner.server.port)
    master.wait_for_workers(workers.count, least=workers.count)
    return master
