"""How the tests are spread over processes, which of them may skip, and how many inputs a property is tried with.

A skip for a missing tool is a failure where WIRETAX_REQUIRE_TOOLS is set, as it is in CI. Tests marked
``optional_tools`` may skip there too: what they need comes from registries CI may not reach.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Under nohup, SIGHUP is ignored, also by the processes that tests start, some of which would wait for it for ever.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Properties are tried with the same few inputs in each run of the tests (fewer on a second Python: .ci/run), and
# with as many new ones as one likes by make fuzz, which keeps those that failed in .hypothesis. They don't set the
# number of inputs themselves.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXAMPLES = int(os.environ.get("WIRETAX_EXAMPLES", "100"))
settings.register_profile("test", UNTIMED, derandomize=True, database=None, max_examples=EXAMPLES)
settings.register_profile("fuzz", UNTIMED, max_examples=int(os.environ.get("WIRETAX_FUZZ_EXAMPLES", "10000")))
settings.load_profile("test")

# jsonschema compiles grammars of international addresses when it is imported, which takes longer than all other
# imports. No schema here has such a format, and without the package jsonschema leaves it out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# Files that take longest go first, so that no process is left with one of them at the end.
LONGEST = (
    "e2e/test_wheel.py",
    "e2e/test_workers.py",
    "contract/test_soketi.py",
    "e2e/test_report.py",
    "e2e/test_web_started.py",
    "e2e/test_cluster_faults.py",
    "e2e/test_locust.py",
    "e2e/test_run.py",
    "e2e/documents/test_readme_commands.py",
    "e2e/documents/test_servers_commands.py",
    "e2e/documents/test_runs_commands.py",
    "e2e/documents/test_running_commands.py",
    "e2e/test_two_servers.py",
    "e2e/test_web.py",
    "contract/test_capture.py",
    "e2e/test_observe.py",
    "e2e/test_gated_run.py",
    "contract/test_web_form.py",
    "e2e/test_notebooks.py",
    "unit/analysis/gates/evaluation/test_proof.py",
    "unit/analysis/tables/test_rejected_run.py",
    "unit/analysis/figures/test_figures.py",
)
FOLDERS = ("e2e", "contract", "unit")


def _turn(item: pytest.Item) -> tuple[int, int]:
    path = item.path.relative_to(Path(__file__).parent)
    longest = LONGEST.index(path.as_posix()) if path.as_posix() in LONGEST else len(LONGEST)
    return longest, FOLDERS.index(path.parts[0])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Hardly anything that is made while tests are collected is garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What is imported stays, and need not be walked through at each collection of garbage."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process for each core; two more if tests of commands are among them, as those mostly wait."""
    cores = os.cpu_count() or 1
    return cores if all("unit" in Path(each).parts for each in config.args) else cores + 2


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = os.environ.get("WIRETAX_REQUIRE_TOOLS") and not item.get_closest_marker("optional_tools")
    if report.skipped and required:
        report.outcome = "failed"
        report.longrepr = f"skipped, but WIRETAX_REQUIRE_TOOLS is set: {report.longrepr}"
    return report
