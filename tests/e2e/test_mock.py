"""``wiretax mock`` as a process: what it leaves behind, and what text from outside does to its log."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from commands import environment
from warm import start_warm


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_mock_leaves_no_file_behind(tmp_path: Path, number: signal.Signals) -> None:
    mock = start_warm(
        "wiretax", "mock", "--port", "0", "--tls", cwd=tmp_path, env=environment(TMPDIR=str(tmp_path))
    )
    assert mock.stdout is not None
    (line,) = (line for line in (mock.stdout.readline(), mock.stdout.readline()) if "authority" in line)
    authority = Path(line.partition(": ")[2].strip())
    assert authority.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert authority.is_relative_to(tmp_path)
    mock.send_signal(number)
    said = mock.communicate(120)
    assert mock.returncode == 0, said
    assert "Traceback" not in said[1]
    assert not list(tmp_path.iterdir())
