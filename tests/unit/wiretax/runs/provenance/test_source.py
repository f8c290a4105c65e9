"""The version of the code that a run is started in, by real git repositories and by CI variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_repository import commit, git, repository

from wiretax.channels.endpoint import Credentials
from wiretax.runs.provenance import work_tree as module
from wiretax.runs.provenance.source import NO_SOURCE, Source, detect_source
from wiretax.runs.provenance.work_tree import WorkTree, work_tree

OTHER = "ffac537e6cbbf934b08745a378932722df287a53"
GITHUB = {"GITHUB_ACTIONS": "true"}


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [each for each in os.environ if each.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


def test_a_work_tree_and_its_changes(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", "feature/a")
    folder = tmp_path / "repo" / "inner"
    folder.mkdir()
    assert detect_source({}, folder) == Source(made, "feature/a", False)
    (folder / "results").write_text("not known to git")
    assert detect_source({}, folder).changed is False
    (tmp_path / "repo" / "file").write_text("changed")
    assert detect_source({}, folder) == Source(made, "feature/a", True)
    git(folder, "add", "../file")
    assert detect_source({}, folder).changed is True
    then = commit(tmp_path / "repo", text="changed")
    git(folder, "checkout", "--quiet", "--detach")
    assert detect_source({}, folder) == Source(then, None, False)


def test_a_shallow_clone(tmp_path: Path) -> None:
    repository(tmp_path / "repo")
    made = commit(tmp_path / "repo", text="second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'repo'}", "clone")
    assert detect_source({}, tmp_path / "clone") == Source(made, "main", False)


def test_no_repository_no_commit_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert detect_source({}, tmp_path) == NO_SOURCE
    (tmp_path / "repo").mkdir()
    git(tmp_path / "repo", "init", "--quiet", "--initial-branch", "main")
    assert detect_source({}, tmp_path / "repo") == Source(branch="main")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert detect_source({}, tmp_path / "repo") == NO_SOURCE


def test_a_repository_starts_no_programs_of_its_own(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo")
    started = tmp_path / "started"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {started}\n")
    program.chmod(0o755)
    hooks = tmp_path / "repo" / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        (hooks / name).symlink_to(program)
    git(tmp_path / "repo", "config", "core.fsmonitor", str(program))
    # As an index is written again whose times are out of date, after which git runs a hook.
    os.utime(tmp_path / "repo" / "file", (1, 1))
    assert work_tree(tmp_path / "repo") == WorkTree(made, "main", False)
    assert not started.exists()


def test_a_git_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The child of this git keeps the output open, and would be waited for.
    slow = tmp_path / "git"
    slow.write_text('#!/bin/sh\ncase "$*" in *rev-parse*) echo 0123; exit;; esac\nsleep 600 &\nsleep 600\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    assert work_tree(tmp_path) == WorkTree("0123")
    # A commit that is none is not kept.
    assert detect_source({}, tmp_path) == NO_SOURCE


def test_variables_come_first_and_git_adds_what_they_lack(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo")
    (tmp_path / "repo" / "file").write_text("changed")
    of_ref = {"GITHUB_REF": "refs/pull/12/merge", "GITHUB_HEAD_REF": "fix", "GITHUB_SHA": made}
    found = detect_source({**GITHUB, **of_ref}, tmp_path / "repo")
    assert found == Source(made, "fix", True, 12, "github")
    # Changes since another commit tell nothing about this one.
    found = detect_source({**GITHUB, **of_ref, "GITHUB_SHA": OTHER}, tmp_path / "repo")
    assert found == Source(OTHER, "fix", None, 12, "github")
    assert detect_source(GITHUB, tmp_path / "repo") == Source(made, "main", True, None, "github")
    assert detect_source({**GITHUB, "GITHUB_SHA": OTHER}, tmp_path) == Source(OTHER, provider="github")


@pytest.mark.parametrize("branch", ["a b", "a\nb", "\x1b[2J", "\u202ex", "x" * 256])
def test_values_that_can_not_be_are_left_out(branch: str, tmp_path: Path) -> None:
    given = {"BUILDKITE": "true", "BUILDKITE_COMMIT": "HEAD", "BUILDKITE_BRANCH": branch}
    for number in ("false", "0", "-1", "1" * 30, ""):
        found = detect_source({**given, "BUILDKITE_PULL_REQUEST": number}, tmp_path)
        assert found == Source(provider="buildkite")


def test_a_secret_in_a_branch_is_hidden() -> None:
    kept = Source(branch="try-s3cret").as_dict([Credentials("1", "key", "s3cret")])
    assert kept == {
        "commit": None,
        "branch": "try-***",
        "changed": None,
        "pull_request": None,
        "provider": None,
    }
