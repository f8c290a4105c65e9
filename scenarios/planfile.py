"""A plan in Locust's own way, on one machine or on many:
``locust -f scenarios/planfile.py --headless --plan headline [--master | --worker | --processes 4]``.

A master conducts its workers and writes the run; workers need neither plan nor endpoint.
"""

from __future__ import annotations

from typing import Any

from locust import events
from locust.env import Environment

from wiretax.load.client.locust_stats import use_fine_statistics
from wiretax.load.cluster.resilience.runners import use_resilient_runners
from wiretax.load.cluster.sweep_worker import SweepWorker
from wiretax.load.drivers.locustfiles.hooks import set_up
from wiretax.load.drivers.locustfiles.planfile_session import PlanfileSession
from wiretax.load.drivers.sweep_options import add_plan_options
from wiretax.load.free.stopping import on_interrupt
from wiretax.load.users.publishers import PlanUser
from wiretax.streams import outlast_readers

__all__ = ["PlanUser"]

use_fine_statistics()
use_resilient_runners()
outlast_readers()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_wiretax_options(parser: Any) -> None:
    add_plan_options(parser)


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> None:
    if set_up(environment, SweepWorker, PlanfileSession) is None:
        # A worker's listener to Locust's quitting ends its part.
        on_interrupt(lambda: None)
