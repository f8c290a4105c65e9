"""The end of a Locust test without cutting calls off: after its run time, by a signal, or from the web page.

Locust kills users at any point of their calls. Here its ``test_stopping`` event ends the ramp-up, closes open
slices and waits until no call is under way; then the users are killed.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.lock import RLock
from locust.runners import STATE_INIT, STATE_STOPPED, STATE_STOPPING, MasterRunner

from wiretax.load.sweep.executor import DRAIN_GRACE_S
from wiretax.terminal import Exit

if TYPE_CHECKING:
    from wiretax.load.free.windows import FreeRun

NOT_RUNNING = (STATE_INIT, STATE_STOPPING, STATE_STOPPED)
log = logging.getLogger(__name__)
# Signal watchers; without a reference they would be garbage-collected.
_watchers: list[Any] = []


class RampStoppedError(Exception):
    """Thrown into a ramp-up to end it."""


class MasterRamp:
    """A master's ramp-up. Locust leaves it running when a test is stopped, and it would start users on stopped
    workers again."""

    def __init__(self, runner: MasterRunner) -> None:
        self._start = runner.start
        self._greenlet: Any = None
        self._over = Event()
        runner.start = self._ramp  # type: ignore[method-assign]

    def _ramp(self, *arguments: Any, **options: Any) -> None:
        self._greenlet = gevent.getcurrent()
        self._over.clear()
        try:
            self._start(*arguments, **options)
        except RampStoppedError:
            log.debug("wiretax: the ramp-up was stopped")
        finally:
            self._greenlet = None
            self._over.set()

    def stop(self) -> None:
        """End it; no worker starts a user after this returns."""
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            gevent.kill(self._greenlet, RampStoppedError)
            self._over.wait()


def stop_once_at_a_time(runner: Any) -> None:
    """Have a worker's second stop wait for the first, since Ctrl-C and the master's order may come together.

    After a stop Locust reports the worker as stopped, and the master ignores all later messages of it.
    """
    stop, turn = runner.stop, RLock()

    def stop_in_turn() -> None:
        with turn:
            stop()

    runner.stop = stop_in_turn


def drain(runner: Any, run: FreeRun, timeout_s: float) -> None:
    """Called before a test of this process stops: return once no call is under way and none will begin.

    ``timeout_s``: timeout of a call; it bounds the wait unless ``--stop-timeout`` is given."""
    run.stop()
    ramp = runner.spawning_greenlet
    if ramp is not None and not ramp.ready() and ramp is not gevent.getcurrent():
        ramp.kill(block=True)
    wait_s = runner.environment.stop_timeout or timeout_s + DRAIN_GRACE_S
    if not run.wait_until_idle(wait_s):
        log.warning("wiretax: some calls did not end within %g s; they are cut off and counted as unknown", wait_s)


def end_test(runner: Any) -> None:
    """Stop the running test, if there is one, and return when it is written."""
    if runner.state in NOT_RUNNING:
        return
    if isinstance(runner, MasterRunner):
        # Listeners to the end of the test stop the workers, which send their last reports.
        runner.stop(send_stop_to_client=False)
    else:
        runner.stop()


def on_interrupt(
    first: Callable[[], object],
    again: Callable[[], object] = lambda: None,
    before: Callable[[], bool] = lambda: False,
) -> None:
    """At Ctrl-C, or when the terminal is closed (SIGHUP), end the test, then have Locust quit.

    Otherwise Python would raise KeyboardInterrupt in the running greenlet, in the middle of a user's call.

    Args:
        first: ends the test, and returns when it is written.
        again: called at each further signal, which must not end Locust before that.
        before: gives up a test that has not begun; False if it has begun. It is called at SIGTERM too: while
            Locust waits for workers, it has no handler for that, and a KeyboardInterrupt would be a traceback.
    """
    pressed = 0

    def interrupt() -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:
            again()
            return
        error: BaseException = KeyboardInterrupt()
        try:
            if before():
                error = SystemExit(int(Exit.INTERRUPTED))
            else:
                first()
        finally:
            # To the main greenlet, which waits for Locust's end.
            gevent.get_hub().handle_system_error(type(error), error)

    def terminate() -> None:
        if not pressed and before():
            error = SystemExit(int(Exit.INTERRUPTED))
            gevent.get_hub().handle_system_error(SystemExit, error)

    _watchers.append(gevent.signal_handler(signal.SIGINT, interrupt))
    _watchers.append(gevent.signal_handler(signal.SIGTERM, terminate))
    # A command under nohup outlives its terminal.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        _watchers.append(gevent.signal_handler(signal.SIGHUP, interrupt))


def give_up(environment: Any) -> None:
    """End a Locust whose test has not begun: nothing is saved, and workers that have come are told to quit."""
    log.error("wiretax: interrupted before the test began; nothing was sent")
    environment.process_exit_code = Exit.INTERRUPTED
    environment.events.quitting.fire(environment=environment, reverse=True)
    environment.events.quit.fire(exit_code=int(Exit.INTERRUPTED))
