"""Properties of JSON documents: what one is called, means and holds. Values and JSON Schemas follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import pandas as pd

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A property.

    Attributes:
        name: with the unit of a size, a time or a rate.
        schema: its JSON Schema without a description.
        description: its meaning, in a sentence.
        unit: of a number.
        null: when it is null; empty if it never is.
        source: the column that holds it, if that has another name.
        optional: whether it may be missing.
    """

    name: str
    schema: Json
    description: str
    unit: str = ""
    null: str = ""
    source: str = ""
    optional: bool = False

    def value(self, row: Mapping[Any, Any]) -> Any:
        """Its value in a row of a frame: NaN and infinity are null, or false if it is a flag."""
        raw = row.get(self.source or self.name)
        kind = self.schema.get("type")
        if raw is None or raw is pd.NA or (isinstance(raw, float) and not isfinite(raw)):
            return False if kind == "boolean" and not self.null else None
        convert = {"boolean": bool, "integer": int, "number": float, "string": str}.get(str(kind))
        return raw if convert is None else convert(raw)

    def as_schema(self) -> Json:
        unit = f" Unit: {self.unit}." if self.unit else ""
        null = f" null: {self.null}." if self.null else ""
        return {
            "description": f"{self.description}.{unit}{null}",
            **(_or_null(self.schema) if null else self.schema),
        }


def _or_null(schema: Json) -> Json:
    if "type" in schema and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]}


def number(name: str, unit: str, description: str, **more: Any) -> Field:
    return Field(name, {"type": "number"}, description, unit, **more)


def whole(name: str, unit: str, description: str, **more: Any) -> Field:
    return Field(name, {"type": "integer"}, description, unit, **more)


def text(name: str, description: str, **more: Any) -> Field:
    return Field(name, {"type": "string"}, description, **more)


def flag(name: str, description: str, **more: Any) -> Field:
    return Field(name, {"type": "boolean"}, description, **more)


def choice(name: str, words: Iterable[str], description: str, **more: Any) -> Field:
    return Field(name, {"enum": [*words]}, description, **more)


def texts(name: str, description: str, **more: Any) -> Field:
    return Field(name, {"type": "array", "items": {"type": "string"}}, description, **more)


def block(name: str, fields: Sequence[Field], description: str, **more: Any) -> Field:
    """An object with exactly these properties."""
    return Field(name, closed(fields), description, **more)


def rows(name: str, fields: Sequence[Field], description: str, **more: Any) -> Field:
    """A list of objects with exactly these properties."""
    return Field(name, {"type": "array", "items": closed(fields)}, description, **more)


def version(number_: int) -> Field:
    """The version of a document."""
    return Field(
        "schema",
        {"const": number_},
        "Version of this document; it grows if a property is removed, renamed or redefined",
    )


def bounded(name: str, description: str, null: str, unit: str = "s") -> tuple[Field, Field]:
    """A percentile, and whether it is a lower bound."""
    return (
        number(name, unit, description, null=null),
        flag(f"{name}_is_lower_bound", f"Whether {name} may be longer, as it depends on calls without a response"),
    )


def interval(name: str, unit: str, description: str, null: str, source: str = "") -> tuple[Field, ...]:
    """A value and the ends of its interval, with the suffixes ``_low`` and ``_high``."""
    column = source or name
    return (
        number(name, unit, description, null=null, source=column),
        *(
            number(
                f"{name}_{end}",
                unit,
                f"{place} end of the 95 % interval of {name}",
                null="unknown, or nothing limits this end",
                source=f"{column}_{end}",
            )
            for end, place in (("low", "Lower"), ("high", "Upper"))
        ),
    )


def closed(fields: Sequence[Field]) -> Json:
    """The schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": {each.name: each.as_schema() for each in fields},
        "required": [each.name for each in fields if not each.optional],
        "additionalProperties": False,
    }


def filled(fields: Iterable[Field], row: Mapping[Any, Any]) -> Json:
    """The object of a row."""
    return {each.name: each.value(row) for each in fields}


def filled_rows(fields: Sequence[Field], frame: pd.DataFrame) -> list[Json]:
    """An object for each row of a frame."""
    return [filled(fields, row) for row in frame.to_dict("records")]


def optional(field: Field) -> Field:
    """The same property, in documents that may lack it."""
    return replace(field, optional=True)


def schema(title: str, description: str, fields: Sequence[Field], definitions: Json | None = None) -> Json:
    """The JSON Schema of a document."""
    whole_schema = {"$schema": DIALECT, "title": title, "description": description, **closed(fields)}
    return {**whole_schema, "$defs": definitions} if definitions else whole_schema
