"""A disk that is full when a run is saved: its table is printed, it is saved elsewhere, and a line says where."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Plan, Run, environment
from stories import code, markdown, with_stories
from test_killed import GATES, LOCUSTFILE, PUBLISH, ROOT
from warm import run_warm

from wiretax.runs.reader import read_run

# Root may lack the right to mount, as in most containers.
pytestmark = pytest.mark.optional_tools
DISK_BYTES = 512 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    arguments = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mount = shutil.which("mount")
    done = None if mount is None else subprocess.run([mount, *arguments], capture_output=True, text=True)
    if done is None or done.returncode:
        pytest.skip(f"a small disk can't be mounted: {'no mount' if done is None else done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, free_pages: int) -> None:
    """Leave this much space on it."""
    disk_has = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes((disk_has.f_bavail - free_pages) * disk_has.f_frsize))


def saved_elsewhere(done: subprocess.CompletedProcess[str], disk: Path, elsewhere: Path) -> Path:
    """The folder of the run, once all is said of it, and nothing is left on the disk."""
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "saved in" in done.stdout
    (folder,) = elsewhere.glob("wiretax-*/*")
    said = " ".join(done.stderr.split())
    assert "(No space left on device)" in said
    assert f"it is saved in {folder}: move it from there" in said
    assert not (disk / "results").exists()
    read_run(folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


# No file fits, or some do, but not all.
@pytest.mark.parametrize("free_pages", [0, 2, 5])
def test_a_sweep_on_a_full_disk_is_saved_and_judged_elsewhere(
    run: Run, plan: Plan, disk: Path, elsewhere: Path, free_pages: int
) -> None:
    (disk.parent / "gates.toml").write_text(GATES)
    fill(disk, free_pages)
    results = str(disk / "results")
    gates = ["--gates", "gates.toml", "--max-rounds", "1"]
    done = run("run", plan(rounds=1), "--results", results, *gates, TMPDIR=str(elsewhere))
    folder = saved_elsewhere(done, disk, elsewhere)
    assert {"gate.json", "junit.xml", "summary.md"} <= {each.name for each in folder.iterdir()}


def test_a_free_run_on_a_full_disk_is_saved_elsewhere(disk: Path, elsewhere: Path) -> None:
    fill(disk, 1)
    options = ["-f", LOCUSTFILE, "--headless", "-u", "1", "--max-messages", "100", "BatchUser"]
    done = run_warm("locust", *options, cwd=disk, env=environment(TMPDIR=str(elsewhere)))
    saved_elsewhere(done, disk, elsewhere)


def test_an_observation_on_a_full_disk_is_saved_elsewhere(run: Run, disk: Path, elsewhere: Path) -> None:
    fill(disk, 1)
    results = str(disk / "results")
    done = run("observe", "--results", results, "--", sys.executable, "-c", PUBLISH, TMPDIR=str(elsewhere))
    saved_elsewhere(done, disk, elsewhere)


def test_a_run_that_fits_nowhere_is_printed(run: Run, plan: Plan, disk: Path) -> None:
    (disk / "elsewhere").mkdir()
    fill(disk, 1)
    done = run("run", plan(rounds=1), "--results", str(disk / "results"), TMPDIR=str(disk / "elsewhere"))
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "it is only printed" in " ".join(done.stderr.split())
    assert "agree to the byte" in done.stdout
    assert {each.name for each in disk.iterdir()} == {"ballast", "elsewhere"}
    assert not list((disk / "elsewhere").iterdir())


def test_a_verdict_and_a_baseline_for_which_there_is_no_space_are_printed(
    run: Run, disk: Path, tmp_path: Path
) -> None:
    folder = disk / "results" / "quick"
    shutil.copytree(ROOT / "results" / "reference" / "quick", folder)
    (tmp_path / "gates.toml").write_text(GATES)
    baseline = disk / "baseline.json"
    (tmp_path / "held.toml").write_text(f'{GATES}max_increase = {{ abs = 1 }}\nbaseline = "{baseline}"\n')
    fill(disk, 0)
    before = sorted(disk.rglob("*"))
    done = run("gate", str(folder))
    assert done.returncode == 2
    assert "8 passed" in done.stdout
    assert done.stderr == (f"wiretax: {folder}: the verdict's files can't be written (No space left on device)\n")
    done = run("gate", str(folder), "--gates", "held.toml", "--accept")
    assert done.returncode == 2
    assert done.stderr == f"wiretax: {baseline}: can't be written (No space left on device)\n"
    assert sorted(disk.rglob("*")) == before


def test_a_report_for_which_there_is_no_space_is_one_line_and_leaves_the_old_one(
    run: Run, disk: Path, tmp_path: Path
) -> None:
    folder = disk / "results" / "quick"
    shutil.copytree(ROOT / "results" / "reference" / "quick", folder)
    (folder / "report").mkdir()
    (folder / "report" / "index.html").write_text("old")
    told = with_stories(tmp_path / "notebooks", little=[markdown("# The story"), code("print('told')")])
    fill(disk, 2)
    before = sorted(disk.rglob("*"))
    done = run("report", str(folder), "--notebooks", str(told))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        f"wiretax: {folder / 'report'}: can't be written (No space left"
    )
    assert "Traceback" not in done.stderr
    assert sorted(disk.rglob("*")) == before
