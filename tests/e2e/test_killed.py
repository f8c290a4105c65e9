"""kill -9 at each step of saving leaves a whole run, or an unfinished one that is named and cleaned up."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from commands import Plan, Run, environment
from killed import KILLED_AT
from warm import run_warm, start_warm

from wiretax.report.folder import replacing
from wiretax.runs.folder import claim_run_folder, leave_run_folder, run_name
from wiretax.runs.reader import read_run

ROOT = Path(__file__).parents[2]
LOCUSTFILE = str(ROOT / "scenarios" / "locustfile.py")
GATES = """\
schema = 1
[[check]]
id = "a"
metric = "cable.size.per_event"
max = 100000
"""
HELD = f'{GATES}max_increase = {{ abs = 1 }}\nbaseline = "baseline.json"\n'
PATIENCE_S = 120.0
# Without a signature: it is rejected, and observed all the same.
PUBLISH = """
import os, http.client
connection = http.client.HTTPConnection(os.environ["PUSHER_HOST"], int(os.environ["PUSHER_PORT"]))
connection.request("POST", "/apps/1/events", '{"name":"e","channels":["c"],"data":"d"}')
connection.getresponse().read()
"""


def killed_at_each_step(folder: Path, *arguments: str) -> Iterator[int]:
    """Run a program again and again, killed before its first step, its second, and so on, until it ends."""
    for step in range(200):
        done = run_warm(*arguments, cwd=folder, env=environment(**{KILLED_AT: str(step)}))
        if done.returncode != -signal.SIGKILL:
            assert done.returncode == 0, done.stderr
            assert step > 3
            return
        yield step
    raise AssertionError("it never ended")


def left_over(folder: Path) -> list[Path]:
    return [*folder.rglob(".*"), *folder.rglob("*.partial")]


def test_a_run_that_is_killed_while_it_is_saved_is_whole_or_named_as_unfinished(tmp_path: Path, run: Run) -> None:
    unfinished, whole = 0, 0
    for step in killed_at_each_step(tmp_path, "saves_a_run"):
        results = tmp_path / "results"
        folders = list(results.iterdir()) if results.exists() else []
        if not folders:
            continue  # not even claimed
        (folder,) = folders
        if (folder / "run.json").exists():
            read_run(folder)
            whole += 1
        elif step % 7 == 0:  # each takes a while
            unfinished += 1
            for arguments in (["gate"], ["gate", folder.name], ["report", folder.name]):
                (tmp_path / "gates.toml").write_text(GATES)
                done = run(*arguments)
                assert done.returncode == 2
                assert f"{folder.name} is unfinished: it has no run.json, which is written last" in done.stderr
                assert len(done.stderr.splitlines()) == 1
        # The next one removes what was not written whole.
        leave_run_folder(claim_run_folder(results, run_name("next")))
        assert left_over(results) == []
        assert not folder.exists() or list(folder.glob("*.parquet"))
        shutil.rmtree(results, ignore_errors=True)
    assert unfinished > 3
    assert whole
    (folder,) = (tmp_path / "results").iterdir()
    assert len(read_run(folder).slices) == 6
    assert left_over(tmp_path) == []


def test_a_gate_that_is_killed_leaves_each_file_as_it_was_or_new(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "results" / "quick"
    shutil.copytree(ROOT / "results" / "reference" / "quick", folder)
    (tmp_path / "gates.toml").write_text(GATES)
    (tmp_path / "held.toml").write_text(HELD)
    assert run("gate").returncode == 0
    assert run("gate", "--gates", "held.toml", "--accept").returncode == 0
    files = [tmp_path / "baseline.json", *(folder / name for name in ("gate.json", "junit.xml", "summary.md"))]
    before = [file.read_bytes() for file in files]
    for arguments in (["gate"], ["gate", "--gates", "held.toml", "--accept"]):
        for _ in killed_at_each_step(tmp_path, "wiretax", *arguments):
            assert [file.read_bytes() for file in files] == before
        assert left_over(tmp_path) == []


def test_a_report_that_is_killed_leaves_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    page = tmp_path / "report" / "index.html"
    page.parent.mkdir()
    page.write_text("old")
    seen = set()
    for _ in killed_at_each_step(tmp_path, "writes_a_report"):
        # The next one that begins cleans up, whatever its own end.
        with pytest.raises(InterruptedError), replacing(page.parent):
            raise InterruptedError
        seen.add(page.read_text())
        assert [each.name for each in tmp_path.iterdir()] == ["report"]
    assert seen == {"old", "whole"}
    assert page.read_text() == "whole"
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["wiretax", "run", "PLAN", "--processes", "2"], "slices.parquet"),
        (["locust", "-f", LOCUSTFILE, "--headless", "-u", "2", "--max-messages", "100", "BatchUser"], ".run.json"),
        (["wiretax", "observe", "--", sys.executable, "-c", PUBLISH], "latency.parquet"),
    ],
    ids=["workers", "free", "observe"],
)
def test_no_process_outlives_a_run_that_is_killed(
    arguments: list[str], where: str, plan: Plan, tmp_path: Path, run: Run
) -> None:
    mark = uuid4().hex
    written = plan(rounds=1)
    process = start_warm(
        *(written if each == "PLAN" else each for each in arguments),
        cwd=tmp_path,
        env=environment(**{KILLED_AT: where, "MARK": mark}),
        own_session=True,
    )
    # Its output ends when the last process that has it ends.
    _, said = process.communicate(PATIENCE_S)
    assert process.returncode == -signal.SIGKILL, said
    for _ in range(round(PATIENCE_S / 0.05)):
        if not running(mark, process.pid):
            break
        threading.Event().wait(0.05)
    assert running(mark, process.pid) == []
    shutil.copytree(ROOT / "results" / "reference" / "quick", tmp_path / "results" / "2026-01-31T12-00-00-quick")
    (tmp_path / "gates.toml").write_text(GATES)
    said = run("gate").stderr
    assert "is unfinished" in said
    assert f"the newest finished run is used: {Path('results', '2026-01-31T12-00-00-quick')}" in said


def running(mark: str, session: int) -> list[str]:
    """The processes of a session, and those with this in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # State, parent, group and session follow the name.
            state, _, _, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            is_ours = int(its_session) == session or mark.encode() in (folder / "environ").read_bytes()
            if is_ours and state != "Z":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found
