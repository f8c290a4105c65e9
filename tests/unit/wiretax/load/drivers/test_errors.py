"""One outcome has one exit code in every way of running."""

from __future__ import annotations

import locust_unpatched  # noqa: F401
import pytest

from wiretax.channels.endpoint import EndpointError
from wiretax.load.client.preflight import EndpointRefusedError
from wiretax.load.drivers.errors import START_ERRORS, exit_code
from wiretax.load.drivers.locustfiles.hooks import exit_on_error
from wiretax.load.plan.plan import PlanError
from wiretax.load.sweep.executor import ExecutorError
from wiretax.mock.process import MockError
from wiretax.terminal import Exit, OptionError


@pytest.mark.parametrize("error", [EndpointError, OptionError, PlanError])
def test_an_option_that_cannot_be_used_is_a_usage_error(error: type[Exception]) -> None:
    assert exit_code(error("why")) == Exit.USAGE


@pytest.mark.parametrize("error", [EndpointRefusedError, ExecutorError, MockError])
def test_a_run_that_can_measure_nothing_is_invalid(error: type[Exception]) -> None:
    assert issubclass(error, START_ERRORS)
    assert exit_code(error("why")) == Exit.INVALID


@pytest.mark.parametrize(("error", "code"), [(MockError, Exit.INVALID), (OptionError, Exit.USAGE)])
def test_a_locustfile_that_can_not_begin_exits_with_one_line(
    caplog: pytest.LogCaptureFixture, error: type[Exception], code: Exit
) -> None:
    with pytest.raises(SystemExit) as raised, exit_on_error():
        raise error("it did not start")
    assert raised.value.code == code
    assert caplog.messages == ["wiretax: it did not start"]
