"""``wiretax runs`` and ``wiretax runs rm`` by the command line, and commands that find a run by its label."""

from __future__ import annotations

import os
import pty
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import Plan, Run, command, environment
from git_repository import NO_CI, repository
from old_runs import save

SENT = 'schema = 1\n[[check]]\nid = "sent"\nmetric = "http.request.size.per_event"\nmax = 10000\n'


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Runs of 1 to 50 days in ``results``, one of them with a label and one that a gates file names."""
    now = datetime.now(UTC)
    for name, days, meta in (
        ("new", 1, {}),
        ("old", 40, {}),
        ("older", 50, {}),
        ("named", 60, {"labels": {"release": "1.0"}}),
        ("accepted", 70, {}),
    ):
        save(tmp_path / "results" / name, days, now, **meta)
    (tmp_path / "gates.toml").write_text(
        f'{SENT}[[check]]\nid = "a"\nmetric = "events_per_second"\nbaseline = "results/accepted"\n'
        "max_decrease = { ratio = 0.9 }\n"
    )
    (tmp_path / "results" / "foreign").mkdir()
    return tmp_path / "results"


def names(results: Path) -> set[str]:
    return {each.name for each in results.iterdir()}


def test_runs_are_listed_and_found_by_label_and_commit(run: Run, plan: Plan, tmp_path: Path) -> None:
    commit = repository(tmp_path, "feature/a")
    assert run("runs", **NO_CI).returncode == 2
    assert run("run", plan(rounds=5), "--label", "team=search", **NO_CI).returncode == 0
    save(tmp_path / "results" / "bare", 3)
    listed = run("runs")
    assert (listed.returncode, listed.stderr) == (0, "")
    title, _, first, second, *_ = listed.stdout.splitlines()
    assert title.split() == ["trigger", "batch", "gain"]
    words = first.split()
    assert words[0].endswith("-tiny")
    assert words[3:8] == ["tiny", commit[:8], "feature/a", "team=search", "yes"]
    assert float(words[10]) > 1
    shown = words[0]
    # An older run has no figures of its own; they are read from its slices.
    assert second.split() == ["bare", *second.split()[1:3], "by-hand", "-", "-", "-", "yes", "450.0", "-", "-"]
    (tmp_path / "gates.toml").write_text(SENT)
    for given in ("team=search", commit[:7], "newest"):
        done = run("gate", given)
        assert done.returncode == 0, done.stderr
        assert f"written into results/{shown}" in done.stdout
    lost = run("gate", "team=ads")
    assert (lost.returncode, lost.stderr) == (
        2,
        "wiretax: no run in results has the label team=ads; its values there are search\n",
    )


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ([], "new old older named accepted"),
        (["--label", "release=1.0"], "named"),
        (["--plan", "by-hand", "--valid", "--last", "2"], "new old"),
        (["--branch", "main"], ""),
    ],
)
def test_filters(options: list[str], listed: str, run: Run, saved: Path) -> None:
    done = run("runs", *options)
    assert done.returncode == 0
    rows = [line.split()[0] for line in done.stdout.splitlines() if "by-hand" in line]
    assert " ".join(rows) == listed
    if options:
        assert done.stderr == "wiretax: 1 folder in results is unreadable or no run; wiretax runs names it\n"
    else:
        assert "unreadable  results/foreign: it has no run.json, so it is no run" in done.stdout
    if not listed:
        assert "no run in results is like that, of 5" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--results", "none"], "no run in none: there is no such folder"),
        (["--results", "gates.toml"], "results folder gates.toml: can't be read (Not a directory)"),
        (["--label", "x"], "a label without =, expected KEY=VALUE"),
        (["--last", "3", "rm", "--keep", "3"], "options of the list don't go with rm"),
        (["rm"], "which runs are old? Give --older-than 30d, --keep 20, or both"),
        (["rm", "--older-than", "soon"], "--older-than: 'soon' is not an age; write it like 12h, 30d or 8w"),
        (["rm", "--keep", "1"], "2 runs ("),
        (["rm", "--keep", "1", "--gates", "none.toml"], "none.toml: can't be read (No such file or directory)"),
        (["rm", "--keep", "1", "--results", "none"], "results folder none: No such file or directory"),
    ],
)
def test_what_can_not_be_done_is_one_line(arguments: list[str], said: str, run: Run, saved: Path) -> None:
    before = names(saved)
    done = run("runs", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert names(saved) == before


def test_old_runs_are_removed_and_others_stay_with_a_reason(run: Run, saved: Path) -> None:
    before = names(saved)
    options = ["--older-than", "30d", "--keep", "1"]
    listed = run("runs", "rm", *options, "--dry-run")
    assert listed.returncode == 0
    assert names(saved) == before
    assert "would remove  results/older  50.0 days old, " in listed.stdout
    done = run("runs", "rm", *options, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert names(saved) == before - {"old", "older"}
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["removed", "results/older"], ["removed", "results/old"]]
    assert lines[2].startswith("2 runs removed, ")
    assert lines[3:] == [
        "kept  results/accepted: a baseline in gates.toml",
        "kept  results/foreign: it has no run.json, so it is no run",
        "kept  results/named: labelled release=1.0",
        "kept  1 run: the newest",
    ]


def test_variables_of_other_commands_neither_agree_to_a_removal_nor_hinder_it(run: Run, saved: Path) -> None:
    words = ("YES", "LABELLED", "KEEP", "OLDER_THAN")
    given = {f"WIRETAX_{prefix}{word}": "1" for prefix in ("", "RUN_", "RUNS_") for word in words}
    given |= {f"WIRETAX_RUNS_{name}": "none" for name in ("PLAN", "RESULTS")}
    before = names(saved)
    asked = run("runs", "rm", "--older-than", "30d", **given)
    assert (asked.returncode, names(saved)) == (2, before)
    assert "2 runs (" in asked.stderr
    assert "add --yes to remove them" in asked.stderr
    assert run("runs", "rm", **given).returncode == 2
    assert names(saved) == before


@pytest.mark.parametrize(("answer", "gone"), [("n", set()), ("y", {"old", "older"})])
def test_a_terminal_is_asked(answer: str, gone: set[str], saved: Path) -> None:
    before = names(saved)
    own, others = pty.openpty()
    try:
        process: Any = subprocess.Popen(
            command("runs", "rm", "--older-than", "30d"),
            cwd=saved.parent,
            env=environment(),
            stdin=others,
            stderr=others,
            stdout=subprocess.PIPE,
        )
        said = b""
        while b"Remove 2 runs (" not in said:
            said += os.read(own, 1000)
        os.write(own, answer.encode() + b"\n")
        printed = process.communicate()[0].decode()
    finally:
        os.close(others)
        os.close(own)
    assert names(saved) == before - gone
    assert process.returncode == (0 if gone else 2)
    assert ("2 runs removed" in printed) == bool(gone)
