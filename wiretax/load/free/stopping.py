"""How a test in Locust ends without a call being cut off: at its run time, by a signal, or by the web page.

Locust's own way is to kill users wherever they are. Here its ``test_stopping`` event ends the ramp-up, closes what
is open and waits until no call is under way; users are killed then.
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

if TYPE_CHECKING:
    from wiretax.load.free.windows import FreeRun

NOT_RUNNING = (STATE_INIT, STATE_STOPPING, STATE_STOPPED)
log = logging.getLogger(__name__)
# Of signals; a watcher without a reference would be collected.
_watchers: list[Any] = []


class RampStoppedError(Exception):
    """Thrown into a ramp-up to end it."""


class MasterRamp:
    """A master's ramp-up, which Locust leaves running when a test is stopped: workers that have stopped would be
    told to start again."""

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
        """End it; no worker is told of any user after this returns."""
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            gevent.kill(self._greenlet, RampStoppedError)
            self._over.wait()


def stop_once_at_a_time(runner: Any) -> None:
    """Have a worker's second stop wait for the first, as Ctrl-C and its master's order may come together.

    Locust says that the worker has stopped once the order is carried out, and its master ignores whatever the
    worker says after that.
    """
    stop, turn = runner.stop, RLock()

    def stop_in_turn() -> None:
        with turn:
            stop()

    runner.stop = stop_in_turn


def drain(runner: Any, run: FreeRun, timeout_s: float) -> None:
    """A test of this process is about to be stopped: return when no call is under way and none will begin.

    ``timeout_s``: of a call; how long to wait unless ``--stop-timeout`` is given."""
    run.stop()
    ramp = runner.spawning_greenlet
    if ramp is not None and not ramp.ready() and ramp is not gevent.getcurrent():
        ramp.kill(block=True)
    wait_s = runner.environment.stop_timeout or timeout_s + DRAIN_GRACE_S
    if not run.wait_until_idle(wait_s):
        log.warning("wiretax: some calls did not end within %g s; they are cut off and counted as unknown", wait_s)


def end_test(runner: Any) -> None:
    """Stop the test that is running, if one is, and return when it is written."""
    if runner.state in NOT_RUNNING:
        return
    if isinstance(runner, MasterRunner):
        # The workers are told by whoever listens to the end of the test, and say their last words.
        runner.stop(send_stop_to_client=False)
    else:
        runner.stop()


def on_interrupt(first: Callable[[], object], again: Callable[[], object] = lambda: None) -> None:
    """At Ctrl-C end the test, then have Locust quit. At a second one, do not wait for the first.

    Without this Python would raise KeyboardInterrupt wherever it is, which is in the middle of some user's call.

    Args:
        first: ends the test.
        again: called at the second Ctrl-C.
    """
    pressed = 0

    def interrupt() -> None:
        nonlocal pressed
        pressed += 1
        if pressed == 1:
            first()
        else:
            again()
        # To the main greenlet, which waits for Locust's end.
        gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())

    _watchers.append(gevent.signal_handler(signal.SIGINT, interrupt))
