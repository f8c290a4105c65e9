"""Names that are not UTF-8, and what is no file where one is expected: one clear line, or it just works."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run
from test_killed import GATES, ROOT

from wiretax.escaping import visible

# Bytes of no UTF-8 text, as arguments and names of files have them.
ODD = os.fsdecode(b"\xff\xfe")
PLAN = """\
schema = 1
name = "tiny"
rounds = 1
slice = "20ms"
users = 1
[[workload]]
api = "trigger"
payload_bytes = 10
"""
ADVISE = ("advise", "--rate", "500/s", "--payload", "100", "--rtt", "1ms", "--budget", "1s")


def said(run: Run, *arguments: str, code: int) -> str:
    """What a command printed, which is plain text and no crash."""
    done = run(*arguments)
    printed = done.stdout + done.stderr
    assert done.returncode == code, printed
    assert "Traceback" not in printed
    assert "internal error" not in printed
    for line in printed.split("\n"):
        assert visible(line) == line
    return printed


def refused(run: Run, *arguments: str, code: int = 2) -> str:
    (line,) = said(run, *arguments, code=code).splitlines()
    return line


def test_names_that_are_not_utf_8(run: Run, tmp_path: Path) -> None:
    results = tmp_path / ODD / "results"
    shutil.copytree(ROOT / "results" / "reference" / "quick", results / f"b{ODD}")
    plan, gates, events = (tmp_path / f"{ODD}.{end}" for end in ("toml", "gates", "jsonl"))
    plan.write_text(PLAN)
    gates.write_text(GATES)
    events.write_text('{"name":"e","channel":"c","data":"d"}\n')
    shown = "b\\udcff\\udcfe"
    at = ("--results", str(results))
    judged = ("--gates", str(gates))
    assert shown in said(run, "gate", *judged, *at, code=0)
    assert shown in said(run, "gate", f"b{ODD}", *judged, *at, code=0)
    assert "run" in said(run, *ADVISE, "--run", f"b{ODD}", *at, code=0)
    assert "saved in" in said(run, "run", str(plan), "--events", str(events), *at, code=0)
    for arguments in (
        ("gate", ODD, *judged, *at),
        ("gate", "--gates", ODD),
        (*ADVISE, "--run", ODD, *at),
        ("report", ODD, *at),
        ("report", f"b{ODD}", "--notebooks", ODD, *at),
        ("run", ODD),
        ("run", str(plan), "--events", ODD),
        ("run", str(plan), "--endpoint", "https://k:s@127.0.0.1:1/apps/1", "--ca", ODD),
        ("observe", "--", ODD),
        ("mock", "--host", ODD),
        ("mock", "--tls", "--ca", f"no-{ODD}/ca.pem"),
    ):
        assert "\\udcff\\udcfe" in refused(run, *arguments)


@pytest.mark.parametrize("host", [ODD, "a..b", "a" * 64])
def test_hosts_that_can_not_be_looked_up(run: Run, host: str) -> None:
    why = "bytes that are not UTF-8" if host == ODD else "it has no host, or one that"
    for command in (["doctor"], ["run", "quick"]):
        assert why in refused(run, *command, "--endpoint", f"http://k:s3cret@{host}/apps/1")
    assert why in refused(run, "feed", "--rate", "1/s", "--count", "1", "--redis", f"redis://:s3cret@{host}:1/0")
    assert "no name that can be looked up" in refused(run, "mock", "--host", host)


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        before = Path.cwd()
        os.chdir(path.parent)  # a socket's address is short
        try:
            made.bind(path.name)
        finally:
            os.chdir(before)


KINDS: dict[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "socket": socket_at,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path),
    "folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_one_line_and_nothing_hangs(run: Run, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "results" / "r"
    shutil.copytree(ROOT / "results" / "reference" / "quick", folder)
    (tmp_path / "gates.toml").write_text(GATES)
    (tmp_path / "held.toml").write_text(f'{GATES}max_increase = {{ abs = 1 }}\nbaseline = "baseline.json"\n')
    for name in ("slices.parquet", "latency.parquet", "failures.parquet", "waits.parquet", "server.json"):
        file, kept = folder / name, folder / "kept"
        if file.exists():
            file.rename(kept)
        KINDS[kind](file)
        assert name in refused(run, *ADVISE, "--run", "r")
        if name == "slices.parquet":
            assert name in said(run, "gate", "r", code=5)
        file.rmdir() if kind == "folder" else file.unlink()
        if kept.exists():
            kept.rename(file)
        else:
            (folder / "queue.parquet").unlink(missing_ok=True)
    odd = tmp_path / "odd"
    KINDS[kind](odd)
    for arguments in (
        ("gate", "--gates", "odd"),
        ("run", "odd"),
        ("run", "quick", "--gates", "odd"),
        ("doctor", "--endpoint", "https://k:s@127.0.0.1:1/apps/1", "--ca", "odd"),
        ("report", "r", "--notebooks", "odd"),
    ):
        assert "odd" in refused(run, *arguments)
    if kind in ("fifo", "device", "folder"):  # others can't be opened, which the mock says once it listens
        assert "odd" in refused(run, "mock", "--tls", "--ca", "odd", "--host", "a..b")
    (tmp_path / "notebooks").mkdir()
    KINDS[kind](tmp_path / "notebooks" / "report.ipynb")
    assert "report.ipynb: can't be read" in refused(run, "report", "r", "--notebooks", "notebooks")
    KINDS[kind](tmp_path / "baseline.json")
    assert "baseline.json" in refused(run, "gate", "--gates", "held.toml")
    (folder / "run.json").unlink()
    KINDS[kind](folder / "run.json")
    assert "run.json can't be read" in refused(run, "gate", "r", code=5)
    assert "no run in" in refused(run, "gate")
    assert "run.json can't be read" in refused(run, "report", "r")
