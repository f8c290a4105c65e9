"""``wiretax gate`` by the command line: exit codes, files, and what is said."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import Run

from wiretax.channels.workload import Workload
from wiretax.runs.writer import write_run

UNIT = Path(__file__).parents[1] / "unit"
SENT = '[[check]]\nid = "sent"\nmetric = "http.request.size.per_event"\n'
EXACTLY = 'baseline = "accepted/ci.json"\nmax_increase = { abs = 0 }\nmax_decrease = { abs = 0 }\n'
RATE = '[[check]]\nid = "rate"\nmetric = "events_per_second"\nmin = 1\n'


@pytest.fixture
def saved_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of two rounds in ``results``, made by hand."""
    monkeypatch.syspath_prepend(str(UNIT))
    from judged import META
    from saved import record, run_json, slice_

    made = record(
        *(slice_(each, number, 1_000) for number in range(2) for each in (Workload.of(), Workload.of("batch", 10)))
    )
    made.meta = {**run_json(made), **META}
    folder = tmp_path / "results" / "2026-01-31T12-30-00-ci"
    folder.mkdir(parents=True)
    write_run(folder, made)
    return folder


def gates(tmp_path: Path, text: str, name: str = "gates.toml") -> None:
    (tmp_path / name).write_text("schema = 1\n" + text)


def change(folder: Path, **meta: Any) -> None:
    document = json.loads((folder / "run.json").read_text())
    # Without its checksums, as older versions wrote it.
    kept = {key: document[key] for key in document if key not in ("files", "sha256")}
    (folder / "run.json").write_text(json.dumps({**kept, **meta}))


def test_a_run_that_holds_passes_and_leaves_its_files(run: Run, saved_run: Path, tmp_path: Path) -> None:
    gates(tmp_path, SENT + "max = 450\n")
    done = run("gate")
    assert (done.returncode, done.stderr) == (0, "")
    assert "gate gates.toml: 2 passed" in done.stdout
    assert json.loads((saved_run / "gate.json").read_text())["exit_code"] == 0
    for name in ("gate.json", "junit.xml", "summary.md"):
        assert name in done.stdout
        assert (saved_run / name).is_file()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SENT + "max = 449\n", 3),
        (SENT + "where = { payload_bytes = 50 }\nmax = 449\n", 3),
        (RATE, 4),
        ('[valid]\ninconclusive = "pass"\n' + RATE, 0),
        ("[valid]\nmin_requests = 5000\n" + SENT + "max = 450\n", 5),
        (SENT + "max = 449\n" + RATE, 3),
    ],
)
def test_the_exit_code_is_the_verdict(run: Run, saved_run: Path, tmp_path: Path, text: str, code: int) -> None:
    gates(tmp_path, text, "mine.toml")
    done = run("gate", saved_run.name, "--gates", "mine.toml")
    assert done.returncode == code
    assert json.loads((saved_run / "gate.json").read_text())["exit_code"] == code


def test_an_invalid_run_is_invalid_whatever_it_measured(run: Run, saved_run: Path, tmp_path: Path) -> None:
    gates(tmp_path, SENT + "max = 450\n")
    change(saved_run, valid=False, invalid_because=["the byte counts disagree: 1 B"])
    done = run("gate")
    assert done.returncode == 5
    assert "invalid  the byte counts disagree: 1 B" in done.stdout
    change(saved_run, valid=True, invalid_because=[])
    assert run("gate").returncode == 0
    (saved_run / "latency.parquet").write_bytes(b"PAR1")
    damaged = run("gate")
    assert damaged.returncode == 5
    assert "invalid  latency.parquet can't be read" in damaged.stdout
    assert json.loads((saved_run / "gate.json").read_text())["exit_code"] == 5
    (saved_run / "slices.parquet").unlink()
    assert run("gate").returncode == 5
    (saved_run / "run.json").write_text("{")
    assert run("gate", saved_run.name).returncode == 5


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--gates", "gone.toml"], "no gates file gone.toml"),
        (["no-such-run"], "no run 'no-such-run'"),
        (["--results", "nowhere"], "no run in nowhere"),
        (["--gates", "typo.toml"], "did you mean http.request.size.per_event?"),
        (["--gates", "empty.toml"], "missing key check"),
        (["--gates", "unaccepted.toml"], "write it with wiretax gate --accept"),
        (["--accept"], "there is nothing to accept into"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    run: Run, saved_run: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    gates(tmp_path, SENT + "max = 450\n")
    gates(tmp_path, SENT.replace("size.per", "sise.per") + "max = 450\n", "typo.toml")
    gates(tmp_path, "", "empty.toml")
    gates(tmp_path, SENT + EXACTLY, "unaccepted.toml")
    done = run("gate", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (saved_run / "gate.json").exists()


def test_accept_writes_a_baseline_that_later_runs_are_held_to(run: Run, saved_run: Path, tmp_path: Path) -> None:
    gates(tmp_path, SENT + EXACTLY)
    accepted = run("gate", "--accept")
    assert accepted.returncode == 0, accepted.stderr
    assert "new      http.request.size.per_event of trigger, 100 B chat, reference: 450 B/event" in accepted.stdout
    assert (tmp_path / "accepted" / "ci.json").is_file()
    assert run("gate").returncode == 0
    again = run("gate", "--accept")
    assert "2 unchanged" in again.stdout
    change(saved_run, valid=False, invalid_because=["ended early"])
    refused = run("gate", "--accept")
    assert refused.returncode == 5
    assert "is invalid, so nothing was accepted: ended early" in refused.stderr


def test_github_gets_annotations_and_a_summary(run: Run, saved_run: Path, tmp_path: Path) -> None:
    gates(tmp_path, SENT + "max = 449\n")
    done = run("gate", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "step.md"))
    assert done.returncode == 3
    assert (
        "\n::error title=wiretax sent%3A fail::trigger-100B-chat-reference: 450 B/event, at most 449\n"
        in done.stdout
    )
    assert (tmp_path / "step.md").read_text() == (saved_run / "summary.md").read_text()


def test_list_names_every_metric(run: Run) -> None:
    done = run("gate", "--list")
    assert done.returncode == 0
    for name in ("http.request.size.per_event", "http.request.request_line.size.per_event", "latency.p99", "gain"):
        assert f"{name} " in done.stdout
    assert "…" not in done.stdout


def test_no_load_generator_no_figures_and_no_network_are_loaded_to_judge(saved_run: Path, tmp_path: Path) -> None:
    gates(tmp_path, SENT + "max = 450\n")
    code = (
        "import sys\nfrom wiretax.cli import app\n"
        "try: app(['gate'])\nexcept SystemExit as done: assert done.code == 0, done.code\n"
        "heavy = {'locust', 'gevent', 'matplotlib', 'scipy', 'httpx', 'asyncio', 'scenarios'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_that_cannot_be_written_is_said_after_the_verdict(
    run: Run, saved_run: Path, tmp_path: Path
) -> None:
    gates(tmp_path, SENT + "max = 450\n")
    (saved_run / ".gate.json.partial").mkdir()
    (saved_run / ".gate.json.partial" / "in-the-way").touch()
    done = run("gate")
    assert done.returncode == 2
    assert "2 passed" in done.stdout
    assert "can't be written" in done.stderr
    shutil.rmtree(saved_run / ".gate.json.partial")


def test_a_first_gates_file_is_written_once_and_its_run_passes(run: Run, saved_run: Path, tmp_path: Path) -> None:
    made = run("gate", "--init")
    assert (made.returncode, made.stderr) == (0, "")
    assert "written to gates.toml: 2 checks, which run results/2026-01-31T12-30-00-ci passes" in made.stdout
    assert "without gain-batch-10: " in made.stdout
    text = (tmp_path / "gates.toml").read_text()
    assert "max = 450\nmin = 450\n" in text
    judged = run("gate")
    assert (judged.returncode, "2 passed" in judged.stdout) == (0, True)
    again = run("gate", "--init")
    assert again.returncode == 2
    assert again.stderr == (
        "wiretax: gates.toml exists, and is not overwritten; name another file with --gates, or remove it\n"
    )
    assert (tmp_path / "gates.toml").read_text() == text
    change(saved_run, valid=False, invalid_because=["the byte counts disagree"])
    invalid = run("gate", "--init", "--gates", "other.toml")
    assert invalid.returncode == 5
    assert "is invalid, so no gates were made: the byte counts disagree" in invalid.stderr
    assert not (tmp_path / "other.toml").exists()
