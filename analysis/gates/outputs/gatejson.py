"""gate.json: the result for other programs; its schema is published in docs/gate.schema.json."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import msgspec
import orjson

from analysis.gates.evaluation.result import GateResult, Verdict
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


def gate_json(result: GateResult) -> bytes:
    """The file."""
    document = GateFile(
        schema=SCHEMA,
        wiretax=__version__,
        exit_code=result.exit_code,
        counts=result.counts,
        **{name: getattr(result, name) for name in RESULT},
    )
    return orjson.dumps(msgspec.to_builtins(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def gate_schema() -> dict[str, Any]:
    """The JSON Schema of the file, derived from its types."""
    schema = msgspec.json.schema(GateFile)
    definitions = schema["$defs"]
    for definition in definitions.values():
        definition["additionalProperties"] = False
        definition["required"] = list(definition["properties"])
        # Docstrings of attributes are not suitable as descriptions.
        definition["description"] = definition["description"].partition("\n")[0]
        for property_ in definition["properties"].values():
            property_.pop("default", None)
    definitions["GateFile"]["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gate.json of wiretax",
        **{name: value for name, value in schema.items() if name != "title"},
    }
