"""Reports that the web UI has made in a subprocess."""

from __future__ import annotations

from pathlib import Path

import gevent
import locust_unpatched  # noqa: F401
import pytest

from wiretax.load.web.reports import ReportMaker, Status
from wiretax.runs.folder import RUN_FILE

TIMEOUT_S = 30.0
# What a user may keep in the folder that wiretax is started in.
NAMESAKES = ["analysis", "locustfile", "notebooks", "scenarios", "wiretax"]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    (folder / "run").mkdir(parents=True)
    (folder / "run" / RUN_FILE).write_text("not a run")
    return folder


def ended(maker: ReportMaker, name: str) -> Status:
    with gevent.Timeout(TIMEOUT_S):
        while maker.status(name).state == "making":
            gevent.sleep(0.05)
    return maker.status(name)


def test_the_current_folders_packages_are_not_imported(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results.parent)
    for name in NAMESAKES:
        (results.parent / f"{name}.py").write_text("raise SystemExit('the wrong one was imported')")
    maker = ReportMaker(results)
    assert maker.make("run") == Status("making", 0.0, "starting")
    status = ended(maker, "run")
    # It read the run, and no module beside it.
    assert status.state == "failed"
    assert RUN_FILE in status.message


def test_a_report_needs_a_run_and_is_the_only_one_in_progress(results: Path) -> None:
    maker = ReportMaker(results)
    assert maker.make("nothing") == Status("failed", message=f"no run nothing in {results}")
    assert maker.status("run") == Status("none")
    (results / "other").mkdir()
    (results / "other" / RUN_FILE).write_text("{}")
    maker.make("run")
    assert maker.make("run").state == "making"
    assert maker.make("other").message == "the report of run is in progress; try again after it"
    maker.close()
    assert ended(maker, "run").state == "failed"
