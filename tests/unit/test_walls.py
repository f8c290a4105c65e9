"""The two walls: analysis knows no load generator, the API's rules do no I/O."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOAD = {"locust", "gevent", "socket", "httpx", "asyncio", "uvloop", "scenarios"}
ANALYSIS = sorted((ROOT / "analysis").rglob("*.py"))
CHANNELS = sorted((ROOT / "wiretax" / "channels").rglob("*.py"))


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("file", [*ANALYSIS, *CHANNELS], ids=lambda file: str(file.relative_to(ROOT)))
def test_no_load_generator_and_no_socket(file: Path) -> None:
    assert not imported(file) & LOAD


@pytest.mark.parametrize("file", CHANNELS, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_apis_rules_read_no_clock(file: Path) -> None:
    assert not imported(file) & {"time", "datetime", "os", "subprocess", "threading"}


def test_a_saved_run_is_analysed_without_locust() -> None:
    loaded = "any(m in sys.modules for m in ('locust', 'gevent', 'httpx'))"
    code = f"import analysis.figures, analysis.tables.run_table, sys; sys.exit({loaded})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
