"""The git work tree of a folder: its commit, its branch, and whether files were changed since.

git runs in bounded time, and without what a repository may make it start: hooks, a file system monitor, a fetch.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# For each of at most two calls (s). A status of a tree of 100,000 files takes about half a second.
TIMEOUT_S = 2.0
SETTINGS = (
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
)
VARIABLES = {
    "GIT_OPTIONAL_LOCKS": "0",  # status may not write the index, after which a hook would run
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# Files that git does not know are no change: results are written into the tree.
STATUS = (
    *("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=no", "--no-renames"),
    "--ignore-submodules=dirty",
)


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A work tree; None is what git did not tell.

    Attributes:
        commit: checked out, whole; None before the first one.
        branch: checked out; None if a commit or a tag is.
        changed: whether a file that git knows was changed since the commit, staged or not.
    """

    commit: str | None = None
    branch: str | None = None
    changed: bool | None = None


def work_tree(folder: Path) -> WorkTree:
    """The work tree that a folder is in; all is None without git, outside of a repository, and if git takes too
    long."""
    status = _git(folder, *STATUS)
    if status is None:
        # The commit alone is read in no time, however large the tree is.
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
        return WorkTree() if commit is None else WorkTree(commit.strip())
    headers, changed = {}, False
    for line in status.splitlines():
        if line.startswith("# "):
            name, _, value = line.removeprefix("# ").partition(" ")
            headers[name] = value
        elif line:
            changed = True
    commit, branch = headers.get("branch.oid"), headers.get("branch.head")
    if commit in (None, "(initial)"):
        return WorkTree(branch=branch)
    return WorkTree(commit, None if branch == "(detached)" else branch, changed)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None if it fails, is missing or takes too long."""
    try:
        process = subprocess.Popen(
            ["git", *SETTINGS, *arguments],
            cwd=folder,
            env={**os.environ, **VARIABLES},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # What it started ends with it.
            start_new_session=True,
        )
    except OSError:
        return None
    with process:
        try:
            printed, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
        return printed.decode("utf-8", "replace") if process.returncode == 0 else None
