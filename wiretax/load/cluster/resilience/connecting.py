"""A worker that waits for its master: it ends by a signal, or without its parent, or with a line that says why."""

from __future__ import annotations

import logging
import sys

import gevent
from locust.runners import WorkerRunner

from wiretax.channels.endpoint import host_and_port
from wiretax.load.client.signals import Signals
from wiretax.load.cluster.resilience.parent_watch import when_parent_ends
from wiretax.terminal import Exit

log = logging.getLogger(__name__)


def use_interruptible_workers() -> None:
    """Replace Locust's wait for a master. Call it before Locust creates a runner."""
    connect = WorkerRunner.connect_to_master
    if getattr(connect, "is_interruptible", False):
        return

    def connect_or_end(self: WorkerRunner) -> None:
        if self.retry:  # Locust tries again by itself
            connect(self)  # type: ignore[no-untyped-call]
            return
        watching = when_parent_ends(self.environment, lambda: _end("its parent ended"))
        with Signals() as signals:
            signals.end_with(lambda: _end("interrupted"))
            try:
                connect(self)  # type: ignore[no-untyped-call]
            except ConnectionError:
                where = host_and_port(self.master_host.strip("[]"), self.master_port)
                log.error("wiretax: no master answered at %s; see --master-host and --master-port", where)
                sys.exit(Exit.INVALID)
            finally:
                gevent.killall(watching)

    connect_or_end.is_interruptible = True  # type: ignore[attr-defined]
    WorkerRunner.connect_to_master = connect_or_end  # type: ignore[method-assign]


def _end(why: str) -> None:
    """End the main greenlet, which waits."""
    log.error("wiretax: this worker ends before it found a master: %s", why)
    gevent.get_hub().handle_system_error(SystemExit, SystemExit(int(Exit.INTERRUPTED)))
