"""A plan in Locust's own way, on one machine or on many:
``locust -f scenarios/planfile.py --headless --plan headline [--master | --worker | --processes 4]``.

A master conducts its workers and writes the run; workers need neither plan nor endpoint.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import typer
from locust import events
from locust.env import Environment
from locust.runners import WorkerRunner

from analysis.gates.file.checks import GatesError
from wiretax.channels.endpoint import EndpointError
from wiretax.channels.profiles import ProfileError
from wiretax.load.client.locust_stats import use_fine_statistics
from wiretax.load.cluster.sweep_worker import SweepWorker
from wiretax.load.drivers.planfile_session import PlanfileSession
from wiretax.load.free.stopping import on_interrupt
from wiretax.load.plan.plan import PlanError
from wiretax.load.users.publishers import PlanUser
from wiretax.mock.process import MockError
from wiretax.runs.writer import ResultsError
from wiretax.terminal import Exit
from wiretax.wire.connections.target import TrustError

__all__ = ["PlanUser"]

USAGE = int(Exit.USAGE)
use_fine_statistics()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: Any) -> None:
    add = parser.add_argument
    add("--plan", default="quick", env_var="WIRETAX_PLAN", help="A plan's name, or the path of a TOML file")
    add(
        "--endpoint",
        default="",
        env_var="PUSHER_URL",
        is_secret=True,
        help="http(s)://KEY:SECRET@HOST:PORT/apps/ID; empty starts a mock for workers on this machine",
    )
    add("--against", default="", is_secret=True, help="A second server, sent the same in turn")
    add("--ca", default="", env_var="WIRETAX_CA", help="A file of authorities (PEM), there on workers as well")
    add("--insecure", action="store_true", env_var="WIRETAX_INSECURE", help="Take any certificate")
    add("--gates", default="", env_var="WIRETAX_GATES", help="Gating the run by this file")
    add("--max-rounds", type=int, default=0, help="Rounds at most where --gates adds some")
    add("--results", default="results", env_var="WIRETAX_RESULTS", help="The folder runs are kept in")
    add("--max-messages", type=int, default=0, help="Never send more; 10,000 if not said, off this machine")
    add("--yes", action="store_true", env_var="WIRETAX_YES", help="Send to an endpoint off this machine")


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> None:
    # Whoever listens to Locust's quitting ends what runs.
    on_interrupt(lambda: None)
    if isinstance(environment.runner, WorkerRunner):
        SweepWorker(environment)
        return
    try:
        PlanfileSession(environment)
    except (
        EndpointError,
        GatesError,
        MockError,
        PlanError,
        ProfileError,
        ResultsError,
        TrustError,
        ValueError,
    ) as error:
        logging.getLogger(__name__).error("wiretax: %s", error)
        sys.exit(USAGE)
    except typer.Exit as error:  # it said why
        sys.exit(error.exit_code)
