"""The build that a CI system runs, by the variables that it sets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Variables = Mapping[str, str]

PULL_REQUEST_REF = re.compile(r"refs/pull/(\d+)/")


@dataclass(frozen=True, slots=True)
class CiBuild:
    """A build, as far as its system tells: texts as they were given, None where a variable is missing.

    Attributes:
        provider: "github", "gitlab", "buildkite" or "jenkins".
        commit: what is built; of a pull request, GitHub and Jenkins may build a merge commit.
        branch: of a pull request, the one that it wants merged; None for a tag.
        pull_request: the number of the pull request or merge request.
    """

    provider: str
    commit: str | None
    branch: str | None
    pull_request: str | None


def ci_build(variables: Variables) -> CiBuild | None:
    """The build that this process is part of; None outside of the known CI systems."""
    return next((read(variables) for is_there, read in SYSTEMS if is_there(variables)), None)


def _github(given: Variables) -> CiBuild:
    pull_request = PULL_REQUEST_REF.match(given.get("GITHUB_REF", ""))
    branch = given.get("GITHUB_HEAD_REF")
    if not branch and given.get("GITHUB_REF_TYPE") == "branch" and pull_request is None:
        branch = given.get("GITHUB_REF_NAME")
    return CiBuild("github", given.get("GITHUB_SHA"), branch, pull_request and pull_request[1])


def _gitlab(given: Variables) -> CiBuild:
    kinds = ("CI_MERGE_REQUEST", "CI_EXTERNAL_PULL_REQUEST")
    branch = _first(given, *(f"{kind}_SOURCE_BRANCH_NAME" for kind in kinds), "CI_COMMIT_BRANCH")
    return CiBuild("gitlab", given.get("CI_COMMIT_SHA"), branch, _first(given, *(f"{kind}_IID" for kind in kinds)))


def _buildkite(given: Variables) -> CiBuild:
    # Of a tag's build, the branch is the tag; without a pull request, its number is "false".
    branch = None if given.get("BUILDKITE_TAG") else given.get("BUILDKITE_BRANCH")
    return CiBuild("buildkite", given.get("BUILDKITE_COMMIT"), branch, given.get("BUILDKITE_PULL_REQUEST"))


def _jenkins(given: Variables) -> CiBuild:
    branch = given.get("CHANGE_BRANCH")
    if not branch and not given.get("TAG_NAME"):
        # The git plugin names the remote, too.
        branch = given.get("BRANCH_NAME") or given.get("GIT_BRANCH", "").removeprefix("origin/")
    return CiBuild("jenkins", given.get("GIT_COMMIT"), branch, given.get("CHANGE_ID"))


def _first(given: Variables, *names: str) -> str | None:
    return next((value for name in names if (value := given.get(name))), None)


SYSTEMS: tuple[tuple[Callable[[Variables], bool], Callable[[Variables], CiBuild]], ...] = (
    (lambda given: given.get("GITHUB_ACTIONS") == "true", _github),
    (lambda given: given.get("GITLAB_CI") == "true", _gitlab),
    (lambda given: given.get("BUILDKITE") == "true", _buildkite),
    (lambda given: bool(given.get("JENKINS_URL")), _jenkins),
)
