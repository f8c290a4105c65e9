"""A step of action.yml: the comparison as a comment on the pull request, written once and then updated.

A comment that can't be written is a warning, since the verdict doesn't depend on it. Needs no package, and reads
the environment: ``COMPARISON`` (a file), ``NAME`` (tells several comments apart), ``PULL_REQUEST`` (its number),
``TOKEN``, and what GitHub sets for every step.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

# GitHub rejects comments of more than 65,536 characters.
MOST_CHARACTERS = 65_000
PER_PAGE = 100
# A token may change all comments of a repository, but only those that a workflow wrote are this step's.
AUTHOR = "github-actions[bot]"
TIMEOUT_S = 30.0
UNPERMITTED = (401, 403, 404)


def main() -> None:
    comments = f"/issues/{int(os.environ['PULL_REQUEST'])}/comments"
    name = re.sub(r"[^\w.-]", "-", os.environ["NAME"])
    marker = f"<!-- wiretax comparison {name} -->"
    body = {"body": comment(marker, Path(os.environ["COMPARISON"]).read_text())}
    try:
        earlier = find(comments, marker)
        if earlier is None:
            request("POST", comments, body)
        else:
            request("PATCH", f"/issues/comments/{earlier}", body)
    except urllib.error.HTTPError as error:
        hint = "; the job needs the permission pull-requests: write, which pull requests from forks don't get"
        warn(f"GitHub answered {error.code}" + (hint if error.code in UNPERMITTED else ""))
    except OSError as error:
        warn(str(getattr(error, "reason", error)))


def comment(marker: str, comparison: str) -> str:
    """The comment's Markdown: the marker that finds it again, the comparison, and a link to the job's page."""
    env = os.environ
    page = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}/actions/runs/{env['GITHUB_RUN_ID']}"
    if len(comparison) > MOST_CHARACTERS:
        comparison = comparison[:MOST_CHARACTERS].rpartition("\n")[0] + "\n\nThe job's page has the rest.\n"
    return f"{marker}\n{comparison}\n[Job's page]({page})\n"


def find(comments: str, marker: str) -> int | None:
    """The id of the comment that an earlier run of the workflow wrote."""
    page = 1
    while found := request("GET", f"{comments}?per_page={PER_PAGE}&page={page}"):
        for each in found:
            if each["user"]["login"] == AUTHOR and each["body"].startswith(marker):
                return int(each["id"])
        page += 1
    return None


def request(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """What GitHub's API answers.

    Raises:
        OSError: it can't be reached, or answers an error (``HTTPError``).
    """
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}{path}"
    asked = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['TOKEN']}",
            "Content-Type": "application/json",
            "User-Agent": "wiretax",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
        return json.load(answer)


def warn(why: str) -> None:
    """An annotation of one line."""
    print(f"::warning title=wiretax::the comparison was not written as a comment: {' '.join(why.split())}")


if __name__ == "__main__":
    main()
