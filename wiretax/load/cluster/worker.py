"""What the workers of a sweep and of a free run have in common: their hello, refusal, session and reports."""

from __future__ import annotations

import logging
import os
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from wiretax import __version__
from wiretax.load.client.error_policy import ErrorPolicy, Reactions
from wiretax.load.client.message_limit import SPENT, MessageLimit
from wiretax.load.client.session import Session
from wiretax.load.cluster import messages
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.cluster.resilience.master_watch import MasterWatch
from wiretax.load.cluster.resilience.parent_watch import end_with_parent
from wiretax.load.free.stopping import stop_once_at_a_time
from wiretax.terminal import Exit
from wiretax.wire.connections.target import Target
from wiretax.wire.open_files import raise_open_files
from wiretax.wire.slices import Slice

log = logging.getLogger(__name__)


class Worker:
    """One process's side of a run; set up once, when Locust is ready."""

    def __init__(self, environment: Environment) -> None:
        assert isinstance(environment.runner, WorkerRunner)
        # Locust's types know neither custom messages nor attributes.
        self._environment: Any = environment
        self._runner: Any = environment.runner
        self._session: Session | None = None
        self._message_limit: MessageLimit | None = None
        self._sent = Counter[str]()
        stop_once_at_a_time(self._runner)
        # A listener that waits would keep Locust from receiving the next message.
        self._runner.register_message(messages.REFUSED, self._quit_refused, concurrent=True)
        end_with_parent(environment)
        MasterWatch(environment, self._publishes, self._end_without_master)

    def _publishes(self) -> bool:
        """Whether the users may begin a call now."""
        raise NotImplementedError

    def _send(self, name: str, data: dict[str, Any]) -> None:
        self._runner.send_message(name, data)

    def _send_hello(self) -> None:
        hello = {"wiretax": __version__, "host": socket.gethostname(), "pid": os.getpid()}
        self._send(messages.HELLO, hello)

    def _open_session(
        self,
        targets: Sequence[Target],
        seed: int,
        timeout_s: float,
        limit: int | None,
        reactions: Reactions,
    ) -> Session:
        """Open the session that this worker's users share; ``limit``: how many messages they may send."""
        raise_open_files()
        self._sent.clear()
        self._message_limit = None if limit is None else MessageLimit(limit)
        session = self._session = Session(targets, seed, timeout_s, self._message_limit)
        session.on_rejected = ErrorPolicy(reactions).on_rejected
        if self._message_limit is not None:
            self._message_limit.on_spent = lambda: reactions.halt(SPENT)
        self._environment.wiretax_session = session
        return session

    def _report(self, slices: Sequence[tuple[Slice, int]], cpu_s: float, **more: Any) -> dict[str, Any]:
        """A report as it travels; ``more``: further fields of a ``WorkerReport``."""
        for slice_, _ in slices:
            for counts in (slice_.measured, slice_.boundary):
                self._sent.update(requests=counts.requests, events=counts.events)
        sent = 0 if self._message_limit is None else self._message_limit.taken
        return WorkerReport(slices, cpu_s, messages=sent, **more).as_plain()

    def _refuse(self, error: Exception) -> None:
        """Tell the master that this worker can't take part, and quit before its users start."""
        log.error("wiretax: this worker can't take part: %s", error)
        self._send(messages.REFUSED, {"why": str(error)})
        self._environment.process_exit_code = Exit.USAGE
        gevent.spawn(self._runner.quit)

    def _quit_refused(self, msg: Any, **_: Any) -> None:
        log.error("wiretax: the master refused this worker: %s", msg.data["why"])
        self._environment.process_exit_code = Exit.USAGE
        self._runner.quit()

    def _leave(self, **_: Any) -> None:
        """Locust quits: send the final report before Locust tells the master that the worker quits."""
        self._runner.stop()

    def _end_without_master(self, why: str, sent_is: str) -> None:
        """Send nothing more, and report what was sent; ``sent_is``: what became of that."""
        self._send(messages.LEAVING, {"why": why})
        self._leave()
        sent = f"{self._sent['requests']:,} requests with {self._sent['events']:,} events"
        log.error("wiretax: %s, and this worker ends; it sent %s, which %s", why, sent, sent_is)
        self._environment.process_exit_code = Exit.INVALID
        self._runner.quit()
