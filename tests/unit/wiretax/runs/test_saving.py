"""Saving a run: where it was to be, or else elsewhere; what was measured is never given up."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from saved import parts_of, record, run_json, slice_

from wiretax.channels.workload import Workload
from wiretax.runs.reader import read_run
from wiretax.runs.record import RunRecord
from wiretax.runs.saving import save_run
from wiretax.wire.ledger import Failure


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run; temporary folders are made beside it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    claimed = tmp_path / "results" / "a-run"
    claimed.mkdir(parents=True)
    return claimed


def made() -> RunRecord:
    run = record(slice_(Workload.of("batch", 10), 0, 50))
    run.meta = run_json(run)
    return run


def test_a_run_is_saved_in_its_folder_even_if_that_was_removed(folder: Path) -> None:
    shutil.rmtree(folder.parent)
    saved = save_run(folder, made())
    assert (saved.folder, saved.is_saved, saved.problem) == (folder, True, "")
    assert read_run(folder).slices["requests"].tolist() == [50]


def test_a_run_whose_folder_is_no_folder_any_more_is_saved_elsewhere(folder: Path, tmp_path: Path) -> None:
    folder.rmdir()
    folder.write_text("a file")
    saved = save_run(folder, made())
    assert saved.is_saved
    assert saved.folder.parent.parent == tmp_path / "elsewhere"
    assert saved.folder.name == "a-run"
    assert saved.problem.startswith(f"the run can't be saved in {folder} (")
    assert str(saved.folder) in saved.problem
    assert read_run(saved.folder).slices["requests"].tolist() == [50]


def test_no_part_of_a_run_is_left_where_it_could_not_be_written_whole(
    folder: Path,
) -> None:
    (folder / "run.json").mkdir()  # the last file can't be written, after all others were
    (folder / "run.json" / "in the way").touch()
    saved = save_run(folder, made())
    assert saved.is_saved
    assert saved.folder != folder
    assert not list(folder.parent.rglob("*.parquet"))


def test_a_run_that_can_be_saved_nowhere_is_read_from_memory(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    folder.rmdir()
    folder.write_text("a file")
    saved = save_run(folder, made())
    assert not saved.is_saved
    assert "it is only printed" in saved.problem
    run = saved.read()
    assert not run.is_saved
    assert run.slices["requests"].tolist() == [50]


def test_a_row_that_does_not_fit_is_left_out_and_makes_the_run_invalid(folder: Path) -> None:
    run = made()
    run.failed["a", Failure("rejected", 400, "no")] = 2**70
    run.failed["a", Failure("rejected", 400, "not")] = 2
    saved = save_run(folder, run)
    read = saved.read()
    assert read.failures["count"].tolist() == [2]
    assert not read.meta["valid"]
    assert read.meta["invalid_because"] == [
        "1 of 2 rows of failures.parquet are left out: a value does not fit its column"
    ]


@pytest.mark.parametrize(
    ("failure", "shown"),
    [
        (Failure("rejected", 2**70, "no"), (0, "no")),
        (Failure("rejected", -5, "no"), (0, "no")),
        (Failure("rejected", 400, "caf\udce9"), (400, "caf\\udce9")),
        (Failure("rejected", 400, "a\0b"), (400, "a\0b")),
    ],
)
def test_a_failure_is_counted_whatever_its_status_and_its_message_are(
    folder: Path, failure: Failure, shown: tuple[int, str]
) -> None:
    one = slice_(Workload.of("batch", 10), 0, 50, failures=3, unfinished=3)
    one.measured.failed[failure] = 3
    run = record(one)
    run.meta = run_json(run, parts=parts_of(run))
    saved = save_run(folder, run)
    (row,) = read_run(saved.folder).failures.to_dict("records")
    assert (row["status"], row["message"]) == shown
    assert row["count"] == 3


def test_values_that_json_can_not_hold_are_text(folder: Path) -> None:
    run = made()
    run.meta |= {"seed": 2**64, "name": "caf\udce9", "list": [(2**70, True, 1.5, None)], "keys": {1: 2}}
    meta = save_run(folder, run).read().meta
    assert meta["seed"] == str(2**64)
    assert meta["name"] == "caf\\udce9"
    assert meta["keys"] == {"1": 2}
    assert meta["list"] == [[str(2**70), True, 1.5, None]]
