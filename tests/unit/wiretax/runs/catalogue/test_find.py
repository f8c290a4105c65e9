"""A run is found by what a user writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from wiretax.runs.catalogue.find import find_run
from wiretax.runs.files.run_json import RunNotFoundError

ONE, TWO, OTHER = "abcd" + "1" * 36, "abcd" + "2" * 36, "0123" + "4" * 36
# Name, start, labels and commit.
RUNS: list[tuple[str, str, dict[str, str], str | None]] = [
    ("a", "2026-01-01", {"team": "search"}, ONE),
    ("b", "2026-01-03", {"team": "search", "kind": "nightly"}, TWO),
    ("c", "2026-01-02", {"team": "ads"}, OTHER),
    ("d", "2026-01-04", {}, OTHER),
    ("e", "2026-01-05", {}, None),
]


def make(folder: Path, started: str, **keys: Any) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(orjson.dumps({"schema": 1, "started": started, **keys}))


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, started, labels, commit in RUNS:
        source = {"source": {"commit": commit, "branch": "main"}} if commit else {}
        make(Path("results", name), started, labels=labels, **source)
    # Of an older version, and what no run is.
    make(Path("results", "old"), "2025-01-01")
    make(Path("results", "odd"), "2027-01-01", labels=["team=search"], source="abcd", plan=3)
    for number, text in enumerate(("", "[]", '{"schema": 1}', '{"started": ""}', "{")):
        folder = Path("results", f"broken{number}")
        folder.mkdir()
        (folder / "run.json").write_text(text)
    return Path("results")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (None, "odd"),
        ("newest", "odd"),
        ("a", "a"),
        ("results/c", "c"),
        ("results/c/", "c"),
        ("team=search", "b"),
        ("team=ads", "c"),
        ("kind=nightly", "b"),
        ("abcd1", "a"),
        ("ABCD2222", "b"),
        (TWO, "b"),
        ("0123", "d"),
    ],
)
def test_a_run_is_found(given: str | None, name: str, results: Path) -> None:
    assert find_run(results, given).name == name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "quick",
            "no run 'quick': neither a folder with a run.json nor the name of one in results; a run can also",
        ),
        ("", "no run ''"),
        ("team=x", "no run in results has the label team=x; its values there are search, ads"),
        ("tem=x", "no run in results has the label tem=x; no run has a label tem"),
        ("a b=x", "no run 'a b=x': label 'a b': expected a key"),
        ("abcd", "abcd begins 2 commits that have runs: abcd22222222, abcd11111111; give more digits"),
        ("ffff", "no run 'ffff': neither a folder or a name in results, nor the begin of a commit that has a run"),
        ("abc", "no run 'abc': neither a folder with"),
        ("baseline", "baseline: there is no gates.toml, whose checks would name a run; name the run itself"),
    ],
)
def test_what_is_no_run_is_one_line(given: str, said: str, results: Path) -> None:
    with pytest.raises(RunNotFoundError) as refused:
        find_run(results, given)
    assert str(refused.value).startswith(said)
    assert len(str(refused.value).splitlines()) == 1


def test_a_folder_comes_before_words_with_a_meaning(results: Path) -> None:
    for name in ("newest", "baseline", "team=ads", "0123"):
        make(results / name, "2020-01-01")
        assert find_run(results, name) == results / name


def test_a_run_without_commit_and_labels_is_found_by_none(results: Path) -> None:
    with pytest.raises(RunNotFoundError):
        find_run(results, "None=None")


@pytest.mark.parametrize(
    ("gates", "found"),
    [
        ('[[check]]\nbaseline = "../results/a"\n', "a"),
        ('[[check]]\nbaseline = "../results/a"\n[[check]]\nbaseline = "../results/c"\n', "c"),
        ('[[check]]\nid = "x"\n[[check]]\nbaseline = "accepted"\n', "kept"),
    ],
)
def test_the_baseline_is_the_newest_run_that_a_check_names(gates: str, found: str, results: Path) -> None:
    Path("ci").mkdir()
    Path("ci/gates.toml").write_text(gates)
    make(Path("ci/accepted/kept"), "2020-01-02")
    make(Path("ci/accepted/older"), "2020-01-01")
    assert find_run(results, "baseline", Path("ci/gates.toml")).name == found


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        ("[[check]\n", "baseline: gates.toml can't be read ("),
        ("", "baseline: no check of gates.toml has a baseline; name the run itself"),
        ("check = 3", "baseline: no check of gates.toml"),
        ("check = [3, {baseline = 4}]", "baseline: no check of gates.toml"),
        (
            '[[check]]\nbaseline = "accepted.json"\n',
            "baseline: the checks of gates.toml are compared with accepted values (accepted.json), not with a run",
        ),
    ],
)
def test_gates_that_name_no_run(gates: str, said: str, results: Path) -> None:
    Path("gates.toml").write_text(gates)
    with pytest.raises(RunNotFoundError) as refused:
        find_run(results, "baseline")
    assert str(refused.value).startswith(said)
