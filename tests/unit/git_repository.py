"""A real git repository in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

# Neither the user's settings nor a repository around the temporary folder change what is tested.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
# For commands under test: no CI system, whatever runs the tests.
NO_CI = {
    **dict.fromkeys(("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "JENKINS_URL"), ""),
    "GIT_CONFIG_GLOBAL": os.devnull,
}
AS = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; what it prints."""
    done = subprocess.run(
        ["git", *AS, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, name: str = "file", text: str = "text") -> str:
    """Commit a file; the commit."""
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "--quiet", "--message", "A change")
    return git(folder, "rev-parse", "HEAD")


def repository(folder: Path, branch: str = "main") -> str:
    """Make a repository with one commit; the commit."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", branch)
    return commit(folder)
