"""A mock is set up by one value; ``wiretax mock`` reads its arguments back to the same value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import wiretax.mock.server
from wiretax.channels.endpoint import Credentials
from wiretax.channels.limits import Limits
from wiretax.cli import app
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import Fault, FaultList
from wiretax.mock.options import MockOptions


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[MockOptions]:
    """The options of the mocks that the command would have run."""
    options: list[MockOptions] = []
    monkeypatch.setattr(wiretax.mock.server, "run_mock", lambda made, *_: options.append(made))
    return options


def options_of(tmp_path: Path) -> dict[str, MockOptions]:
    faults = FaultList((Fault("slow", 0.1, 0.2), Fault("stall", 0.01)), 7, 30)
    return {
        "default": MockOptions(port=8080),
        "limits": MockOptions(limits=Limits(batch_size=100, data_bytes=20_000, channels=7)),
        "cost": MockOptions(cost=CostModel(0.5, 0.25, 0.125, 3)),
        "place": MockOptions("::1", 9, Credentials("9", "k", "fedcba9876543210fedc"), idle_timeout=1.5),
        "tls": MockOptions(tls=MockTls("ecdsa", tmp_path / "ca.pem"), keep_alive=False),
        "faults": MockOptions(faults=faults),
    }


@pytest.mark.parametrize("case", ["default", "limits", "cost", "place", "tls", "faults"])
def test_the_command_reads_the_arguments_of_a_setup(case: str, tmp_path: Path, started: list[MockOptions]) -> None:
    options = options_of(tmp_path)[case]
    done = CliRunner().invoke(app, ["mock", *options.arguments()], env={"WIRETAX_MOCK_SECRET": None})
    assert (done.exit_code, done.output) == (0, "")
    assert started == [options]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rtt", "soon"], "--rtt: 'soon' is not a duration"),
        (["--idle-timeout", "0s"], "--idle-timeout 0s: expected a duration above zero, like 60s"),
        (["--app-id", "a/b"], "--app-id and --key: expected letters, digits, - and _"),
        (["--fault", "slow:2"], "--fault: slow: share 2, expected over 0 and up to 1"),
        (["--tls", "--ca", "/no/such/folder/ca.pem"], "--ca /no/such/folder/ca.pem: expected a file in"),
    ],
)
def test_options_that_can_not_be_used_are_named(
    arguments: list[str], message: str, started: list[MockOptions], capfd: pytest.CaptureFixture[str]
) -> None:
    done: Any = CliRunner().invoke(app, ["mock", *arguments])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not started
