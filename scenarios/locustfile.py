"""The scenarios in Locust's own way: ``locust -f scenarios/locustfile.py [TriggerUser ...]``.

Without --endpoint or --host a mock is started. What was measured is written to results/<run>/ when the test stops.
"""

from __future__ import annotations

from typing import Any

from locust import events
from locust.env import Environment

from wiretax.load.client.locust_stats import use_fine_statistics
from wiretax.load.cluster.free_worker import FreeWorker
from wiretax.load.cluster.resilience.runners import use_resilient_runners
from wiretax.load.drivers.locustfiles.hooks import exit_on_error, set_up
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.free.options import add_options
from wiretax.load.users.publishers import FreeUser
from wiretax.load.users.queue import FreeQueueUser
from wiretax.load.web.guard import add_web_options
from wiretax.streams import outlast_readers

__all__ = ["BatchUser", "MultiTriggerUser", "QueueUser", "TriggerUser"]

use_fine_statistics()
use_resilient_runners()
outlast_readers()


class TriggerUser(FreeUser):
    """One event per call."""

    api = "trigger"


class BatchUser(FreeUser):
    """--batch-size events per call."""

    api = "batch"


class MultiTriggerUser(FreeUser):
    """One event for --channels channels per call."""

    api = "multi_trigger"


class QueueUser(FreeQueueUser):
    """Events arrive at --rate, whatever the server does, and leave in calls of up to --batch-size events, at most
    --linger after the first of them arrived."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_wiretax_options(parser: Any) -> None:
    add_options(parser)
    add_web_options(parser)


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> LocustSession | None:
    web_ui = environment.web_ui
    if web_ui is None:
        return set_up(environment, FreeWorker, LocustSession)
    # The pages load pandas, which a worker and a run without the web UI need not wait for.
    from wiretax.load.web.login import add_login
    from wiretax.load.web.routes import add_pages, refuse_taken_port

    with exit_on_error():
        refuse_taken_port(web_ui.host, web_ui.port)
    options = environment.parsed_options
    named = options is None or options.user_classes or options.events or options.redis
    if not named and environment.shape_class is None:
        # The form lets one choose. A shape would be dropped unless it is chosen, too.
        web_ui.userclass_picker_is_active = True
    session = set_up(environment, FreeWorker, LocustSession)
    if session is not None:
        add_login(web_ui)
        add_pages(environment, session)
    return session
