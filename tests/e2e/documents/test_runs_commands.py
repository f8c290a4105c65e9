"""The commands of these documents, run as they are written."""

from __future__ import annotations

import pytest
from checked import check
from collected import Shown
from session import Session

DOCUMENTS = (
    "docs/runs.md",
    "docs/export.md",
    "docs/locust.md",
    "docs/queues.md",
    "examples/publishers/README.md",
)


@pytest.mark.optional_tools
def test_a_command_does_what_its_page_says(command: Shown, page: Session) -> None:
    check(page, command)
