"""The document of ``wiretax run --json``."""

from __future__ import annotations

from typing import Any

from analysis.documents.blocks.capacities import CAPACITIES, TARGET, capacity_blocks
from analysis.documents.blocks.deliveries import DELIVERIES, delivery_rows
from analysis.documents.blocks.queues import QUEUES, queue_rows
from analysis.documents.blocks.ratios import SERVERS, STARTS, server_rows, start_rows
from analysis.documents.blocks.stages import (
    RECOVERIES,
    STAGES,
    recovery_rows,
    stage_rows,
)
from analysis.documents.blocks.workloads import WORKLOADS, workload_rows
from analysis.documents.heading import RUN_FIELDS, heading
from analysis.documents.shapes import Field, Json, schema, texts
from analysis.findings.cautions import cautions
from analysis.gates.evaluation.result import GateResult
from analysis.gates.outputs.gatejson import gate_document, gate_schema
from analysis.measures.counts import counts_of
from analysis.measures.queues import queue_frontier
from analysis.measures.summary import summarise
from wiretax.runs.reader import Run

CAUTIONS = texts("cautions", "A sentence per reason not to rely on some ratios")
GATE = Field(
    "gate", {"$ref": "#/$defs/GateFile"}, "Of a run with gates: the verdict, as in gate.json", optional=True
)
BLOCKS = (SERVERS, STARTS, STAGES, TARGET, CAPACITIES, QUEUES, RECOVERIES, DELIVERIES)


def run_document(run: Run, exit_code: int, problem: str = "", verdict: GateResult | None = None) -> Json:
    """The figures of a run.

    Args:
        run: a run of a plan.
        exit_code: of the command.
        problem: why the run is not in the folder that was meant for it; empty if it is.
        verdict: of its gates; None without gates.
    """
    # Added up once for all blocks.
    counted = counts_of(run.slices)
    has_rates = len(run.slices) > 0
    found: dict[str, Any] = {
        "servers": server_rows(counted) if has_rates and run.meta.get("against") else [],
        "starts": start_rows(counted) if has_rates else [],
        "stages": stage_rows(run),
        **capacity_blocks(run),
        "queues": queue_rows(queue_frontier(run)),
        "recoveries": recovery_rows(run),
        "deliveries": delivery_rows(run),
    }
    return {
        **heading(run, exit_code, problem),
        "cautions": [str(each) for each in cautions(counted, run.meta)],
        "workloads": workload_rows(summarise(counted, run.latencies)) if has_rates else [],
        **{name: block for name, block in found.items() if block},
        **({} if verdict is None else {"gate": gate_document(verdict)}),
    }


def run_schema() -> Json:
    """Its JSON Schema."""
    return schema(
        "wiretax run --json",
        "What wiretax run measured: the run, the figures of its table, and a block for each other kind of figure",
        (*RUN_FIELDS, CAUTIONS, WORKLOADS, *BLOCKS, GATE),
        gate_schema()["$defs"],
    )
