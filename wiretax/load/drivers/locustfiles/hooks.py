"""How a locustfile of wiretax is set up: a worker follows its master; any other process has a session."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from wiretax.load.client.telemetry import export_sizes
from wiretax.load.cluster.resilience.forked import give_up_workers
from wiretax.load.drivers.errors import START_ERRORS, exit_code
from wiretax.terminal import Exit

log = logging.getLogger(__name__)
# Longer than any process takes to end.
END_TIMEOUT_S = 120.0


class Listening(Protocol):
    """A session that follows Locust's events."""

    def listen(self, hooks: Any) -> None: ...


S = TypeVar("S", bound=Listening)


def set_up(
    environment: Environment, worker: Callable[[Environment], object], session: Callable[[Environment], S]
) -> S | None:
    """Make a worker's side, or a session that follows Locust's events; None for a worker.

    Raises:
        SystemExit: the options can't be used; the log has one line.
    """
    export_sizes(environment)
    if isinstance(environment.runner, WorkerRunner):
        worker(environment)
        return None
    with exit_on_error():
        made = session(environment)
    hooks: Any = environment.events
    hooks.quitting.add_listener(_only_once())
    made.listen(hooks)
    return made


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End this process if a run can't begin, with one line in the log and the exit code that stands for it.

    Ctrl-C counts as that here: what handles it later is not set up yet. Workers that Locust forked are not told to
    quit by a master that never began, so they are killed.
    """
    try:
        yield
    except KeyboardInterrupt:
        log.error("wiretax: interrupted before the test began; nothing was sent")
        give_up_workers()
        sys.exit(Exit.INTERRUPTED)
    except START_ERRORS as error:
        log.error("wiretax: %s", error)
        give_up_workers()
        sys.exit(exit_code(error))


def _only_once() -> Callable[..., None]:
    """A listener that lets Locust quit once.

    At each further SIGTERM it would do so again, and its SystemExit would be a traceback in a process that ends.
    """
    begun = False

    def quitting(**_: Any) -> None:
        nonlocal begun
        if begun:
            gevent.sleep(END_TIMEOUT_S)  # The process ends meanwhile.
        begun = True

    return quitting
