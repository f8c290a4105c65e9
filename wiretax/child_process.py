"""The end of a process that was asked to stop."""

from __future__ import annotations

import subprocess
from typing import Any


def await_end(process: subprocess.Popen[Any], timeout_s: float) -> None:
    """Wait for a process to end, and kill it if it takes longer than this."""
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
