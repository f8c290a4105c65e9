"""``wiretax export`` by the command line: exit codes, and where the document goes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import Run

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture
def saved_run(tmp_path: Path) -> Path:
    """A copy of a reference run in ``results``."""
    return shutil.copytree(REFERENCE / "quick", tmp_path / "results" / "quick")


def change(folder: Path, **meta: Any) -> None:
    document = json.loads((folder / "run.json").read_text())
    kept = {key: document[key] for key in document if key not in ("files", "sha256")}
    (folder / "run.json").write_text(json.dumps({**kept, **meta}))


def test_the_newest_run_is_exported_to_standard_output_or_a_file(
    run: Run, saved_run: Path, tmp_path: Path
) -> None:
    done = run("export", "--format", "jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert {json.loads(line)["run"] for line in done.stdout.splitlines()} == {"quick"}
    again = run("export", "quick", "--format", "jsonl", "--output", "out.jsonl")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert (tmp_path / "out.jsonl").read_text() == done.stdout


def test_github_action_benchmark_gets_exact_metrics_of_one_direction(run: Run, saved_run: Path) -> None:
    exact = json.loads(run("export", "--format", "github-action-benchmark").stdout)
    assert not [each for each in exact if "latency" in each["name"] or "per_second" in each["name"]]
    noisy = json.loads(run("export", "--format", "github-action-benchmark", "--metrics", "noisy").stdout)
    assert {each["unit"] for each in noisy if "latency" in each["name"]} == {"s"}
    assert not [each for each in noisy if "per_second" in each["name"]]


def test_an_invalid_run_exports_nothing(run: Run, saved_run: Path) -> None:
    change(saved_run, valid=False, invalid_because=["the mock died"])
    done = run("export")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == (
        "wiretax: run results/quick is invalid, so nothing was exported (--invalid exports it): the mock died\n"
    )
    asked = run("export", "--invalid")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.startswith("run,workload,metric,")


def test_a_damaged_run_is_one_line(run: Run, saved_run: Path) -> None:
    file = saved_run / "slices.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    done = run("export", "--invalid")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("wiretax: run results/quick: slices.parquet")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "no run 'nosuch'"),
        (["--format", "xml"], "--format xml: expected one of github-action-benchmark, bencher"),
        (["--metrics", "all"], "--metrics all: expected one of exact, noisy"),
        (["--better", "lower"], "--better lower: expected one of smaller, bigger"),
        (["--output", "missing/out.csv"], "missing/out.csv can't be written (No such file or directory)"),
    ],
)
def test_bad_options_are_one_line(run: Run, saved_run: Path, arguments: list[str], message: str) -> None:
    done = run("export", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"wiretax: {message}")
    assert done.stderr.count("\n") == 1


def test_a_choice_that_nothing_has_is_said(run: Run, tmp_path: Path) -> None:
    shutil.copytree(REFERENCE / "capacity", tmp_path / "results" / "capacity")
    done = run("export", "--format", "github-action-benchmark")
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert done.stderr == "wiretax: run results/capacity has no exact metric where smaller is better\n"
