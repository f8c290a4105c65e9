"""The starts of a run, one after the other, whatever becomes of one: what was measured is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from measured_starts import start_record
from rich.console import Console

from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.drivers.conclude import Conclusion
from wiretax.load.drivers.plan_changes import PlanChanges
from wiretax.load.drivers.sweep_options import SweepOptions, SweepRequest
from wiretax.load.plan.reading import load_plan
from wiretax.load.plan.starts import with_starts
from wiretax.load.starts import run as module
from wiretax.load.starts.job import StartJob, StartReport
from wiretax.load.starts.run import FailedStartError, Starts
from wiretax.runs.reader import Run, read_run
from wiretax.runs.saving import save_run
from wiretax.terminal import Exit
from wiretax.wire.connections.servers import Access

KILLED = StartReport(problem="its process was killed by signal 9 and reported nothing", code=Exit.INVALID)


class Gates:
    """Checks that are undecided for some starts."""

    def __init__(self, undecided: int) -> None:
        self.seen: list[Run] = []
        self._undecided = undecided

    def undecided(self, so_far: Run) -> tuple[str, ...]:
        self.seen.append(so_far)
        return ("batch",) if len(self.seen) <= self._undecided else ()


class Made:
    """A run of which each start is made by hand.

    Attributes:
        jobs: what the starts were told.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.jobs: list[StartJob] = []
        self.reports: list[StartReport | None] = []
        self.on_start: Callable[[Starts], object] = lambda _: None
        self.starts: Starts
        made = self

        class Process:
            def __init__(self, job: StartJob) -> None:
                made.jobs.append(job)

            def end(self) -> None:
                pass

            def report(self) -> StartReport:
                made.on_start(made.starts)
                number = len(made.jobs) - 1
                given = made.reports[number] if number < len(made.reports) else None
                if given is not None:
                    return given
                limit = made.jobs[-1].options.max_messages
                budget = None if limit is None else {"max_messages": limit, "messages": limit - 1, "spent": False}
                where = made.jobs[-1].options.results / "a-run"
                save_run(where, start_record(6, budget=budget))
                return StartReport(str(where))

        monkeypatch.setattr(module, "StartProcess", Process)

    def run(self, number: int = 3, gates: Gates | None = None, limit: int | None = None) -> Conclusion:
        plan = with_starts(replace(load_plan("quick"), rounds=6 * number), number)
        message_limit = None if limit is None else MessageLimit(limit)
        request = SweepRequest(plan, None, None, gates, 3 * plan.rounds, message_limit, self.folder.parent)  # type: ignore[arg-type]
        options = SweepOptions("quick", None, None, Access(), None, None, None, True, self.folder.parent)
        self.starts = Starts(request, options, PlanChanges(), Console(stderr=True, quiet=True), self.folder)
        self.starts.measure()
        return self.starts.conclude()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    folder = tmp_path / "results" / "2026-01-31T12-30-00-quick"
    folder.mkdir(parents=True)
    return Made(folder, monkeypatch)


def left(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("run.json"))


def test_each_start_measures_its_part_and_all_are_one_run(made: Made) -> None:
    run = made.run(3).saved.read()
    assert [job.changes.part for job in made.jobs] == [0, 1, 2]
    assert run.meta["valid"]
    assert run.slices["start"].unique().tolist() == [0, 1, 2]
    assert run.meta["plan"]["starts"] == 3
    assert left(made.folder) == ["run.json"]


def test_a_start_that_is_killed_leaves_those_before_it(made: Made) -> None:
    made.reports = [None, KILLED]
    run = made.run(3).saved.read()
    assert len(made.jobs) == 2
    assert run.slices["start"].unique().tolist() == [0]
    assert run.meta["invalid_because"] == [f"start 2: {KILLED.problem}"]
    assert "measured 1 of 3 starts" in run.meta["warnings"]


def test_an_interrupted_run_keeps_its_starts_and_begins_no_other(made: Made) -> None:
    made.on_start = lambda starts: starts.stop() if len(made.jobs) == 2 else None
    run = made.run(3).saved.read()
    assert len(made.jobs) == 2
    assert run.slices["start"].unique().tolist() == [0, 1]
    assert run.meta["interrupted"]
    assert run.meta["valid"]


def test_a_damaged_start_is_named_and_kept(made: Made) -> None:
    where = made.folder / "starts" / "2" / "a-run"
    save_run(where, start_record())
    (where / "slices.parquet").write_bytes(b"")
    made.reports = [None, StartReport(str(where))]
    run = made.run(2).saved.read()
    assert run.meta["invalid_because"][0].startswith("start 2 can't be read: ")
    assert left(made.folder) == ["run.json", "starts/2/a-run/run.json"]


def test_a_run_that_measured_nothing_says_why(made: Made) -> None:
    made.reports = [StartReport(problem="no such server", code=Exit.INVALID)]
    with pytest.raises(FailedStartError, match=r"^no such server$") as failed:
        made.run(2)
    assert failed.value.code == Exit.INVALID
    assert len(made.jobs) == 1


def test_starts_are_kept_if_the_run_can_not_be_saved(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    def fill(_: Starts) -> None:
        if len(made.jobs) == 2:
            # In the way of the run's last file, after the others were written.
            (made.folder / "run.json").mkdir(exist_ok=True)
            (made.folder / "run.json" / "full").touch()
            monkeypatch.setattr("wiretax.runs.saving.mkdtemp", full)

    made.on_start = fill
    saved = made.run(2).saved
    assert not saved.is_saved
    shutil.rmtree(made.folder / "run.json")
    assert [each.name for each in made.folder.iterdir()] == ["starts"]
    assert left(made.folder) == ["starts/1/a-run/run.json", "starts/2/a-run/run.json"]
    assert read_run(made.folder / "starts" / "2" / "a-run").meta["valid"]


def test_a_start_is_added_while_a_check_is_undecided(made: Made) -> None:
    gates = Gates(undecided=2)
    run = made.run(2, gates).saved.read()
    assert [job.changes.part for job in made.jobs] == [0, 1, 2, 3]
    assert [len(each.slices["start"].unique()) for each in gates.seen] == [2, 3, 4]
    assert [each["after"] for each in run.meta["added"]["asked"]] == [12, 18]
    assert all(job.options.gates is None for job in made.jobs)


def test_no_more_starts_are_added_than_rounds_are_allowed(made: Made) -> None:
    made.run(2, Gates(undecided=99))
    assert len(made.jobs) == 6  # of 6 rounds: three times the 12 of the plan


def test_starts_share_the_limit_of_messages(made: Made) -> None:
    run = made.run(3, limit=100).saved.read()
    assert [job.options.max_messages for job in made.jobs] == [33, 34, 35]
    assert run.meta["budget"] == {"max_messages": 100, "messages": 32 + 33 + 34, "spent": False}
