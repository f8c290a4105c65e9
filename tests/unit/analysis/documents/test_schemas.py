"""The published JSON Schemas: those of the code, strict, and with a meaning and a unit for each property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from analysis.documents.blocks.attributes import MEANINGS
from docs.schemas import FOLDER, written
from wiretax.channels.workload import ATTRIBUTES

FILES = sorted(FOLDER.glob("*.json"))
# What a gate's properties are is said in words alone.
IN_WORDS = {("gate", "exit_code"), ("gate", "rounds"), ("run", "exit_code"), ("run", "rounds")}


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas of objects within a schema."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for each in schema.values():
            yield from objects(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from objects(each)


def test_the_published_schemas_are_up_to_date() -> None:
    assert {file: file.read_bytes() for file in FILES} == written(), "run: python -m docs.schemas"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_schema_is_strict_and_describes_each_property(file: Any) -> None:
    schema = json.loads(file.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for each in objects(schema):
        assert each["additionalProperties"] is False
        assert each["type"] in ("object", ["object", "null"])
        for name, property_ in each["properties"].items():
            assert property_["description"], name
            kind = property_.get("type", "")
            kinds = {kind} if isinstance(kind, str) else set(kind)
            if kinds & {"number", "integer"} and (file.stem, name) not in IN_WORDS:
                assert " Unit: " in property_["description"], name


def test_each_attribute_of_a_workload_has_a_meaning() -> None:
    assert set(MEANINGS) == {each.column for each in ATTRIBUTES}
