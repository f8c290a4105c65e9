"""What a shell completes: plans, TOML files and runs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from wiretax.commands.completion import complete_plan, complete_run
from wiretax.load.plan.reading import plan_names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: two plans, one of them in a folder, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans").mkdir()
    (tmp_path / ".hidden.toml").touch()
    for name in ("headers.toml", "hello.txt", "plans/mine.toml"):
        (tmp_path / name).touch()
    return tmp_path


def test_plans_are_completed_by_name_and_by_file() -> None:
    assert complete_plan("") == [*plan_names(), "headers.toml"]
    assert complete_plan("hea") == ["headline", "headers.toml"]
    assert complete_plan("pl") == ["plans/"]
    assert complete_plan("plans/") == ["plans/mine.toml"]
    assert complete_plan("plans/x") == []
    assert complete_plan("nosuch/x") == []
    assert complete_plan("/") == [each for each in complete_plan("/") if each.startswith("/")]


def test_runs_are_completed_newest_first(folder: Path) -> None:
    for name in ("2026-01-31T12-30-00-ci", "2026-02-01T12-30-00-ci"):
        (folder / "results" / name).mkdir(parents=True)
        (folder / "results" / name / "run.json").touch()
    (folder / "results" / "2026-03-01T12-30-00-ci").mkdir()  # unfinished
    context = SimpleNamespace(params={})
    assert complete_run(context, "") == ["2026-02-01T12-30-00-ci", "2026-01-31T12-30-00-ci"]
    assert complete_run(context, "2026-01") == ["2026-01-31T12-30-00-ci"]
    assert complete_run(SimpleNamespace(params={"results": folder / "nosuch"}), "") == []
