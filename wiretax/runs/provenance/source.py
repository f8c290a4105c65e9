"""The version of the code that a run was started in: the CI system's build, or else git's work tree."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wiretax.channels.endpoint import Credentials
from wiretax.channels.masking import without_secrets
from wiretax.runs.provenance.ci_build import ci_build
from wiretax.runs.provenance.work_tree import work_tree

# A SHA-1 or a SHA-256.
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
MOST_BRANCH = 255
PULL_REQUEST = re.compile(r"[1-9][0-9]{0,17}")
PROVIDER = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the code of a run comes from; None is unknown.

    Attributes:
        commit: in full, as hexadecimal digits.
        branch: its name.
        changed: whether files of the work tree were changed since the commit; untracked ones don't count.
        pull_request: the number of the pull request or merge request.
        provider: the CI system: "github", "gitlab", "buildkite" or "jenkins"; None outside of them.
    """

    commit: str | None = None
    branch: str | None = None
    changed: bool | None = None
    pull_request: int | None = None
    provider: str | None = None

    def as_dict(self, apps: Iterable[Credentials] = ()) -> dict[str, Any]:
        """As ``run.json`` keeps it, without the secrets of these apps."""
        kept = asdict(self)
        for app in apps:
            kept = {
                key: without_secrets(each, app) if isinstance(each, str) else each for key, each in kept.items()
            }
        return kept


NO_SOURCE = Source()


def detect_source(variables: Mapping[str, str] | None = None, folder: Path | None = None) -> Source:
    """The source of a run that starts now.

    Args:
        variables: the environment; None for this process's.
        folder: in the work tree; None for the current folder.
    """
    build = ci_build(os.environ if variables is None else variables)
    tree = work_tree(folder or Path())
    if build is None:
        return Source(_commit(tree.commit), _branch(tree.branch), tree.changed)
    commit = _commit(build.commit) or _commit(tree.commit)
    number = build.pull_request or ""
    return Source(
        commit,
        _branch(build.branch) or _branch(tree.branch),
        # Of another commit, changes tell nothing about this one.
        tree.changed if commit == tree.commit else None,
        int(number) if PULL_REQUEST.fullmatch(number) else None,
        build.provider,
    )


def _commit(given: str | None) -> str | None:
    return given if given and COMMIT.fullmatch(given) else None


def _branch(given: str | None) -> str | None:
    return given if given and is_branch(given) else None


def is_branch(name: str) -> bool:
    """Whether a text may be a branch's name: one printable word."""
    return 0 < len(name) <= MOST_BRANCH and name.isprintable() and " " not in name
