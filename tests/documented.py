"""What a command printed with ``--json``: one document that has the published form."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import jsonschema

SCHEMAS = Path(__file__).parents[1] / "docs" / "schema"


def document_in(printed: str | bytes, command: str) -> dict[str, Any]:
    """The document of a command; it fails if there is more than that, or if it does not conform to the schema."""
    document: dict[str, Any] = json.loads(printed, parse_constant=_refuse)
    _validator(command).validate(document)
    return document


@cache
def _validator(command: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{command}.json").read_text()))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
