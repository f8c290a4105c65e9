"""A plan inside Locust: prepared when Locust is ready, run when it starts, written when it is over."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner

from wiretax.load.client.locust_stats import finish_csv
from wiretax.load.client.mocks import Mocks
from wiretax.load.client.outside_listener import outside_listener
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.drivers.conclude import report
from wiretax.load.drivers.errors import START_ERRORS, exit_code
from wiretax.load.drivers.headless import local_executor, quiet_locust, run_sweep, sweep_master
from wiretax.load.drivers.running import INTERRUPTED
from wiretax.load.drivers.setup import check_machine, prepare_sweep
from wiretax.load.drivers.sweep_options import plan_changes, plan_options
from wiretax.load.free.stopping import give_up, on_interrupt
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.starts import refuse_starts
from wiretax.load.sweep.conductor import Conductor
from wiretax.load.sweep.executor import Executor
from wiretax.runs.folder import leave_run_folder
from wiretax.terminal import Exit, OptionError, err, out

# Long enough for the slowest slice to end and be written.
END_TIMEOUT_S = 60.0
log = logging.getLogger(__name__)


class PlanfileSession:
    """Set up once, in the process that conducts: Locust's master, or its only one."""

    def __init__(self, environment: Environment) -> None:
        """Check the options, and start a mock if no endpoint was named.

        Raises:
            START_ERRORS: the run can't begin; one line each.
        """
        parsed: Any = environment.parsed_options
        if not parsed.headless:
            raise OptionError(
                "a plan runs without a web page here: add --headless, or choose it in the form of: wiretax ui"
            )
        self._environment = environment
        runner: Any = environment.runner
        self._runner = runner
        is_master = isinstance(environment.runner, MasterRunner)

        def adapt(plan: Plan) -> Plan:
            plan = refuse_starts(plan)
            plan = plan_changes(parsed)(plan)
            return plan.for_workers() if is_master else plan

        request = plan_options(parsed).check(adapt)
        self._gating = request.gating
        if not is_master:
            plan = request.plan if request.second is None else request.plan.against()
            check_machine(plan.workloads, plan.users, mocks=request.first is None)
        quiet_locust()
        self._conductor: Conductor | None = None
        self._begun = False
        self._greenlet: Any = None
        self._over = Event()
        self._closing = ExitStack()
        try:
            mocks = self._closing.enter_context(Mocks())
            self._setup = prepare_sweep(request, mocks, parsed.expect_workers if is_master else 0)
        except BaseException:
            self._closing.close()
            raise
        self._closing.callback(leave_run_folder, self._setup.folder)
        self._master = sweep_master(self._setup, environment, on_start=self._run) if is_master else None
        if self._master is None:
            # The users are the plan's, whatever number Locust was given.
            self._local = local_executor(self._setup, environment)
            runner.start = lambda *_, **__: self._run()

    def listen(self, hooks: Any) -> None:
        """Follow Locust's events, and signals."""
        hooks.quitting.add_listener(self._stop)
        # The listener ends the run.
        on_interrupt(lambda: None, before=self._give_up)

    def _give_up(self) -> bool:
        """Give up a run that has not begun; False if it has."""
        if not self._begun:
            self._begun = True
            self._over.set()
            give_up(self._environment)
            return True
        return False

    def _executor(self) -> Executor:
        if self._master is None:
            return self._local
        self._master.wait_for_workers(self._runner.worker_count, least=1)
        return self._master

    def _run(self) -> None:
        """Locust starts: run the plan, write it, and set the exit code."""
        if self._begun:
            return
        self._begun = True
        self._greenlet = gevent.getcurrent()
        self._setup.session.listener = outside_listener(self._environment)
        try:
            conclusion = run_sweep(self._setup, self._executor, err, self._stoppable, StatsFeed(self._environment))
            self._environment.process_exit_code = report(conclusion, self._gating, out)
        except START_ERRORS as error:
            log.error("wiretax: %s", error)
            self._environment.process_exit_code = exit_code(error)
        except Exception:
            log.exception("wiretax: internal error")
            self._environment.process_exit_code = Exit.INTERNAL
        finally:
            self._over.set()
            self._runner.quit()

    def _stoppable(self, conductor: Conductor) -> None:
        self._conductor = conductor

    def _stop(self, **_: Any) -> None:
        """Locust quits, since the run is over or it was told to: let the open slice end, and be written."""
        if self._conductor is not None:
            self._conductor.stop(INTERRUPTED)
        elif self._greenlet is not None and not self._over.is_set():
            # It waits for workers, or tries the endpoint out.
            log.error("wiretax: interrupted before the first slice; nothing is saved")
            self._environment.process_exit_code = Exit.INTERRUPTED
            self._greenlet.kill(block=False)
        if self._begun:
            self._over.wait(END_TIMEOUT_S)
        finish_csv(self._environment)
        self._closing.close()
