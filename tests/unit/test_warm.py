"""Commands that tests have forked: what they wrote is read to its end, or the test fails in time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from warm import start_warm

COMMAND = """
import subprocess, sys
print("out")
print("err", file=sys.stderr, flush=True)
if "fork" in sys.argv:
    subprocess.Popen(["cat"], stdin=open(sys.argv[2]), stdout=subprocess.DEVNULL)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "command.py"
    path.write_text(COMMAND)
    return path


def test_what_a_command_wrote_is_returned_with_its_code(file: Path, tmp_path: Path) -> None:
    started = start_warm(str(file), cwd=tmp_path, env=dict(os.environ))
    assert started.communicate(timeout=30) == ("out\n", "err\n")
    assert started.returncode == 0


def test_a_process_that_a_command_leaves_behind_is_not_waited_for_beyond_the_timeout(
    file: Path, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # It has the command's standard error until the other end of this is closed.
    held = os.open(fifo, os.O_RDWR)
    started = start_warm(str(file), "fork", str(fifo), cwd=tmp_path, env=dict(os.environ))
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            started.communicate(timeout=1)
    finally:
        os.close(held)
    started.communicate(timeout=30)
