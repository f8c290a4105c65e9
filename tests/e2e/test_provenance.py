"""``--label`` and where a run comes from: what the real commands store, in a real repository."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from commands import Plan, Run
from git_repository import NO_CI, repository
from saved_runs import assert_agrees, saved

from wiretax.channels.endpoint import DEMO

PUBLISH = """\
import pusher
from os import environ as env
client = pusher.Pusher(app_id=env["PUSHER_APP_ID"], key=env["PUSHER_KEY"], secret=env["PUSHER_SECRET"],
                       ssl=False, host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]))
client.trigger("my-channel", "my-event", "x")
"""


def test_a_run_has_its_labels_and_the_commit_of_the_folder(run: Run, plan: Plan, tmp_path: Path) -> None:
    commit = repository(tmp_path, "feature/a")
    file = Path(plan(rounds=1))
    file.write_text(file.read_text().replace("[mock]", '[labels]\nteam = "search"\nkind = "nightly"\n[mock]'))
    done = run("run", str(file), "--label", "kind=release", "--label", "note=a=b, Zoë", **NO_CI)
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    assert_agrees(result)
    assert result.meta["labels"] == {"team": "search", "kind": "release", "note": "a=b, Zoë"}
    source = {"commit": commit, "branch": "feature/a", "changed": False, "pull_request": None, "provider": None}
    assert result.meta["source"] == source


def test_an_observed_run_has_them_too_and_ci_tells_the_pull_request(run: Run, tmp_path: Path) -> None:
    commit = repository(tmp_path)
    (tmp_path / "file").write_text("changed")
    (tmp_path / "publish.py").write_text(PUBLISH)
    ci = {
        **NO_CI,
        "GITHUB_ACTIONS": "true",
        "GITHUB_SHA": commit,
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_HEAD_REF": f"fix-{DEMO.secret}",
        # What holds secrets is never read.
        "GITHUB_TOKEN": "ghs_hunter2",
        "GITHUB_SERVER_URL": "https://user:hunter2@example.com",
    }
    command = [sys.executable, "-W", "ignore", "publish.py"]
    done = run("observe", "--label", "kind=observed", "--", *command, **ci)
    assert done.returncode == 0, done.stderr
    meta = saved(tmp_path).meta
    assert meta["labels"] == {"kind": "observed"}
    assert meta["source"] == {
        "commit": commit,
        "branch": "fix-***",
        "changed": True,
        "pull_request": 12,
        "provider": "github",
    }
    assert "hunter2" not in str(meta)


@pytest.mark.parametrize("arguments", [["run", "quick"], ["observe"]])
def test_a_label_that_can_not_be_stored_is_one_line(run: Run, arguments: list[str], tmp_path: Path) -> None:
    command = [] if arguments == ["run", "quick"] else ["--", "true"]
    done = run(*arguments, "--label", "api-token=hunter2", *command)
    assert done.returncode == 2
    assert done.stderr == (
        "wiretax: label api-token: its name says that it is a secret, and labels are stored as they are; "
        "leave it out, or give it another name\n"
    )
    assert not (tmp_path / "results").exists()
