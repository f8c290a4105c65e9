"""The JSON Schemas of all documents; ``python -m docs.schemas`` writes them into docs/schema/."""

from __future__ import annotations

from collections.abc import Callable

from analysis.documents.advice import advice_schema
from analysis.documents.checks import checks_schema
from analysis.documents.comparison import comparison_schema
from analysis.documents.history import history_schema
from analysis.documents.listed import runs_schema
from analysis.documents.observed import observed_schema
from analysis.documents.run import run_schema
from analysis.documents.shapes import Json
from analysis.gates.outputs.gatejson import gate_schema

# By command.
SCHEMAS: dict[str, Callable[[], Json]] = {
    "advise": advice_schema,
    "compare": comparison_schema,
    "doctor": checks_schema,
    "gate": gate_schema,
    "history": history_schema,
    "observe": observed_schema,
    "run": run_schema,
    "runs": runs_schema,
}
