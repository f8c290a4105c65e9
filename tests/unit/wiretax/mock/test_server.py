"""A mock starts with each run, so it loads only what a server needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"analysis", "gevent", "httpx", "locust", "numpy", "pandas", "pyarrow"}


def test_a_mock_loads_no_load_generator_and_no_analysis() -> None:
    code = "import sys, wiretax.cli, wiretax.mock.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "wiretax.mock.server" in loaded
    assert not HEAVY & loaded
