"""A plan's life inside Locust: read when Locust is ready, run when it starts, written when it is over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner

from analysis.tables.run_table import print_run
from wiretax.load.accounting.gating import Gating
from wiretax.load.accounting.measurement import Measurement
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.locust_stats import finish_csv
from wiretax.load.client.mocks import embedded_targets
from wiretax.load.client.preflight import EndpointRefusedError
from wiretax.load.client.session import Session
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.cluster.assignment import assignments
from wiretax.load.cluster.sweep_master import SweepMaster
from wiretax.load.drivers.headless import (
    INTERRUPTED,
    MoreRounds,
    quiet_locust,
    run_plan,
)
from wiretax.load.plan.reading import load_plan
from wiretax.load.sweep.conductor import Conductor
from wiretax.load.sweep.consent import message_limit_for, most_rounds_within
from wiretax.load.sweep.executor import Executor, ExecutorError, LocalExecutor
from wiretax.runs.reader import read_run
from wiretax.runs.writer import abandon_run_folder, claim_run_folder, run_name, write_run
from wiretax.terminal import Exit, err, out
from wiretax.wire.connections.servers import servers_of

# Of the plan's, where --max-rounds is not said.
MOST_ROUNDS = 3
# Long enough for the slowest slice to come to rest and be written down.
LAST_WORDS_S = 60.0
log = logging.getLogger(__name__)


class PlanfileSession:
    """Set up once, in the process that conducts: Locust's master, or its only one."""

    def __init__(self, environment: Environment) -> None:
        """Check all that was said, and start a mock where no endpoint was named.

        Raises:
            EndpointError, GatesError, MockError, PlanError, ResultsError, TrustError, ValueError: one line each.
        """
        parsed: Any = environment.parsed_options
        if not parsed.headless:
            raise ValueError("a plan runs without a web page here: add --headless")
        self._environment = environment
        runner: Any = environment.runner
        self._runner = runner
        self._judge = Gating(Path(parsed.gates)) if parsed.gates else None
        ca = Path(parsed.ca) if parsed.ca else None
        first, second = servers_of(parsed.endpoint, parsed.against, ca, parsed.insecure)
        given = first or second
        plan = load_plan(parsed.plan, None if given is None else given.tls)
        if isinstance(runner, MasterRunner):
            plan = plan.for_workers()
        if parsed.num_users:
            plan = replace(plan, users=parsed.num_users)
        limit, users_given = parsed.max_messages or None, bool(parsed.num_users)
        message_limit = self._message_limit = message_limit_for(
            plan, first, second, limit, parsed.yes, users_given
        )
        self._more = None
        if self._judge is not None:
            most = max(parsed.max_rounds or MOST_ROUNDS * plan.rounds, plan.rounds)
            most = most_rounds_within(plan, first, second, most, message_limit)
            self._more = MoreRounds(self._judge.undecided, most)
        self._folder = claim_run_folder(Path(parsed.results), run_name(plan.name))
        quiet_locust()
        # Its line a request would stand among Locust's own.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._closing = ExitStack()
        self._closing.callback(abandon_run_folder, self._folder)
        targets, cost = [] if first is None else [first], None
        if first is None:
            workers = parsed.expect_workers if isinstance(runner, MasterRunner) else 0
            targets, cost = self._closing.enter_context(embedded_targets(plan, workers)), plan.cost
        if second is not None:
            plan, targets = plan.against(), [*targets, second]
        self._plan, self._own_mock = plan, cost is not None
        self._session = Session(targets, plan.seed, plan.timeout_s, message_limit)
        self._measurement = Measurement(targets, cost, plan.faults)
        self._conductor: Conductor | None = None
        self._begun = False
        self._over = Event()
        self._executor: Executor
        if isinstance(runner, MasterRunner):
            self._master = SweepMaster(
                environment,
                assignments(plan, targets, message_limit),
                plan.users,
                asked=self._run_plan,
                message_limit=message_limit,
            )
            self._executor = self._master
        else:
            self._executor = self._alone()
            # Locust calls it for the users it was told; they are the plan's.
            runner.start = lambda *_, **__: self._run_plan()
        hooks: Any = environment.events
        hooks.quitting.add_listener(self._stop)

    def _alone(self) -> LocalExecutor:
        plan, barrier = self._plan, SliceBarrier(self._plan.users)
        self._environment.wiretax_session = self._session  # type: ignore[attr-defined]
        self._environment.wiretax_barrier = barrier  # type: ignore[attr-defined]
        for workload in plan.workloads:
            self._session.source(workload)
        return LocalExecutor(self._runner, barrier, plan.users, plan.slice_s, plan.timeout_s)

    def _run_plan(self) -> None:
        """Locust starts: the whole run, to its folder and its exit code."""
        if self._begun:
            return
        self._begun = True
        try:
            if isinstance(self._runner, MasterRunner):
                self._master.wait_for_workers(self._runner.worker_count, least=1)
            record = run_plan(
                self._plan,
                self._executor,
                self._session,
                self._measurement,
                err,
                self._more,
                self._message_limit,
                self._folder,
                self._own_mock,
                self._stoppable,
                StatsFeed(self._environment),
            )
            write_run(self._folder, record)
            self._environment.process_exit_code = self._conclude()
        except ExecutorError as error:
            self._fail(error, Exit.USAGE)
        except EndpointRefusedError as error:
            self._fail(error, Exit.INVALID)
        except Exception:
            log.exception("wiretax: internal error")
            self._environment.process_exit_code = Exit.INTERNAL
        finally:
            self._over.set()
            self._runner.quit()

    def _fail(self, error: Exception, code: Exit) -> None:
        log.error("wiretax: %s", error)
        self._environment.process_exit_code = code

    def _conclude(self) -> int:
        """Print the table and the verdict; the exit code they stand for."""
        saved = read_run(self._folder)
        print_run(saved, out)
        if saved.meta["interrupted"]:
            return Exit.INTERRUPTED
        if self._judge is not None:
            out.print()
            return self._judge.conclude(saved, out)
        return Exit.OK if saved.meta["valid"] else Exit.INVALID

    @contextmanager
    def _stoppable(self, conductor: Conductor) -> Iterator[None]:
        self._conductor = conductor
        try:
            yield
        finally:
            self._conductor = None

    def _stop(self, **_: Any) -> None:
        """Locust quits, by its own will or because the run is over: let what is under way be written down."""
        if self._conductor is not None:
            self._conductor.stop(INTERRUPTED)
        if self._begun:
            self._over.wait(LAST_WORDS_S)
        finish_csv(self._environment)
        self._closing.close()
