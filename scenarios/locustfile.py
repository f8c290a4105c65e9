"""The scenarios in Locust's own way: ``locust -f scenarios/locustfile.py [TriggerUser ...]``.

Without --endpoint or --host a mock is started. What was measured is written to results/<run>/ when the test stops.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from locust import events
from locust.env import Environment

from analysis.gates import GatesError
from scenarios.free_session import FreeSession
from scenarios.options import OptionError, add_options
from scenarios.users import BatchUser, MultiTriggerUser, TriggerUser
from wiretax.channels.endpoint import EndpointError
from wiretax.channels.profiles import ProfileError
from wiretax.mock.process import MockError
from wiretax.runs.writer import ResultsError
from wiretax.wire.trust import TrustError

__all__ = ["BatchUser", "MultiTriggerUser", "TriggerUser"]

USAGE = 2


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_wiretax_options(parser: Any) -> None:
    add_options(parser)


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> None:
    try:
        session = FreeSession(environment)
    except (GatesError, OptionError, ProfileError, EndpointError, TrustError, MockError, ResultsError) as error:
        logging.getLogger(__name__).error("wiretax: %s", error)
        sys.exit(USAGE)
    hooks: Any = environment.events
    hooks.test_start.add_listener(session.start)
    hooks.test_stop.add_listener(session.stop)
    hooks.quit.add_listener(session.close)
