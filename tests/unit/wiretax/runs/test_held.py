"""Folders that are held by a process, and what is done with those that nobody holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from wiretax.runs.folder import claim_run_folder, leave_run_folder, newest_unfinished, unfinished
from wiretax.runs.held import is_held, let_go, make_held, remove_leftovers, temporary_folder
from wiretax.runs.reader import RunNotFoundError, find_run

NAME = "2026-01-31T12-30-00-quick"


def made(folder: Path) -> Path:
    folder.mkdir()
    (folder / "file").touch()
    return folder


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_what_nobody_holds_is_removed_and_what_is_held_stays(tmp_path: Path) -> None:
    held, left = make_held(lambda: made(tmp_path / "a-held")), made(tmp_path / "a-left")
    other = made(tmp_path / "other")
    (tmp_path / "a-link").symlink_to(other)
    (tmp_path / "a-file").touch()
    assert is_held(held)
    assert not is_held(left)
    remove_leftovers(tmp_path, "a-*")
    assert names_in(tmp_path) == {"a-held", "a-link", "a-file", "other"}
    let_go(held)
    remove_leftovers(tmp_path, "a-*")
    assert not held.exists()
    assert (other / "file").exists()


def test_a_folder_that_is_taken_for_a_leftover_before_it_is_held_is_made_again(tmp_path: Path) -> None:
    calls = 0

    def make() -> Path:
        nonlocal calls
        calls += 1
        folder = tmp_path / "made"
        folder.mkdir()
        if calls == 1:
            folder.rmdir()
        return folder

    folder = make_held(make)
    assert calls == 2
    assert is_held(folder)
    let_go(folder)


def test_a_temporary_folder_is_removed_with_those_of_killed_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made(tmp_path / "wiretax-a-left")
    with temporary_folder("wiretax-a-") as outer, temporary_folder("wiretax-a-") as inner:
        assert outer.is_dir()
        assert names_in(tmp_path) == {outer.name, inner.name}
    assert not list(tmp_path.iterdir())


def test_a_run_is_unfinished_until_its_json_is_there_and_says_whether_its_process_lives(tmp_path: Path) -> None:
    folder = claim_run_folder(tmp_path, NAME)
    assert unfinished(folder) == f"run {folder} is unfinished: it is still being measured"
    let_go(folder)
    line = f"run {folder} is unfinished: it has no run.json, which is written last, so its process was killed"
    assert unfinished(folder) == line
    assert newest_unfinished(tmp_path) == folder
    for given in (None, NAME, str(folder)):
        with pytest.raises(RunNotFoundError, match="is unfinished"):
            find_run(tmp_path, given)
    (folder / "run.json").touch()
    assert unfinished(folder) == ""
    assert newest_unfinished(tmp_path) is None
    (tmp_path / "of-the-user").mkdir()
    assert unfinished(tmp_path / "of-the-user") == ""


def test_the_next_run_removes_what_killed_ones_left_and_nothing_else(tmp_path: Path) -> None:
    running = claim_run_folder(tmp_path, f"{NAME}-running")
    empty, begun, whole, own = (tmp_path / f"{NAME}{end}" for end in ("", "-begun", "-whole", "-own"))
    for folder, names in (
        (empty, [".slices.parquet.partial"]),
        (begun, ["slices.parquet", ".latency.parquet.partial"]),
        (whole, ["run.json", ".gate.json.partial"]),
        (own, ["notes.txt"]),
        (tmp_path / "mine", []),
    ):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    leave_run_folder(claim_run_folder(tmp_path, f"{NAME}-next"))
    assert not empty.exists()
    assert names_in(begun) == {"slices.parquet"}
    assert names_in(whole) == {"run.json", ".gate.json.partial"}  # the next gate replaces it
    assert names_in(own) == {"notes.txt"}
    assert running.exists()
    assert (tmp_path / "mine").exists()
    leave_run_folder(running)
