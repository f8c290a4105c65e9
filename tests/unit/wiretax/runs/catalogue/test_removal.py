"""Which runs may go, which stay and why, and that nothing else is ever removed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from old_runs import NOW, save

from wiretax.runs.catalogue.named_by_gates import gates_files, named_runs
from wiretax.runs.catalogue.removal import RemovalError, Rules, choose, remove
from wiretax.runs.held import let_go, make_held

MONTH_S = 30 * 86_400.0
ALL = Rules(None, 0)


def chosen(results: Path, rules: Rules = ALL, named: Any = None) -> tuple[list[str], dict[str, str]]:
    """The names of those that may go, and the reasons of the others."""
    old, kept = choose(results, rules, named or {}, NOW)
    return [each.run.folder.name for each in old], {each.folder.name: each.why for each in kept}


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Runs of 1 to 50 days, one of them with a label."""
    folder = tmp_path / "results"
    for name, days in (("a", 1), ("b", 29), ("c", 31), ("d", 40), ("e", 50)):
        save(folder / name, days, labels={"team": "x"} if name == "d" else {})
    return folder


@pytest.mark.parametrize(
    ("rules", "old"),
    [
        (ALL, ["e", "c", "b", "a"]),
        (Rules(MONTH_S, 0), ["e", "c"]),
        (Rules(None, 2), ["e", "c"]),
        (Rules(None, 3), ["e"]),
        (Rules(MONTH_S, 4), ["e"]),
        (Rules(MONTH_S, 5), []),
        (Rules(MONTH_S, 0, labelled=True), ["e", "d", "c"]),
        (Rules(51 * 86_400.0, 0), []),
    ],
)
def test_both_rules_must_agree_and_the_oldest_come_first(rules: Rules, old: list[str], results: Path) -> None:
    assert chosen(results, rules)[0] == old


def test_each_that_stays_has_a_reason(results: Path) -> None:
    _, kept = chosen(results, Rules(MONTH_S, 1))
    assert kept == {"a": "the newest", "b": "not old enough", "d": "labelled team=x"}
    _, all_kept = choose(results, Rules(MONTH_S, 1), {}, NOW)
    assert [each.is_recent for each in all_kept] == [True, True, False]


def test_a_run_of_the_future_and_one_of_no_time_stay(results: Path) -> None:
    save(results / "future", -1)
    save(results / "undated", started="?")
    old, kept = chosen(results, Rules(0.0, 0))
    assert old == ["e", "c", "b", "a"]
    assert kept["future"] == "not old enough"
    assert kept["undated"] == "it does not say when it started"


@pytest.mark.parametrize(
    ("baseline", "stays"),
    [
        ("results/c", {"c"}),
        ("../{parent}/results/c/", {"c"}),
        ("link-to-c", {"c"}),
        ("results/c/accepted.json", {"c"}),
        ("results", {"a", "b", "c", "e"}),
        ("accepted/ci.json", set()),
        ("results/none", set()),
    ],
)
def test_what_a_gates_file_names_stays(baseline: str, stays: set[str], results: Path, tmp_path: Path) -> None:
    (tmp_path / "link-to-c").symlink_to(results / "c")
    gates = tmp_path / "ci.toml"
    gates.write_text(f'[[check]]\nid = "x"\nbaseline = "{baseline.format(parent=tmp_path.name)}"\n')
    (tmp_path / "other.toml").write_text("[labels]\n")
    (tmp_path / "broken.toml").write_text("[[")
    assert gates_files([tmp_path]) == [gates]
    old, kept = chosen(results, named=named_runs([gates]))
    assert {each for each in kept if kept[each] == f"a baseline in {gates}"} - {"d"} == stays
    assert set(old) == {"a", "b", "c", "e"} - stays


def test_a_gates_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[check]\nbaseline = 'x'")
    files = gates_files([tmp_path])
    with pytest.raises(OSError, match="Expected") as raised:
        named_runs(files)
    assert raised.value.filename == str(files[0])
    with pytest.raises(FileNotFoundError):
        named_runs([tmp_path / "none.toml"])


def test_what_is_no_run_stays_with_a_reason(results: Path, tmp_path: Path) -> None:
    shutil.rmtree(results)
    outside = save(tmp_path / "outside" / "run", 90)
    results.mkdir()
    (results / "file").write_text("")
    (results / "link").symlink_to(outside)
    (results / "foreign").mkdir()
    (results / "loop").symlink_to("loop")
    save(results / "reference" / "quick", 90)
    save(results / "reference2", 90).rename(results / "kept")
    save(results / "linked-json", 90)
    (results / "linked-json" / "run.json").unlink()
    (results / "linked-json" / "run.json").symlink_to(outside / "run.json")
    save(results / "noted", 90)
    (results / "noted" / "notes.txt").write_text("mine")
    save(results / "nested", 90)
    save(results / "nested" / "report", 90)
    save(results / "nested" / "inner", 90)
    save(results / "linked-report", 90)
    (results / "linked-report" / "report").symlink_to(outside)
    save(results / "damaged", 90)
    (results / "damaged" / "run.json").write_text("{")
    old, kept = chosen(results)
    assert old == ["kept"]
    said = {
        "damaged": "run.json can't be read",
        "foreign": "it has no run.json, so it is no run",
        "link": "it is a symbolic link",
        "linked-json": "its run.json is a symbolic link",
        "linked-report": "it holds report, which no run has",
        "nested": "it holds inner, which no run has",
        "noted": "it holds notes.txt, which no run has",
        "reference": "it holds the reference runs of the documents",
    }
    assert list(kept) == list(said)
    for name, why in said.items():
        assert kept[name].startswith(why)


@pytest.mark.parametrize("through", ["reference", "link"])
def test_nothing_is_removed_among_the_reference_runs(through: str, tmp_path: Path) -> None:
    save(tmp_path / "reference" / "quick", 90)
    (tmp_path / "link").symlink_to(tmp_path / "reference")
    with pytest.raises(RemovalError, match="reference runs"):
        choose(tmp_path / through, ALL, {}, NOW)


def test_a_run_is_removed_with_all_that_wiretax_wrote_and_no_link_is_followed(
    results: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    for name in ("gate.json", "junit.xml", "summary.md", ".gate.json.partial"):
        (results / "e" / name).write_text("x")
    (results / "e" / "report" / "figures").mkdir(parents=True)
    (results / "e" / "report" / "link").symlink_to(tmp_path / "mine")
    [each] = [each for each in choose(results, ALL, {}, NOW)[0] if each.run.folder.name == "e"]
    assert each.age_s == 50 * 86_400
    assert each.size > 1_000
    assert remove(each) == ""
    assert names_in(results) == ["a", "b", "c", "d"]
    assert (tmp_path / "mine" / "file").read_text() == "mine"


def test_a_run_that_changed_since_it_was_chosen_stays(results: Path, tmp_path: Path) -> None:
    old = {each.run.folder.name: each for each in choose(results, ALL, {}, NOW)[0]}
    shutil.rmtree(results / "a")
    save(results / "a", 1, labels={"keep": "me"})
    (results / "b").rename(tmp_path / "b")
    (results / "b").symlink_to(tmp_path / "b")
    (results / "c" / "notes.txt").write_text("mine")
    assert remove(old["a"]) == "it was changed meanwhile"
    assert remove(old["b"]) == "it is a symbolic link"
    assert remove(old["c"]) == "it holds notes.txt, which no run has"
    make_held(lambda: results / "e")
    assert remove(old["e"]) == "a process is using it"
    let_go(results / "e")
    assert remove(old["e"]) == ""
    assert names_in(results) == ["a", "b", "c", "d"]
    assert (tmp_path / "b" / "run.json").is_file()
