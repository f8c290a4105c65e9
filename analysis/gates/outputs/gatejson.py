"""gate.json: the result for other programs; its schema is published in docs/schema/gate.json."""

from __future__ import annotations

import re
from dataclasses import fields
from inspect import getdoc
from typing import Any, get_type_hints

import msgspec
import orjson

from analysis.gates.evaluation.result import Case, GateResult, Verdict
from wiretax import __version__

SCHEMA = 1
RESULT = {field.name: get_type_hints(GateResult)[field.name] for field in fields(GateResult)}
# The version of the schema, the version that evaluated the gate, and the result.
GateFile = msgspec.defstruct(
    "GateFile",
    [
        ("schema", int),
        ("wiretax", str),
        ("exit_code", int),
        ("counts", dict[Verdict, int]),
        *RESULT.items(),
    ],
    namespace={"__doc__": "The verdict on one run."},
)


# Of what the result does not have; the rest is described where it is declared.
DESCRIPTIONS = {
    "schema": "Version of this document; it grows if a property is removed, renamed or redefined.",
    "wiretax": "Version of wiretax that evaluated the gate.",
    "exit_code": "Exit code of the gate: 0, 3 (a check failed), 4 (undecided) or 5 (invalid).",
    "counts": "Number of cases by verdict; verdicts without a case are missing.",
}
ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def gate_document(result: GateResult) -> dict[str, Any]:
    """The content of the file."""
    document = GateFile(
        schema=SCHEMA,
        wiretax=__version__,
        exit_code=result.exit_code,
        counts=result.counts,
        **{name: getattr(result, name) for name in RESULT},
    )
    made: dict[str, Any] = msgspec.to_builtins(document)
    return made


def gate_json(result: GateResult) -> bytes:
    """The file."""
    return orjson.dumps(gate_document(result), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def gate_schema() -> dict[str, Any]:
    """The JSON Schema of the file, derived from its types."""
    schema = msgspec.json.schema(GateFile)
    definitions = schema["$defs"]
    described = {"GateFile": {**_attributes(GateResult), **DESCRIPTIONS}, "Case": _attributes(Case)}
    definitions["GateFile"]["properties"]["schema"] = {"const": SCHEMA}
    for name, definition in definitions.items():
        definition["additionalProperties"] = False
        definition["required"] = list(definition["properties"])
        # Docstrings of attributes are not suitable as descriptions.
        definition["description"] = definition["description"].partition("\n")[0]
        for key, property_ in definition["properties"].items():
            property_.pop("default", None)
            property_["description"] = described[name][key]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gate.json of wiretax, and wiretax gate --json",
        **{name: value for name, value in schema.items() if name != "title"},
    }


def _attributes(record: type) -> dict[str, str]:
    """The meaning of each attribute, from the docstring of its class."""
    found = ATTRIBUTE.findall(getdoc(record) or "")
    words = {
        name: " ".join(text.split()).replace("None if", "null if").replace("None in", "null in")
        for name, text in found
    }
    return {name: text[0].upper() + text[1:] for name, text in words.items()}
