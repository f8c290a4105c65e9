"""Runs made by hand and held to gates, for tests of the gate."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
from saved import latency_frame, record, slices_frame

from analysis.gates.baseline.accepted import Accepted
from analysis.gates.baseline.gates import Gates
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.evaluation.result import GateResult
from analysis.gates.file.parser import parse_gates
from wiretax.runs.reader import Run
from wiretax.wire.slices import Slice

COUNTS = {"requests": 1, "events": 1, "request_bytes": 350, "response_bytes": 72}
META: dict[str, Any] = {
    "schema": 1,
    "wiretax": "0.1.0",
    "started": "2026-01-31T12:30:00.000+00:00",
    "plan": {"name": "ci", "users": 4},
    "endpoint": "http://127.0.0.1:40000/apps/123456",
    "mock": {"servers": 1, "rtt_s": 0.0},
    "environment": {"python": "3.11.7", "kernel": "Linux 6.1", "cpu_model": "A CPU", "cores": 2},
    "profiles": {"reference": "none", "python": "pusher 3.3.4, requests 2.34.2"},
    "valid": True,
    "invalid_because": [],
    "reconcile": {
        "agrees": True,
        "model": COUNTS,
        "socket": COUNTS,
        "kernel": None,
        "server": None,
        "differences": [],
    },
}
NO_LATENCY = pd.DataFrame(columns=["round", "workload", "bucket_low_s", "bucket_high_s", "count"])
NOTHING = pd.DataFrame()


def run_of(slices: pd.DataFrame, latency: pd.DataFrame = NO_LATENCY, **meta: Any) -> Run:
    """A saved run with these slices; ``meta`` replaces keys of ``run.json``."""
    return Run(
        folder=Path("2026-01-31T12-30-00-ci"),
        meta={**META, **meta},
        slices=slices,
        latency=latency,
        failures=NOTHING,
        server=None,
        queued=NOTHING,
        queue=NOTHING,
        waits=NOTHING,
    )


def run_of_pieces(*slices: Slice, **meta: Any) -> Run:
    """A saved run of these slices, with their latencies."""
    made = record(*slices)
    return run_of(slices_frame(made), latency_frame(made), **meta)


def gates_of(text: str, accepted: dict[str, tuple[Accepted, ...]] | None = None) -> Gates:
    """Gates from the text of a file, its schema left out."""
    rules, checks = parse_gates(tomllib.loads("schema = 1\n" + text), Path())
    return Gates("gates.toml", rules, checks, accepted or {})


def judged(run: Run, text: str) -> GateResult:
    """A run held to the text of a gates file."""
    return evaluate(run, gates_of(text))


def verdicts(result: GateResult) -> list[tuple[str | None, str]]:
    """Workload and verdict of each case."""
    return [(case.workload, case.verdict) for case in result.cases]
