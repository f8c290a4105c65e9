"""RUN/report/ is replaced as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from wiretax.report import report
from wiretax.report.report import replacing
from wiretax.runs.folder import ResultsError


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

    monkeypatch.setattr(report, "mkdtemp", refuse)
    line = r"report: can't be written \(Read-only file system\); make the run's folder writable"
    with pytest.raises(ResultsError, match=line), replacing(tmp_path / "report"):
        pass
