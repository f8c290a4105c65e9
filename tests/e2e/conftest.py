"""The commands as a user runs them: real processes, loopback, a few seconds each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from commands import TINY, Plan, Run, environment
from warm import fork_mocks, run_warm


@pytest.fixture(scope="session", autouse=True)
def _forked_mocks() -> None:
    fork_mocks()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Writes a small plan and returns its path."""

    def write(rounds: int = 3, slice: str = "20ms", timeout: str = "5s", rtt: str = "0s") -> str:  # noqa: A002
        path = tmp_path / "tiny.toml"
        path.write_text(TINY.format(rounds=rounds, slice=slice, timeout=timeout, rtt=rtt))
        return str(path)

    return write


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``wiretax ARGUMENTS`` in an empty folder."""

    def run_command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run_warm("wiretax", *arguments, cwd=tmp_path, env=environment(**env))

    return run_command
