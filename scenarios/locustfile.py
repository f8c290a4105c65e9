"""The scenarios in Locust's own way: ``locust -f scenarios/locustfile.py [TriggerUser ...]``.

Without --endpoint or --host a mock is started. What was measured is written to results/<run>/ when the test stops.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import WorkerRunner

from wiretax.load.drivers.locust_session import START_ERRORS, LocustSession
from wiretax.load.cluster.free_worker import FreeWorker
from wiretax.load.client.locust_stats import use_fine_statistics
from wiretax.load.free.options import add_options
from wiretax.load.users.queue import QueueUser
from wiretax.load.free.stopping import on_interrupt
from wiretax.load.users.publishers import BatchUser, MultiTriggerUser, TriggerUser
from wiretax.load.web.routes import WebError, add_pages, refuse_taken_port
from wiretax.load.web.login import add_login

__all__ = ["BatchUser", "MultiTriggerUser", "QueueUser", "TriggerUser"]

USAGE = 2
use_fine_statistics()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_wiretax_options(parser: Any) -> None:
    add_options(parser)


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> LocustSession | None:
    if isinstance(environment.runner, WorkerRunner):
        FreeWorker(environment)
        return None
    web_ui = environment.web_ui
    try:
        if web_ui is not None:
            refuse_taken_port(web_ui.host, web_ui.port)
        session = LocustSession(environment)
    except (*START_ERRORS, WebError) as error:
        logging.getLogger(__name__).error("wiretax: %s", error)
        sys.exit(USAGE)
    hooks: Any = environment.events
    hooks.test_start.add_listener(session.start)
    hooks.test_stopping.add_listener(session.stopping)
    hooks.test_stop.add_listener(session.stop)
    hooks.reset_stats.add_listener(session.reset)
    hooks.spawning_complete.add_listener(session.spawned)
    hooks.quitting.add_listener(session.quitting)
    hooks.quit.add_listener(session.close)
    on_interrupt(session.end, session.hurry)
    if web_ui is not None:
        add_login(web_ui)
        add_pages(environment, session)
    return session
