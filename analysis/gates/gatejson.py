"""gate.json: the verdict for other programs; its schema is published in docs/gate.schema.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from analysis.gates.schema import Undecided
from analysis.gates.verdict import Case, Judgement, Verdict
from wiretax import __version__

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class GateFile:
    """The verdict on one run.

    Attributes:
        schema: of this file.
        wiretax: the version that judged.
        exit_code: 0; 3 a check failed, 4 one is undecided and must not be, 5 figures don't count.
        counts: cases by verdict.
        run: the name of the run's folder.
        plan: the name of its plan.
        started: when it began, in ISO 8601.
        gates: the gates file.
        inconclusive: what an undecided case means.
        invalid_because: why none of the run's figures count.
        notes: what a reader has to know of the figures.
        cases: in the order of the checks.
    """

    schema: int
    wiretax: str
    exit_code: int
    counts: dict[Verdict, int]
    run: str
    plan: str
    started: str
    gates: str
    inconclusive: Undecided
    invalid_because: tuple[str, ...]
    notes: tuple[str, ...]
    cases: tuple[Case, ...]


def gate_json(judgement: Judgement) -> bytes:
    """The file."""
    document = GateFile(
        schema=SCHEMA,
        wiretax=__version__,
        exit_code=judgement.exit_code,
        counts=judgement.counts,
        run=judgement.run,
        plan=judgement.plan,
        started=judgement.started,
        gates=judgement.gates,
        inconclusive=judgement.inconclusive,
        invalid_because=judgement.invalid_because,
        notes=judgement.notes,
        cases=judgement.cases,
    )
    return orjson.dumps(msgspec.to_builtins(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def gate_schema() -> dict[str, Any]:
    """The JSON Schema of the file, as the records have it."""
    schema = msgspec.json.schema(GateFile)
    definitions = schema["$defs"]
    for definition in definitions.values():
        definition["additionalProperties"] = False
        definition["required"] = list(definition["properties"])
        # Python's way of describing members reads badly elsewhere.
        definition["description"] = definition["description"].partition("\n")[0]
        for property_ in definition["properties"].values():
            property_.pop("default", None)
    definitions["GateFile"]["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gate.json of wiretax",
        **{name: value for name, value in schema.items() if name != "title"},
    }
