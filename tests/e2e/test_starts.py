"""A run in several starts, each in a new interpreter with a new mock."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from commands import Plan, Run, environment
from warm import start_warm

from wiretax.runs.reader import find_run, read_run


def test_each_start_is_a_new_process_and_the_run_is_one(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(rounds=12), "--starts", "2", "--processes", "2")
    assert done.returncode == 0, done.stderr
    assert "tiny: start 2 of 2" in done.stderr
    assert "agree to the byte" in done.stdout
    assert "2 starts: gains differ" in done.stdout
    assert "CI across starts" in done.stdout
    result = read_run(find_run(tmp_path / "results"))
    assert result.meta["valid"]
    assert result.slices.groupby("start")["round"].unique().map(list).tolist() == [
        list(range(6)),
        list(range(6, 12)),
    ]
    ports = {each["endpoint"] for each in result.meta["starts"]}
    assert len(ports) == 2
    assert [each.name for each in (tmp_path / "results").iterdir()] == [result.folder.name]
    assert not (result.folder / "starts").exists()


def test_a_run_that_is_stopped_keeps_what_its_start_measured(plan: Plan, tmp_path: Path) -> None:
    long = plan(rounds=2000)
    process = start_warm("wiretax", "run", long, "--starts", "2", cwd=tmp_path, env=environment())
    assert process.stderr is not None
    for line in process.stderr:
        if "round 2 of" in line:
            break
    # Its start is not in the terminal's group: the signal reaches this one alone.
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    result = read_run(find_run(tmp_path / "results"))
    assert result.meta["interrupted"]
    assert result.meta["valid"]
    assert "measured 1 of 2 starts" in out
    assert 2 <= result.meta["rounds_measured"] < 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--starts", "3"], "expected 18 rounds or more"),
        (["--starts", "2", "--events", "-"], "each of several starts reads the events again; name a file"),
        (["--starts", "2", "--max-messages", "20"], "expected"),
    ],
)
def test_what_does_not_go_with_starts_is_refused(
    run: Run, plan: Plan, tmp_path: Path, options: list[str], message: str
) -> None:
    done = run("run", plan(rounds=12), *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()
