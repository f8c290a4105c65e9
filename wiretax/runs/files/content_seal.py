"""The seal of ``run.json`` itself: a checksum of its content by keys in order: its layout does not matter.

Unlike ``seal``, this does without pyarrow, which takes long to load.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

# Keys of run.json.
FILES = "files"
CHECKSUM = "sha256"


def digest(data: bytes) -> str:
    """The checksum of a file, as ``sha256sum`` prints it."""
    return sha256(data).hexdigest()


def seal_run(meta: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
    """``run.json`` with the seals of the other files and its own checksum."""
    document = {**meta, FILES: files}
    return {**document, CHECKSUM: _content(document)}


def break_seal(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None, str]:
    """Take the seal off ``run.json``.

    Returns:
        What was sealed; the seals of the other files, None in older runs; and a sentence if the content
        lacks the checksum, else nothing.
    """
    expected = document.pop(CHECKSUM, None)
    found = _content(document)
    files = document.pop(FILES, None)
    if files is None and expected is None:
        return document, None, ""
    if expected != found:
        given = f"expected {str(expected)[:12]}..." if expected else "but it records none"
        return document, files, f"run.json was changed: its content has the {CHECKSUM} {found[:12]}..., {given}"
    return document, files, ""


def _content(document: dict[str, Any]) -> str:
    return digest(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
