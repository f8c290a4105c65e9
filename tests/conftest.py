"""A skip for a missing tool is a failure where WIRETAX_REQUIRE_TOOLS is set, as it is in CI."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("WIRETAX_REQUIRE_TOOLS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but WIRETAX_REQUIRE_TOOLS is set: {report.longrepr}"
    return report
