"""Why a run can't begin, and the exit code that stands for it in every way of running."""

from __future__ import annotations

from analysis.gates.file.checks import GatesError
from wiretax.channels.endpoint import EndpointError
from wiretax.channels.profiles import ProfileError
from wiretax.load.client.own_limits import OwnLimitError
from wiretax.load.client.preflight import EndpointRefusedError
from wiretax.load.plan.plan import PlanError
from wiretax.load.sweep.executor import ExecutorError
from wiretax.mock.process import MockError
from wiretax.queue.sources.chunks import EventsError
from wiretax.queue.sources.lines import LineError
from wiretax.runs.folder import ResultsError
from wiretax.terminal import Exit, OptionError
from wiretax.wire.connections.target import TrustError
from wiretax.wire.reach.proxy import ProxySettingError

# The options, or a file that they name, can't be used.
USAGE_ERRORS = (
    EndpointError,
    EventsError,
    GatesError,
    LineError,
    OptionError,
    PlanError,
    ProfileError,
    ProxySettingError,
    ResultsError,
    TrustError,
)
# The options are fine, but nothing can be measured.
INVALID_ERRORS = (EndpointRefusedError, ExecutorError, MockError, OwnLimitError)
# The message of each is one line.
START_ERRORS = (*USAGE_ERRORS, *INVALID_ERRORS)


def exit_code(error: Exception) -> Exit:
    """The exit code for one of ``START_ERRORS``."""
    return Exit.INVALID if isinstance(error, INVALID_ERRORS) else Exit.USAGE
