"""What the variables of each CI system tell of a build."""

from __future__ import annotations

import pytest

from wiretax.runs.provenance.ci_build import CiBuild, ci_build

SHA = "ffac537e6cbbf934b08745a378932722df287a53"
GITHUB = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_SHA": SHA}
GITLAB = {"GITLAB_CI": "true", "CI": "true", "CI_COMMIT_SHA": SHA}
BUILDKITE = {"BUILDKITE": "true", "CI": "true", "BUILDKITE_COMMIT": SHA}
JENKINS = {"JENKINS_URL": "https://user:hunter2@ci.example.com/", "GIT_COMMIT": SHA}


@pytest.mark.parametrize(
    ("variables", "branch", "pull_request"),
    [
        (
            {**GITHUB, "GITHUB_REF": "refs/heads/a/b", "GITHUB_REF_NAME": "a/b", "GITHUB_REF_TYPE": "branch"},
            "a/b",
            None,
        ),
        ({**GITHUB, "GITHUB_REF": "refs/tags/v1", "GITHUB_REF_NAME": "v1", "GITHUB_REF_TYPE": "tag"}, None, None),
        (
            {
                **GITHUB,
                "GITHUB_REF": "refs/pull/12/merge",
                "GITHUB_REF_NAME": "12/merge",
                "GITHUB_REF_TYPE": "branch",
                "GITHUB_HEAD_REF": "fix",
            },
            "fix",
            "12",
        ),
        ({**GITLAB, "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_NAME": "main"}, "main", None),
        ({**GITLAB, "CI_COMMIT_TAG": "v1", "CI_COMMIT_REF_NAME": "v1"}, None, None),
        ({**GITLAB, "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix"}, "fix", "7"),
        (
            {
                **GITLAB,
                "CI_EXTERNAL_PULL_REQUEST_IID": "8",
                "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": "fix",
                "CI_COMMIT_BRANCH": "fix",
            },
            "fix",
            "8",
        ),
        ({**BUILDKITE, "BUILDKITE_BRANCH": "main", "BUILDKITE_PULL_REQUEST": "false"}, "main", "false"),
        ({**BUILDKITE, "BUILDKITE_BRANCH": "fix", "BUILDKITE_PULL_REQUEST": "9"}, "fix", "9"),
        ({**BUILDKITE, "BUILDKITE_BRANCH": "v1", "BUILDKITE_TAG": "v1"}, None, None),
        ({**JENKINS, "GIT_BRANCH": "origin/a/b"}, "a/b", None),
        ({**JENKINS, "BRANCH_NAME": "main", "GIT_BRANCH": "origin/main"}, "main", None),
        ({**JENKINS, "BRANCH_NAME": "PR-3", "CHANGE_BRANCH": "fix", "CHANGE_ID": "3"}, "fix", "3"),
        ({**JENKINS, "BRANCH_NAME": "v1", "TAG_NAME": "v1"}, None, None),
    ],
)
def test_a_build(variables: dict[str, str], branch: str | None, pull_request: str | None) -> None:
    build = ci_build(variables)
    assert build is not None
    provider = next(
        each for each in ("github", "gitlab", "buildkite", "jenkins") if each.upper() in str(variables)
    )
    assert build == CiBuild(provider, SHA, branch or build.branch, pull_request)
    assert (build.branch or None) == branch


@pytest.mark.parametrize(
    "variables", [{}, {"CI": "true"}, {"GITHUB_ACTIONS": "", "GITHUB_SHA": SHA}, {"GIT_COMMIT": SHA}]
)
def test_no_build(variables: dict[str, str]) -> None:
    assert ci_build(variables) is None
