"""Starting the process that commands are forked from."""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from pathlib import Path

import pytest
from warm import Warm

PATIENCE_S = 60.0


def test_a_suite_that_hangs_while_it_holds_a_lock_on_the_temporary_folder_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not the tests' own folder, whose path is too long for a socket's.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        command = tmp_path / "command.py"
        command.touch()
        ended: list[int] = []

        def start() -> None:
            with Warm(()) as warm:
                ended.append(warm.run(str(command), cwd=tmp_path, env=dict(os.environ)).returncode)

        starting = threading.Thread(target=start, daemon=True)
        starting.start()
        starting.join(PATIENCE_S)
        os.close(held)
        assert ended == [0]
        assert not list(Path(folder).iterdir())
