"""How a locustfile of wiretax is set up: a worker follows its master; any other process has a session."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from locust.env import Environment
from locust.runners import WorkerRunner

from wiretax.load.drivers.errors import START_ERRORS, exit_code

log = logging.getLogger(__name__)


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
    if isinstance(environment.runner, WorkerRunner):
        worker(environment)
        return None
    with exit_on_error():
        made = session(environment)
    made.listen(environment.events)
    return made


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End this process if a run can't begin, with one line in the log and the exit code that stands for it."""
    try:
        yield
    except START_ERRORS as error:
        log.error("wiretax: %s", error)
        sys.exit(exit_code(error))
