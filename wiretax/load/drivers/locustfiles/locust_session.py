"""The runs of one Locust process, one after the other: prepared, started, stopped and written."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from locust import User
from locust.env import Environment
from locust.runners import STATE_INIT, LocalRunner, MasterRunner

from wiretax.load.accounting.gating import Gating
from wiretax.load.client.locust_stats import finish_csv
from wiretax.load.client.mocks import Mocks
from wiretax.load.client.outside_listener import outside_listener
from wiretax.load.cluster.free_master import FreeMaster
from wiretax.load.drivers.begin import begin_run
from wiretax.load.drivers.conclude import conclude
from wiretax.load.drivers.locustfiles.live_sampling import LiveSampling
from wiretax.load.drivers.locustfiles.locust_setup import LocustRequest, refuse_unsendable
from wiretax.load.drivers.outcomes import Outcomes, Saved
from wiretax.load.drivers.running import INTERRUPTED, LocustRun
from wiretax.load.drivers.setup import RunSetup
from wiretax.load.free.external_option import refuse_ignored_source
from wiretax.load.free.options import NO_PLAN
from wiretax.load.free.stages import Stage, follow_stages
from wiretax.load.free.stopping import end_test, give_up, on_interrupt
from wiretax.load.free.windows import FreeRun
from wiretax.runs.folder import leave_run_folder
from wiretax.terminal import Exit, OptionError
from wiretax.wire.open_files import raise_open_files

if TYPE_CHECKING:
    from wiretax.load.accounting.live.figures import Live

log = logging.getLogger(__name__)
# Long enough for the slowest call to end, and the run to be written.
WRITE_TIMEOUT_S = 60.0


class LocustSession:
    """Set up once for a Locust process; prepared, started and stopped with each run.

    Attributes:
        ready: the run that starts next, is running, or ran last; None before the first.
        run: the run that is running, or ran last.
        is_running: whether a run is.
        started_s: when the last one started, seconds since the epoch; 0 before the first.
    """

    def __init__(self, environment: Environment) -> None:
        """Check the options and find the endpoint, or start a mock.

        Raises:
            START_ERRORS: one line each.
        """
        parsed = environment.parsed_options
        assert parsed is not None
        # httpx would log one line per request among Locust's own.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._environment: Any = environment
        self._mocks = Mocks()
        self._outcomes = Outcomes(environment, Gating(Path(parsed.gates)) if parsed.gates else None)
        self._given = parsed.endpoint
        # Held while a run is prepared or concluded, so that neither meets the other.
        self._turn = BoundedSemaphore(1)
        self._sampling = LiveSampling(environment)
        self._is_next = self.is_running = self._is_stopping = self._closed = False
        self.started_s = 0.0
        self._written = Event()
        self._written.set()
        self.ready: RunSetup | None = None
        self._ready_before: RunSetup | None = None
        self.run: LocustRun | None = None
        # Of a master, which has no users.
        self._master = FreeMaster(environment) if isinstance(environment.runner, MasterRunner) else None
        self._stage: Stage | None = None
        follow_stages(environment.runner, self._begin_stage)
        if environment.shape_class is not None:
            # Of a shape nobody knows how many users it will have. A mock started here inherits the limit.
            raise_open_files()
        if parsed.plan != NO_PLAN and environment.web_ui is None:
            raise OptionError(f"--plan {parsed.plan} goes with the web UI; without it: wiretax run {parsed.plan}")
        request = self._check(parsed, () if self._picks_classes else environment.user_classes)
        if environment.web_ui is None and self._master is None:
            request.check_machine(parsed.num_users or 1, environment.user_classes)
        # The loop's clock stood still during imports; Locust's run time counts from here.
        gevent.get_hub().loop.update_now()

    def listen(self, hooks: Any) -> None:
        """Follow Locust's events, and Ctrl-C."""
        hooks.test_start.add_listener(self.start)
        hooks.test_stopping.add_listener(self.stopping)
        hooks.test_stop.add_listener(self.stop)
        hooks.reset_stats.add_listener(self.reset)
        hooks.spawning_complete.add_listener(self.spawned)
        hooks.quitting.add_listener(self.quitting)
        hooks.quit.add_listener(self.close)
        on_interrupt(self.end, self.hurry, self._give_up)

    @property
    def state(self) -> str:
        """Locust's word for what it does."""
        return str(self._environment.runner.state) if self._environment.runner else ""

    @property
    def saved(self) -> Sequence[Saved]:
        """The runs that this process wrote, the newest first."""
        return self._outcomes.saved

    @property
    def live(self) -> Live | None:
        """The figures of the run that is running, or ran last, in the web UI; None without one."""
        return self._sampling.live

    @property
    def users(self) -> int:
        """How many there are."""
        return int(self._environment.runner.user_count) if self._environment.runner else 0

    @property
    def users_by_class(self) -> dict[str, int]:
        """How many there are of each class that has any."""
        runner = self._environment.runner
        counts = {} if runner is None else getattr(runner, "reported_user_classes_count", None)
        if counts is None:
            counts = runner.user_classes_count
        return {name: int(count) for name, count in counts.items() if count}

    @property
    def workers(self) -> int | None:
        """How many workers there are; None of a process that has its own users."""
        return None if self._master is None else int(self._environment.runner.worker_count)

    def prepare(self, parsed: Namespace, users: int, classes: Sequence[type[User]], ask: bool) -> None:
        """Prepare the next run.

        Args:
            parsed: its options.
            users: how many there will be.
            classes: of which they will be.
            ask: whether to send a call of each workload, to see whether the server accepts it.

        Raises:
            START_ERRORS: one line each; nothing is left behind.
        """
        with self._turn:
            self._discard()
            setup = self._check(parsed, classes).prepare(users, classes, ask)
            self._ready_before, self.ready = self.ready, setup
            self._is_next = True

    def discard(self) -> None:
        """Give up the run that was prepared last, as if nobody had asked for it."""
        with self._turn:
            self._discard()

    def allow_users(self, users: int, classes: Sequence[type[User]]) -> None:
        """See whether the run that is running may have this many users, of these classes.

        Raises:
            OptionError: it may not.
        """
        if self.run is not None and self.run.users not in (None, users):
            raise OptionError(f"the plan is swept with {self.run.users} users to its end; stop it first")
        free = None if self.ready is None else self.ready.free
        if free is not None:
            if free.external is not None:
                refuse_ignored_source(free.external, classes, distributed=False)
            refuse_unsendable(free, classes)

    def start(self, **_: Any) -> None:
        """Locust starts a test."""
        environment = self._environment
        if not self._is_next:
            parsed = environment.parsed_options
            self.prepare(parsed, parsed.num_users or 1, environment.user_classes, ask=False)
        self._is_next = self._is_stopping = False
        self.is_running = True
        self.started_s = time()
        self._written.clear()
        setup = self.ready
        assert setup is not None
        setup.session.listener = outside_listener(environment)
        self.run = begin_run(setup, environment, self._master, self._sampling, self._halt, self._overloaded)
        self._enter_stage()
        self._sampling.begin(self.run, by_rounds=setup.plan is not None)
        setup.measurement.begin()

    def _begin_stage(self, stage: Stage) -> None:
        """Locust is about to start or stop users; if no test is running, it starts one with these."""
        self._stage = stage
        if self.is_running:
            self._enter_stage()

    def _enter_stage(self) -> None:
        if self._stage is not None and isinstance(self.run, FreeRun | FreeMaster):
            self.run.begin_stage(self._stage)

    def stopping(self, **_: Any) -> None:
        """Users are about to be stopped: return once no call is under way and none will begin."""
        self._is_stopping = True
        if self.run is not None and self.ready is not None:
            self.ready.session.stop_generating()
            self.run.stopping(self._environment.runner)

    def end(self) -> None:
        """Stop the run that is running, if one is, and return when it is written. One with a run time is cut
        short by this; Ctrl-C is how any other ends."""
        environment, run = self._environment, self.run
        timed = environment.web_ui is None and environment.parsed_options.run_time
        if timed and isinstance(run, FreeRun | FreeMaster) and self.is_running and not self._is_stopping:
            run.ended_early = run.ended_early or INTERRUPTED
        end_test(environment.runner)
        # Another signal may have begun to end it.
        self._written.wait(WRITE_TIMEOUT_S)

    def hurry(self) -> None:
        """Wait no longer for calls that are under way."""
        if self.run is not None:
            self.run.hurry()

    def spawned(self, **_: Any) -> None:
        """All users are there; with --reset-stats Locust begins its statistics anew."""
        if self._environment.reset_stats:
            self.reset()

    def reset(self, **_: Any) -> None:
        """Statistics were reset: what was measured so far is set aside."""
        if self.run is not None and self.ready is not None and self.is_running:
            self.run.reset()
            self._sampling.begin(self.run, by_rounds=self.ready.plan is not None)

    def quitting(self, **_: Any) -> None:
        """Locust is about to decide on its exit code and to print its statistics: complete them."""
        self.end()
        finish_csv(self._environment)

    def stop(self, **_: Any) -> None:
        """A test ended and its users with it: conclude it."""
        with self._turn:
            setup, run = self.ready, self.run
            if setup is None or run is None or not self.is_running:
                return
            self.is_running = False
            self._sampling.stop()
            try:
                conclusion = conclude(setup, run)
                self._sampling.complete()
                self._outcomes.keep(conclusion, self._sampling.live)
            finally:
                leave_run_folder(setup.folder)  # which leaves one that holds a run
                self._written.set()
            runner = self._environment.runner
            if self._master is not None and self._environment.web_ui is None and not runner.worker_count:
                # After the last worker was lost, Locust's master would wait for a signal.
                gevent.spawn(runner.quit)

    def close(self, **_: Any) -> None:
        """Locust quits: print the run's table, and stop the mock."""
        if self._environment.web_ui is None and not self._closed:
            self._outcomes.print_last()
        self._closed = True
        self._discard()
        self._mocks.close()

    def _give_up(self) -> bool:
        """Give up a test that was to begin by itself, and has not; False if it has, or if the web UI starts it."""
        environment = self._environment
        if environment.web_ui is None and self.run is None and environment.runner.state == STATE_INIT:
            give_up(environment)
            return True
        return False

    @property
    def _picks_classes(self) -> bool:
        """Whether each form names the classes of the users."""
        return bool(getattr(self._environment.web_ui, "userclass_picker_is_active", False))

    def _check(self, parsed: Namespace, classes: Sequence[type[User]]) -> LocustRequest:
        # A secret is not shown in the form, so an empty field stands for the one this process was started with.
        parsed = Namespace(**{**vars(parsed), "endpoint": parsed.endpoint or ("" if parsed.host else self._given)})
        distributed = not isinstance(self._environment.runner, LocalRunner)
        return LocustRequest.of(parsed, classes, self._mocks, distributed)

    def _halt(self, why: str) -> None:
        """End a free run; with the web UI Locust stays. A user calls this, and can't wait for its own end."""
        runner, run = self._environment.runner, self.run
        assert run is not None
        if not run.ended_early:
            run.halt(why)
            gevent.spawn(runner.quit if self._environment.web_ui is None else runner.stop)

    def _overloaded(self, why: str) -> None:
        """End a free run whose queue is full, and which is valid all the same."""
        log.error("wiretax: overloaded: %s; lower --rate, or give it more users", why)
        self._environment.process_exit_code = Exit.INVALID
        runner = self._environment.runner
        gevent.spawn(runner.quit if self._environment.web_ui is None else runner.stop)

    def _discard(self) -> None:
        """Give up a run that was prepared and did not start."""
        if self._is_next and self.ready is not None:
            self.ready.discard()
            self.ready = self._ready_before
        self._is_next = False
