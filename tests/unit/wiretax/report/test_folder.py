"""RUN/report/ is replaced as a whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wiretax.report.folder import replacing
from wiretax.runs import held
from wiretax.runs.folder import ResultsError

# A report that has written a file and goes on until it is told to end; with "swap" it hangs between its renames.
WRITER = """
import sys
from pathlib import Path
from wiretax.report import folder
def hang(*_):
    print("ready", flush=True)
    sys.stdin.read()
if sys.argv[2] == "swap":
    rename = Path.rename
    Path.rename = lambda self, to: rename(self, to) if str(to).endswith(".old") else hang()
with folder.replacing(Path(sys.argv[1])) as made:
    (made / "index.html").write_text("of another process")
    if sys.argv[2] == "write":
        hang()
"""


@contextmanager
def writer(target: Path, where: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that makes a report, once it has come as far as ``where``."""
    arguments = [sys.executable, "-c", WRITER, str(target), where]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    assert process.wait() == -signal.SIGKILL


def write(target: Path, text: str) -> None:
    with replacing(target) as folder:
        (folder / "index.html").write_text(text)


def test_what_a_killed_report_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "report"
    with writer(target, "write") as process:
        kill(process)
    assert len(list(tmp_path.iterdir())) == 1
    write(target, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["report"]
    assert (target / "index.html").read_text() == "new"


def test_the_folder_of_a_report_that_is_being_made_is_left_to_it(tmp_path: Path) -> None:
    target = tmp_path / "report"
    with writer(target, "write") as process:
        [theirs] = tmp_path.iterdir()
        write(target, "new")
        assert (theirs / "index.html").read_text() == "of another process"
        process.communicate()
    assert process.returncode == 0
    assert (target / "index.html").read_text() == "of another process"
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_report_that_was_put_aside_by_a_killed_one_returns(tmp_path: Path) -> None:
    target = tmp_path / "report"
    write(target, "old")
    with writer(target, "swap") as process:
        assert not target.exists()
        kill(process)
    with pytest.raises(FileNotFoundError), replacing(target) as folder:
        (folder / "index.html").replace(folder / "was never written")
    assert (target / "index.html").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_folders_of_other_names_stay(tmp_path: Path) -> None:
    others = {".reports.abcdefgh", ".report.saved", ".report.abcdefgh.zip", ".report", "report.x", ".cache"}
    for name in others:
        (tmp_path / name).mkdir()
    write(tmp_path / "report", "new")
    assert {each.name for each in tmp_path.iterdir()} == {*others, "report"}


def test_a_new_report_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "report"
    for text in ("old", "new"):
        with replacing(target) as folder:
            (folder / "index.html").write_text(text)
            (folder / f"{text}.svg").write_text(text)
    assert {file.name for file in target.iterdir()} == {"index.html", "new.svg"}
    assert [each.name for each in tmp_path.iterdir()] == ["report"]
    assert target.stat().st_mode & 0o500 == 0o500


def test_a_report_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.mkdir()
    (target / "index.html").write_text("old")
    with pytest.raises(FileNotFoundError), replacing(target) as folder:
        (folder / "index.html").replace(folder / "was never written")
    assert (target / "index.html").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("")
    (tmp_path / "report").symlink_to(elsewhere)
    with replacing(tmp_path / "report") as folder:
        (folder / "index.html").write_text("new")
    assert not (tmp_path / "report").is_symlink()
    assert (elsewhere / "kept").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(held, "mkdtemp", refuse)
    line = r"report: can't be written \(Read-only file system\); make the run's folder writable"
    with pytest.raises(ResultsError, match=line), replacing(tmp_path / "report"):
        pass
