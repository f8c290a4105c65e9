"""A mock is set up by one value, which ``wiretax mock`` makes from its arguments. A built-in mock is handed it."""

from __future__ import annotations

import pickle
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


# The arguments, and what they make.
READ: dict[str, tuple[list[str], MockOptions]] = {
    "default": ([], MockOptions(port=8080)),
    "limits": (
        ["--port", "0", "--batch-size", "100", "--data-bytes", "20000", "--channels", "7"],
        MockOptions(limits=Limits(batch_size=100, data_bytes=20_000, channels=7)),
    ),
    "cost": (
        ["--port", "0", "--rtt", "0.5s", "--per-request", "250ms", "--per-event", "125000us", "--servers", "3"],
        MockOptions(cost=CostModel(0.5, 0.25, 0.125, 3)),
    ),
    "place": (
        ["--host", "::1", "--port", "9", "--app-id", "9", "--key", "k", "--idle-timeout", "1.5s"],
        MockOptions("::1", 9, Credentials("9", "k", "fedcba9876543210fedc"), idle_timeout=1.5),
    ),
    "tls": (
        ["--port", "0", "--tls", "--certificate", "ecdsa", "--ca", "ca.pem", "--no-keep-alive"],
        MockOptions(tls=MockTls("ecdsa", Path("ca.pem")), keep_alive=False),
    ),
    "faults": (
        [
            "--port",
            "0",
            "--fault",
            "slow:0.1:200ms",
            "--fault",
            "stall:0.01",
            "--fault-seed",
            "7",
            "--fault-after",
            "30",
        ],
        MockOptions(faults=FaultList((Fault("slow", 0.1, 0.2), Fault("stall", 0.01)), 7, 30)),
    ),
}


@pytest.mark.parametrize("case", READ)
def test_the_command_reads_its_arguments(case: str, started: list[MockOptions]) -> None:
    arguments, options = READ[case]
    done = CliRunner().invoke(app, ["mock", *arguments], env={"WIRETAX_MOCK_SECRET": None})
    assert (done.exit_code, done.output) == (0, "")
    assert started == [options]
    assert pickle.loads(pickle.dumps(options)) == options


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
