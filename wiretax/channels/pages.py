"""HTML pages: what web servers and proxies answer in place of the API, which never does."""

from __future__ import annotations

import re
from html import unescape

PAGE = "an HTML page"
EXPECTED_JSON = "expected a JSON object, got "
# The head of a page is enough to know it, and its title.
HEAD_BYTES = 4096
TITLE_LENGTH = 100
BEGINNING = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype html|html|head|title|body|h1)\b",
    re.IGNORECASE | re.DOTALL,
)
TITLES = [
    re.compile(b"<%b[^>]*>(.*?)</%b>" % (tag, tag), re.IGNORECASE | re.DOTALL) for tag in (b"title", b"h1", b"pre")
]
TAG = re.compile(r"<[^>]*>")


def describe_page(body: bytes) -> str | None:
    """An HTML page in words, like ``an HTML page ("404 Not Found")``; None if the body is something else."""
    head = body[:HEAD_BYTES]
    if BEGINNING.match(head) is None:
        return None
    for title in TITLES:
        if found := title.search(head):
            text = " ".join(unescape(TAG.sub(" ", found[1].decode("utf-8", "replace"))).split())
            # Express names every error page so, and says more below.
            if text and text != "Error":
                return f'{PAGE} ("{text[:TITLE_LENGTH]}")'
    return PAGE


def tells_of_page(message: str) -> bool:
    """Whether the message of an answer describes a page."""
    return message.removeprefix(EXPECTED_JSON).startswith(PAGE)
