"""A process goes on when nobody reads its output any more."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from wiretax.streams import outlast_readers
outlast_readers()
for number in range(20_000):
    print("a line of output")
    if number % 1000 == 0:
        print("a line of error", file=sys.stderr)
with open("/dev/null") as file:
    assert file.fileno() > 2
sys.exit(7)
"""


@pytest.mark.parametrize(
    "redirected", ["| head -1", "2>&1 | head -1", ">/dev/full", "2>/dev/full", ">&- 2>&- <&-"]
)
def test_the_work_goes_on_and_its_exit_code_is_kept(redirected: str) -> None:
    shell = f"({{ {sys.executable} -c '{SCRIPT}'; echo code $? >&3; }} {redirected}) 3>&1 >/dev/null"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines()[-1] == "code 7", done
    assert "Error" not in done.stderr
