"""Writes the JSON Schemas of all documents into docs/schema/: ``python -m docs.schemas``, or ``make refresh``."""

from __future__ import annotations

from pathlib import Path

import orjson

from analysis.documents.schemas import SCHEMAS

FOLDER = Path(__file__).parent / "schema"


def written() -> dict[Path, bytes]:
    """The content of each file."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {FOLDER / f"{name}.json": orjson.dumps(make(), option=option) for name, make in SCHEMAS.items()}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for file, data in written().items():
        file.write_bytes(data)


if __name__ == "__main__":
    main()
