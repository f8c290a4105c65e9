"""A free run's life inside Locust: endpoint, windows, and the folder it leaves in results/."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import LocalRunner

from scenarios.budget import Budget
from scenarios.free_run import WINDOW_S, FreeRun
from scenarios.judge import Judge
from scenarios.measurement import Measurement
from scenarios.options import FreeRunOptions, limit_from, target_from
from scenarios.refusals import Refusals
from scenarios.session import Session
from scenarios.stats import StatsFeed, outside_listener
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_target
from wiretax.runs.reader import read_run
from wiretax.runs.writer import claim_run_folder, run_name, write_run
from wiretax.terminal import Exit, out

RESULTS = Path("results")
NAME = "free-run"
SEED = 1
TIMEOUT_S = 10.0
CERTIFICATE: KeyType = "rsa"
log = logging.getLogger(__name__)


class FreeSession:
    """Set up once for a Locust process; started and stopped with each test."""

    def __init__(self, environment: Environment) -> None:
        """Check the options and find the endpoint, or start a mock.

        Raises:
            GatesError, OptionError, EndpointError, TrustError, MockError: one line each.
        """
        parsed = environment.parsed_options
        assert parsed is not None
        # Its line a request would stand among Locust's own.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._environment = environment
        self._closing = ExitStack()
        self._cost: CostModel | None = None
        self._judge = Judge(Path(parsed.gates)) if parsed.gates else None
        target = target_from(parsed)
        self._limit = limit_from(parsed, target)
        self._options = FreeRunOptions.of(parsed, parsed.tls if target is None else target.tls)
        if target is None:
            self._cost = CostModel()
            mock = embedded_target(self._options.limits, self._cost, CERTIFICATE if parsed.tls else None)
            target = self._closing.enter_context(mock)
        self._target = target

    def start(self, **_: Any) -> None:
        """A test begins."""
        listener = outside_listener(self._environment)
        self._budget = None if self._limit is None else Budget(self._limit)
        self._ended_early = ""
        self._session = Session([self._target], SEED, TIMEOUT_S, self._budget)
        self._session.listener = listener
        self._measurement = Measurement([self._target], self._cost)
        # Where each exchange fires an event of its own, Locust's statistics come from there.
        self._run = FreeRun(self._options, StatsFeed(self._environment) if listener is None else None)
        self._session.heed = Refusals(self._halt, self._run.hold).heed
        if self._budget is not None:
            self._budget.on_spent = self._quit
        self._environment.wiretax_session = self._session  # type: ignore[attr-defined]
        self._environment.wiretax_free_run = self._run  # type: ignore[attr-defined]
        self._measurement.begin()

    def stop(self, **_: Any) -> None:
        """A test ended and its users with it: conclude, and write it down."""
        self._measurement.end()
        self._session.close()
        record = self._run.finish()
        users = max((row["users"] for row in record.slices), default=0)
        plan = {"name": NAME, "seed": SEED, "slice_s": WINDOW_S, "users": users, "timeout_s": TIMEOUT_S}
        notes = [str(self._run.pauses)] if self._run.pauses.times else []
        if self._budget is not None and self._budget.spent:
            notes.append(str(self._budget))
        self._measurement.conclude(record, self._session, plan, self._ended_early, False, notes)
        record.meta["paused"] = self._run.pauses.as_dict()
        record.meta["budget"] = None if self._budget is None else self._budget.as_dict()
        for note in notes:
            log.warning("wiretax: %s", note)
        if not isinstance(self._environment.runner, LocalRunner):
            log.warning("wiretax: a distributed run's bytes are not merged yet; nothing is written to results/")
            if self._judge is not None:
                log.error("wiretax: there is nothing for --gates to judge")
                self._environment.process_exit_code = Exit.INVALID
            return
        folder = claim_run_folder(RESULTS, run_name(NAME))
        write_run(folder, record)
        for reason in record.meta["invalid_because"]:
            log.error("wiretax: invalid: %s", reason)
            self._environment.process_exit_code = Exit.INVALID
        log.info("wiretax: saved in %s", folder)
        if self._judge is not None:
            self._environment.process_exit_code = self._judge.conclude(read_run(folder), out)

    def _halt(self, why: str) -> None:
        """The endpoint refuses what will be refused again."""
        if not self._ended_early:
            self._ended_early = why
            self._quit()

    def _quit(self) -> None:
        """End the test; with the web UI Locust stays. A user calls this, and can't wait for its own end."""
        self._run.halt()
        runner = self._environment.runner
        assert runner is not None
        gevent.spawn(runner.quit if self._environment.web_ui is None else runner.stop)

    def close(self, **_: Any) -> None:
        """Locust quits: stop the mock."""
        self._closing.close()
