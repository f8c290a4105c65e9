"""A skip for a missing tool is a failure where WIRETAX_REQUIRE_TOOLS is set, as it is in CI.

Tests marked ``optional_tools`` may skip there too: what they need comes from registries CI may not reach.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = os.environ.get("WIRETAX_REQUIRE_TOOLS") and not item.get_closest_marker("optional_tools")
    if report.skipped and required:
        report.outcome = "failed"
        report.longrepr = f"skipped, but WIRETAX_REQUIRE_TOOLS is set: {report.longrepr}"
    return report
