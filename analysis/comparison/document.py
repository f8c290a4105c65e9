"""A comparison as a JSON document."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from analysis.comparison.bytes_compared import PartChange, WorkloadBytes
from analysis.comparison.compare import Comparison
from analysis.comparison.side import Side
from analysis.comparison.times_compared import TimesPair
from analysis.gates.evaluation.result import Case

SCHEMA = 1


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison; ``docs/schema/compare.json`` describes it."""
    return {
        "schema": SCHEMA,
        "before": _side(comparison.before),
        "after": _side(comparison.after),
        "differs": comparison.differs,
        "workloads": [_workload(each) for each in comparison.bytes],
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
        "times": [_pair(each) for each in comparison.times],
        "times_not_comparable": list(comparison.not_timed),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "run": side.name,
        "started": side.meta.get("started"),
        "plan": (side.meta.get("plan") or {}).get("name"),
        "wiretax": side.meta.get("wiretax"),
        "labels": dict(side.meta.get("labels") or {}),
        "source": dict(side.meta.get("source") or {}),
        "valid": not side.invalid_because,
        "invalid_because": list(side.invalid_because),
    }


def _workload(row: WorkloadBytes) -> dict[str, Any]:
    return {
        "workload": row.workload,
        "exact": row.is_exact,
        "sent_per_event": {"before": _number(row.before), "after": _number(row.after)},
        "changes": [_change(each) for each in row.changes],
    }


def _change(row: PartChange) -> dict[str, Any]:
    return {
        "part": row.part,
        "per": row.per,
        "before": _number(row.before),
        "after": _number(row.after),
        "causes": [{"what": each.what, "bytes": each.bytes} for each in row.causes],
        "unexplained": row.unattributed,
    }


def _pair(row: TimesPair) -> dict[str, Any]:
    return {
        "workload": row.workload,
        "metric": row.metric,
        "unit": row.before.unit,
        "before": _case(row.before),
        "after": _case(row.after),
        "ratio": row.ratio,
        "intervals": row.shown,
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "value": case.measured,
        "low": case.low,
        "high": case.high,
        "is_lower_bound": case.is_lower_bound,
        "rounds": case.rounds,
    }


def _number(value: Fraction | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
