"""The list of runs: what it has of each, and what is no run."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from old_runs import NOW, save
from saved import unseal

from wiretax.runs.catalogue.listing import Filters, ListedRun, list_runs
from wiretax.runs.provenance.source import Source

COMMIT = "ab" * 20
SOURCE = {"commit": COMMIT, "branch": "main", "changed": True, "pull_request": 12, "provider": "github"}
FIGURES = {"trigger": {"workload": "w", "sent_per_event": 473.0}, "batch": None, "gain": None}


def test_a_run_by_its_json_alone(tmp_path: Path) -> None:
    folder = save(tmp_path / "a", labels={"team": "search"}, source=SOURCE, headline=FIGURES, interrupted=True)
    for file in folder.glob("*.parquet"):
        file.unlink()
    assert list_runs(tmp_path) == (
        [ListedRun(folder, NOW, "by-hand", {"team": "search"}, Source(**SOURCE), True, True, FIGURES)],  # type: ignore[arg-type]
        [],
    )


def test_runs_are_newest_first_whatever_their_names_and_time_zones(tmp_path: Path) -> None:
    for name, days in (("a", 2), ("b", 0), ("c", 1)):
        save(tmp_path / name, days)
    for name, started in (("zone", "2026-03-01T01:00:00+02:00"), ("naive", "2026-02-28T12:00:00"), ("when", "?")):
        file = save(tmp_path / name) / "run.json"
        unseal(file.parent)
        file.write_bytes(orjson.dumps({**orjson.loads(file.read_bytes()), "started": started}))
    runs, others = list_runs(tmp_path)
    assert [run.folder.name for run in runs] == ["b", "zone", "naive", "c", "a", "when"]
    assert runs[-1].started is None
    assert others == []


def test_an_older_run_has_neither_labels_nor_source_nor_figures(tmp_path: Path) -> None:
    save(tmp_path / "a")
    [run], _ = list_runs(tmp_path)
    assert (run.labels, run.source, run.figures) == ({}, Source(), None)


def test_what_is_no_run_is_listed_with_the_reason(tmp_path: Path) -> None:
    save(tmp_path / "good")
    save(tmp_path / "reference" / "quick")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "2026-01-31T12-30-00-quick").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for name, text in (("empty", ""), ("list", "[]"), ("schema", '{"schema": 99, "wiretax": "9.0"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text)
    changed = save(tmp_path / "changed") / "run.json"
    changed.write_bytes(changed.read_bytes().replace(b"by-hand", b"by-foot"))
    folder = save(tmp_path / "folder") / "run.json"
    folder.unlink()
    folder.mkdir()
    hostile = save(tmp_path / "hostile", labels={"a": "\x1b[2J"})
    runs, others = list_runs(tmp_path)
    assert [run.folder.name for run in runs] == ["good"]
    found = {each.folder.name: each.why for each in others}
    said = {
        "2026-01-31T12-30-00-quick": "unfinished: it has no run.json, which is written last, so its process",
        "changed": "run.json was changed: its content has the sha256",
        "empty": "run.json can't be read",
        "folder": "run.json can't be read (not a regular file)",
        "foreign": "it has no run.json, so it is no run",
        hostile.name: "run.json: label a: its value has characters that can't be printed",
        "list": "run.json names no schema",
        "schema": "schema 99, expected 1; wiretax 9.0 wrote it",
    }
    assert list(found) == list(said)
    for name, why in said.items():
        assert found[name].startswith(why)


def test_filters() -> None:
    def run(name: str, plan: str = "quick", branch: str = "main", valid: bool = True, **labels: str) -> ListedRun:
        return ListedRun(Path(name), NOW, plan, labels, Source(branch=branch), valid)

    runs = [
        run("a", team="search"),
        run("b", plan="ci", team="search", kind="x"),
        run("c", branch="fix", valid=False),
        run("d", kind="x"),
    ]

    def names(filters: Filters) -> str:
        return "".join(str(each.folder) for each in filters.of(runs))

    assert names(Filters()) == "abcd"
    assert names(Filters(plan="quick")) == "acd"
    assert names(Filters(branch="fix")) == "c"
    assert names(Filters(valid=True)) == "abd"
    assert names(Filters(labels=[("team", "search")])) == "ab"
    assert names(Filters(labels=[("team", "search"), ("kind", "x")])) == "b"
    assert names(Filters(labels=[("team", "")])) == ""
    assert names(Filters(valid=True, last=2)) == "ab"
    assert names(Filters(plan="quick", valid=True, last=9)) == "ad"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list_runs(tmp_path / "none")
