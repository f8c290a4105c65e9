"""A test's life inside Locust, one after the other in one process: made ready, started, stopped, written down."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import gevent
from gevent.lock import BoundedSemaphore
from locust import User
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from analysis.gates.file.checks import GatesError
from analysis.tables.run_table import print_run
from wiretax.channels.endpoint import EndpointError
from wiretax.channels.profiles import ProfileError
from wiretax.channels.workload import Api, Workload
from wiretax.load.accounting.gating import Gating
from wiretax.load.accounting.live import SAMPLE_S, Live
from wiretax.load.accounting.measurement import ALONE, Measurement
from wiretax.load.client.error_policy import ErrorPolicy
from wiretax.load.client.kept_mocks import Mocks
from wiretax.load.client.locust_stats import finish_csv
from wiretax.load.client.message_limit import SPENT, MessageLimit
from wiretax.load.client.preflight import EndpointRefusedError, Preflight, preflight
from wiretax.load.client.session import Session
from wiretax.load.client.stats_feed import StatsFeed, outside_listener
from wiretax.load.cluster.free_master import FreeMaster
from wiretax.load.drivers.web_sweep import WebSweep
from wiretax.load.free.external_option import refuse_ignored_source, refuse_source_with_plan
from wiretax.load.free.options import NO_PLAN, FreeRunOptions, OptionError, limit_from, target_from
from wiretax.load.free.stopping import MasterRamp, drain, end_test
from wiretax.load.free.windows import WINDOW_S, FreeRun
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.reading import load_plan
from wiretax.load.sweep.forecast import refuse_users_beyond
from wiretax.load.users.publishers import FreeUser
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.process import MockError
from wiretax.runs.mode import FREE_RUN
from wiretax.runs.reader import read_run
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.runs.writer import ResultsError, abandon_run_folder, claim_run_folder, run_name, write_run
from wiretax.terminal import Exit, err, out, worst
from wiretax.wire.connections.target import Target, TrustError
from wiretax.wire.slices import Slice

RESULTS = Path("results")
NAME = FREE_RUN
SEED = 1
TIMEOUT_S = 10.0
CERTIFICATE: KeyType = "rsa"
WARM_UP = -1
# Why a test can't be made ready, each one line.
START_ERRORS = (
    EndpointError,
    EndpointRefusedError,
    GatesError,
    MockError,
    OptionError,
    PlanError,
    ProfileError,
    ResultsError,
    TrustError,
)
log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """What options ask for.

    Attributes:
        plan: what a sweep measures; None for a free run.
        options: what a free run sends; None for a sweep.
        targets: where it goes.
        cost: what the mock costs that is there for it; None for a server that was given.
    """

    plan: Plan | None
    options: FreeRunOptions | None
    targets: list[Target]
    cost: CostModel | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A test with all it needs; nothing that could be refused is left.

    Attributes:
        options: what a free run sends; None where a plan is swept.
        plan: what a sweep measures; None in a free run.
        folder: where the run will be written, claimed.
        session: what its users will share.
        measurement: the witnesses, read before anything was sent.
        targets: where its users send.
        before: what was sent to see whether anybody is there.
        skipped: workloads of a plan that were rejected then.
        endpoint: where it goes, without key and secret.
        on_mock: whether that is this process's own mock.
        budget: how much it may send; None for as much as it can.
        chosen: the options it was made ready with, by name, without secrets.
    """

    options: FreeRunOptions | None
    plan: Plan | None
    folder: Path
    session: Session
    measurement: Measurement
    targets: tuple[Target, ...]
    before: tuple[Slice, ...]
    skipped: tuple[Skipped, ...]
    endpoint: str
    on_mock: bool
    message_limit: MessageLimit | None
    chosen: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """A run that was written."""

    folder: Path
    valid: bool
    reasons: tuple[str, ...]


class LocustSession:
    """Set up once for a Locust process; made ready, started and stopped with each test.

    Attributes:
        ready: the test that is to start next, is running, or ran last; None before the first.
        run: the test that is running, or ran last.
        live: its figures.
        saved: the runs this process wrote, the newest first.
        is_running: whether a test is.
    """

    def __init__(self, environment: Environment) -> None:
        """Check the options and find the endpoint, or start a mock.

        Raises:
            START_ERRORS: one line each.
        """
        parsed = environment.parsed_options
        assert parsed is not None
        # Its line a request would stand among Locust's own.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._environment = environment
        self._mocks = Mocks()
        self._judge = Gating(Path(parsed.gates)) if parsed.gates else None
        self._given = parsed.endpoint
        # SliceResult while a test is made ready or concluded, so that neither meets the other.
        self._turn = BoundedSemaphore(1)
        self._sampler: gevent.Greenlet | None = None
        self._is_next = self.is_running = self._closed = False
        self.ready: Ready | None = None
        self._ready_before: Ready | None = None
        self.run: FreeRun | FreeMaster | WebSweep | None = None
        # Of a master, which has no users of its own.
        self._master = self._ramp = None
        if isinstance(environment.runner, MasterRunner):
            self._master, self._ramp = FreeMaster(environment), MasterRamp(environment.runner)
        self.live: Live | None = None
        self.saved: list[Saved] = []
        if parsed.plan != NO_PLAN and environment.web_ui is None:
            raise OptionError(f"--plan {parsed.plan} goes with the web UI; without it: wiretax run {parsed.plan}")
        asked = self._look_at(parsed, () if self._picks_classes else environment.user_classes)
        limit_from(parsed, None if asked.cost is not None else asked.targets[0])
        # The loop's clock stood still while all was loaded; Locust's run time counts from here.
        gevent.get_hub().loop.update_now()

    def prepare(self, parsed: Namespace, users: int, classes: Sequence[type[User]], ask: bool) -> None:
        """Make the next test ready.

        Args:
            parsed: its options.
            users: how many there will be.
            classes: of which they will be.
            ask: whether to see by a call of each workload whether anybody is there and accepts it.

        Raises:
            START_ERRORS: one line each; nothing is left behind.
        """
        with self._turn:
            self._discard()
            plan, options, targets, cost = self._look_at(parsed, classes)
            limit = limit_from(parsed, None if cost is not None else targets[0])
            if plan is not None:
                if users < 1:
                    raise OptionError(f"a plan takes one user at least, got {users}")
                plan = replace(plan, users=users)
                if limit is not None and not targets[0].endpoint.is_loopback:
                    refuse_users_beyond(plan, targets, limit)
            name, seed, timeout_s = (plan.name, plan.seed, plan.timeout_s) if plan else (NAME, SEED, TIMEOUT_S)
            folder = claim_run_folder(RESULTS, run_name(name))
            message_limit = None if limit is None else MessageLimit(limit)
            session = Session(targets, seed, timeout_s, message_limit)
            if options is not None:
                session.external, session.limits = options.external, options.limits
            try:
                measurement = Measurement(targets, cost, mode="free" if plan is None else "sweep")
                tried = Preflight((), ())
                if ask:
                    workloads = plan.workloads if plan else self._sent_freely(options, classes) if options else ()
                    tried = preflight(session, workloads, WARM_UP)
                    if plan is None and tried.skipped:
                        # Whoever starts users of a class wants them to send.
                        first = tried.skipped[0]
                        raise OptionError(
                            f"nothing was started, {first.workload.name} is rejected: {first.rejection}"
                        )
            except BaseException:
                session.close()
                abandon_run_folder(folder)
                raise
            shown = " and ".join(each.endpoint.public_url for each in targets)
            self._ready_before, self.ready = (
                self.ready,
                Ready(
                    options,
                    plan,
                    folder,
                    session,
                    measurement,
                    tuple(targets),
                    tried.slices,
                    tried.skipped,
                    shown,
                    on_mock=cost is not None,
                    message_limit=message_limit,
                    chosen={
                        "plan": plan.name if plan else NO_PLAN,
                        **(options.as_dict() if options else {}),
                        "endpoint": shown,
                        "ca": "" if targets[0].ca is None or cost is not None else str(targets[0].ca),
                        "insecure": targets[0].insecure,
                        "max_messages": limit or 0,
                    },
                ),
            )
            self._is_next = True

    def discard(self) -> None:
        """Give up the test that was made ready last, as if nobody had asked for it."""
        with self._turn:
            self._discard()

    @property
    def _picks_classes(self) -> bool:
        """Whether each form says of which classes users will be."""
        web_ui = self._environment.web_ui
        return web_ui is not None and bool(web_ui.userclass_picker_is_active)

    @property
    def state(self) -> str:
        """Locust's word for what it does."""
        return str(self._environment.runner.state) if self._environment.runner else ""

    @property
    def users(self) -> int:
        """How many there are."""
        return int(self._environment.runner.user_count) if self._environment.runner else 0

    def allow_users(self, users: int, classes: Sequence[type[User]]) -> None:
        """See whether a running test may have so many users, of these classes.

        Raises:
            OptionError: where it may not.
        """
        if isinstance(self.run, WebSweep) and users != self.run.users:
            raise OptionError(f"the plan is swept with {self.run.users} users to its end; stop it first")
        options = None if self.ready is None else self.ready.options
        if options is not None and options.external is not None:
            refuse_ignored_source(options.external, classes, distributed=False)

    def start(self, **_: Any) -> None:
        """A test begins."""
        if not self._is_next:
            parsed = self._environment.parsed_options
            assert parsed is not None
            self.prepare(parsed, parsed.num_users or 1, self._environment.user_classes, ask=False)
        self._is_next, self.is_running = False, True
        ready, runner = self.ready, self._environment.runner
        assert ready is not None
        listener = outside_listener(self._environment)
        ready.session.listener = listener
        told = StatsFeed(self._environment)
        for slice_ in ready.before:
            told.tell(slice_)
        # Where each exchange fires an event of its own, Locust's statistics come from there.
        feed = told if listener is None else None
        environment: Any = self._environment
        environment.wiretax_session = ready.session
        if ready.plan is not None:
            self.run = WebSweep(
                ready.plan, ready.before, ready.measurement, feed, runner, ready.on_mock, ready.skipped
            )
            self._on_rejected(ready, self.run.halt, self.run.hold)
            environment.wiretax_barrier = self.run.barrier
            self.live = self.run.live
            return
        assert ready.options is not None
        if self._master is None:
            self.run = FreeRun(ready.options, feed)
            self._on_rejected(ready, self._halt, self.run.hold)
        else:
            self.run = self._master
            limit = None if ready.message_limit is None else ready.message_limit.limit - ready.message_limit.taken
            self._master.begin(environment.parsed_options, ready.targets[0], SEED, TIMEOUT_S, limit, self._halt)
        for slice_ in ready.before:
            self.run.record.add(slice_, 0)
        environment.wiretax_barrier, environment.wiretax_free_run = None, self.run
        self.live = Live(by_rounds=False)
        if self._environment.web_ui is not None:
            self._sampler = gevent.spawn(self._sample_regularly, self.run)
        ready.measurement.begin()

    @staticmethod
    def _on_rejected(ready: Ready, halt: Callable[[str], None], hold: Callable[[float], None]) -> None:
        """End a test where going on is of no use, and where its limit is; wait where the endpoint asks to."""
        ready.session.on_rejected = ErrorPolicy(halt, hold).on_rejected
        if ready.message_limit is not None:
            ready.message_limit.on_spent = lambda: halt(SPENT)

    def _halt(self, why: str) -> None:
        """End a free run; with the web UI Locust stays. A user calls this, and can't wait for its own end."""
        runner, run = self._environment.runner, self.run
        assert runner is not None
        assert isinstance(run, FreeRun | FreeMaster)
        if not run.ended_early:
            run.halt(why)
            gevent.spawn(runner.quit if self._environment.web_ui is None else runner.stop)

    def stopping(self, **_: Any) -> None:
        """Users are about to be stopped: return when no call is under way and none will begin."""
        if isinstance(self.run, WebSweep):
            self.run.stopping()
        elif isinstance(self.run, FreeRun):
            drain(self._environment.runner, self.run, TIMEOUT_S)
        elif self._ramp is not None:
            self._ramp.stop()

    def end(self) -> None:
        """Stop the test that is running, if one is, and return when it is written down."""
        end_test(self._environment.runner)

    def hurry(self) -> None:
        """Wait no longer for calls that are under way."""
        if isinstance(self.run, FreeRun):
            self.run.hurry()

    def spawned(self, **_: Any) -> None:
        """All users are there; with --reset-stats Locust begins its statistics anew."""
        if self._environment.reset_stats:
            self.reset()

    def quitting(self, **_: Any) -> None:
        """Locust is about to decide on its exit code and to print its statistics: have them complete."""
        self.end()
        finish_csv(self._environment)

    def stop(self, **_: Any) -> None:
        """A test ended and its users with it: conclude, and write it down."""
        with self._turn:
            ready, run = self.ready, self.run
            if ready is None or run is None or not self.is_running:
                return
            self.is_running = False
            if self._sampler is not None:
                self._sampler.kill()
                self._sampler = None
            try:
                self._conclude(ready, run)
            finally:
                abandon_run_folder(ready.folder)  # which leaves one that holds a run

    def reset(self, **_: Any) -> None:
        """Statistics were reset: what was measured so far is set aside."""
        if self.run is None or not self.is_running:
            return
        self.run.reset()
        self.live = self.run.live if isinstance(self.run, WebSweep) else Live(by_rounds=False)

    def close(self, **_: Any) -> None:
        """Locust quits: print the run's table, and stop the mock."""
        parsed = self._environment.parsed_options
        if self._environment.web_ui is None and self.saved and parsed is not None and not self._closed:
            # With --json standard output is a document.
            print_run(read_run(self.saved[0].folder), err if parsed.json else out)
        self._closed = True
        self._discard()
        self._mocks.close()

    def _look_at(self, parsed: Namespace, classes: Sequence[type[User]]) -> Asked:
        """What options ask for, of users of some classes. A mock is started where they name no server."""
        # A secret is not shown in the form, so an empty field stands for the one this process was started with.
        given = parsed.endpoint or ("" if parsed.host else self._given)
        target = target_from(Namespace(**{**vars(parsed), "endpoint": given}))
        distributed = not isinstance(self._environment.runner, LocalRunner)
        if parsed.plan != NO_PLAN:
            if distributed:
                raise OptionError("a plan is swept by one process here; for more: wiretax run --processes N")
            refuse_source_with_plan(parsed)
            plan = load_plan(parsed.plan, None if target is None else target.tls)
            if target is not None:
                return Asked(plan, None, [target], None)
            mocks = self._mocks.targets(plan.limits, plan.mocks(), plan.certificate, plan.keep_alive)
            return Asked(plan, None, mocks, plan.cost)
        options = FreeRunOptions.of(parsed, parsed.tls if target is None else target.tls)
        if options.external is not None:
            refuse_ignored_source(options.external, classes, distributed)
        if target is not None:
            return Asked(None, options, [target], None)
        cost = CostModel()
        mocks = self._mocks.targets(options.limits, {(parsed.tls, None): cost}, CERTIFICATE)
        return Asked(None, options, mocks, cost)

    @staticmethod
    def _sent_freely(options: FreeRunOptions, classes: Sequence[type[User]]) -> list[Workload]:
        """A call of each class that will have users; a queue's is a whole batch, drawn like any other."""
        apis: set[Api] = {each.api for each in classes if issubclass(each, FreeUser)} or {"trigger"}
        return [options.workload(api) for api in sorted(apis)]

    def _sample_regularly(self, run: FreeRun | FreeMaster) -> None:
        while True:
            gevent.sleep(SAMPLE_S)
            if self.live is not None:
                self.live.sample(run.record, run.unfinished())

    def _conclude(self, ready: Ready, run: FreeRun | FreeMaster | WebSweep) -> None:
        ended_early, interrupted = "", False
        if not isinstance(run, WebSweep):
            ready.measurement.end()
        ready.session.close()
        record = run.finish()
        if not isinstance(run, WebSweep):
            users_in: Counter[tuple[int, str]] = Counter()
            for row in record.slices:  # of each worker
                users_in[row["round"], row["workload"]] += row["users"]
            users = max(users_in.values(), default=0)
            plan = {"name": NAME, "seed": SEED, "slice_s": WINDOW_S, "users": users, "timeout_s": TIMEOUT_S}
            ended_early = "" if run.ended_early == SPENT else run.ended_early
        else:
            plan, ended_early, interrupted = run.plan, run.ended_early, run.interrupted
        if self._environment.web_ui is not None and self.live is not None:
            self.live.sample(record)
        executor = run.summary() if isinstance(run, FreeMaster) else ALONE
        if isinstance(run, FreeMaster) and ready.message_limit is not None:
            ready.message_limit.taken += run.taken
            ready.message_limit.spent = run.ended_early == SPENT
        notes = [str(run.pauses)] if run.pauses.times else []
        skipped = run.skipped if isinstance(run, WebSweep) else ()
        notes += [str(each) for each in skipped]
        if ready.message_limit is not None and ready.message_limit.spent:
            notes.append(str(ready.message_limit))
        ready.measurement.conclude(record, ready.session, plan, ended_early, interrupted, notes, executor)
        record.meta["options"] = ready.chosen
        record.meta["skipped"] = [each.as_row() for each in skipped]
        record.meta["paused"] = run.pauses.as_dict()
        record.meta["budget"] = None if ready.message_limit is None else ready.message_limit.as_dict()
        for note in notes:
            log.warning("wiretax: %s", note)
        code = self._conclude_outside(ready.session, record)
        write_run(ready.folder, record)
        reasons = record.meta["invalid_because"]
        self.saved.insert(0, Saved(ready.folder, record.meta["valid"], (*reasons, *record.meta["warnings"])))
        for reason in reasons:
            log.error("wiretax: invalid: %s", reason)
            code = Exit.INVALID
        log.info("wiretax: saved in %s", ready.folder)
        if self._judge is not None:
            code = worst(code, self._judge.conclude(read_run(ready.folder), out))
        if code or self._judge is not None:
            # Locust with a web page goes on to other tests; without one this was its only test.
            before = self._environment.process_exit_code if self._environment.web_ui is None else None
            self._environment.process_exit_code = worst(before or Exit.OK, code)

    def _conclude_outside(self, session: Session, record: RunRecord) -> int:
        """Say what became of events from outside; the exit code that stands for it."""
        queue = session.external_queue
        if queue is None:
            return Exit.OK
        counts, unpublished = queue.counts, queue.unpublished
        record.meta["from_outside"] = counts
        record.meta["unpublished"] = unpublished.as_dict()
        log.info("wiretax: from outside: %s", ", ".join(f"{count:,} {name}" for name, count in counts.items()))
        if queue.error:
            log.error("wiretax: %s", queue.error)
            record.meta["warnings"].append(queue.error)
        if unpublished.is_shortfall:
            log.error("wiretax: %s", unpublished)
            record.meta["warnings"].append(str(unpublished))
        return Exit.INVALID if queue.error else Exit.CHECK_FAILED if unpublished.is_shortfall else Exit.OK

    def _discard(self) -> None:
        """Give up a test that was made ready and did not start."""
        if self._is_next and self.ready is not None:
            self.ready.session.close()
            abandon_run_folder(self.ready.folder)
            self.ready = self._ready_before
        self._is_next = False
