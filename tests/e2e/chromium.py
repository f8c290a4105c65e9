"""Runs scripts that open pages in Chromium and print what they saw."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# For pictures of the pages.
ARTEFACTS = Path(__file__).parents[1] / ".artefacts"


def need_chromium() -> None:
    """Skip the test if there is no Chromium."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")


def seen_by(script: str, *arguments: str | Path, timeout_s: float) -> dict[str, Any]:
    """What a script in this folder printed as JSON; the test is skipped without Chromium."""
    need_chromium()
    command = [sys.executable, str(Path(__file__).parent / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
