"""The figures of a run that can be exported: each metric that gates know, of each workload that has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isclose
from typing import Any

from analysis.gates.baseline.gates import Gates
from analysis.gates.evaluation.evaluate import ROUNDING, evaluate
from analysis.gates.evaluation.result import Case
from analysis.gates.file.checks import Check, ValidityRules
from analysis.gates.measured.addresses import Views
from analysis.gates.measured.metrics import METRICS, Metric
from wiretax.escaping import disarmed, visible
from wiretax.runs.reader import Run


@dataclass(frozen=True, slots=True)
class Measurement:
    """A metric of a workload.

    Attributes:
        workload: its name.
        columns: its other columns, as ``slices.parquet`` has them.
        metric: what was measured.
        value: in the metric's unit; of several rounds, their median.
        exact: whether the value is the same in every run.
        low: the lower end of the value's interval; None if it is exact, there are too few rounds, or lower bounds
            leave it unknown.
        high: the upper end; None in the same cases.
        confidence: how often such an interval contains the true value; None if it is exact.
        is_lower_bound: whether the true value may be any larger one.
    """

    workload: str
    columns: Mapping[str, Any]
    metric: Metric
    value: float
    exact: bool
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    is_lower_bound: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """What is known of a run.

    Attributes:
        run: the name of its folder.
        plan: the name of its plan.
        started: when it began (ISO 8601, UTC).
        wiretax: the version that measured it.
        measurements: by workload, then by metric; those that are left out are missing.
        commit: of the code that it was started in; empty if it is unknown.
        labels: that the user gave it, by key.
        invalid_because: why the whole run is invalid, in a sentence each; empty if it is valid.
        left_out: why figures of a workload are missing, by its name.
    """

    run: str
    plan: str
    started: str
    wiretax: str
    measurements: tuple[Measurement, ...]
    commit: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    invalid_because: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def exported(run: Run, with_invalid: bool = False, metrics: Mapping[str, Metric] = METRICS) -> Export:
    """The figures of a run, with the names and the values that gates have.

    Args:
        run: a saved run.
        with_invalid: also the figures that a gate would call invalid, because of the run or of the workload.
        metrics: the metrics, by name; all by default.
    """
    checks = tuple(Check(id=name, metric=metric) for name, metric in metrics.items())
    result = evaluate(run, Gates(name="", rules=ValidityRules(), checks=checks, accepted={}))
    views = Views(run)
    measurements: list[Measurement] = []
    left_out: dict[str, str] = {}
    for case in result.cases:
        if case.workload is None:
            continue
        name = safe(case.workload)
        if case.measured is None:
            # A fail without a value is a workload that the server rejected; other metrics are not for it.
            if case.workload in views.of(METRICS[case.metric]).skipped:
                left_out.setdefault(name, case.message)
        elif case.verdict == "invalid" and not with_invalid:
            left_out.setdefault(name, case.message)
        else:
            columns = views.of(METRICS[case.metric]).workloads[case.workload]
            measurements.append(_measurement(name, columns, case, case.measured))
    return Export(
        run=safe(result.run),
        plan=safe(result.plan),
        started=safe(result.started),
        wiretax=safe(str(run.meta.get("wiretax", "?"))),
        commit=(run.meta.get("source") or {}).get("commit") or "",
        labels={key: safe(value) for key, value in (run.meta.get("labels") or {}).items()},
        measurements=tuple(_by_workload(measurements)),
        invalid_because=result.invalid_because,
        left_out=left_out,
    )


def chosen(measurements: Iterable[Measurement], exact: bool | None, better: str | None) -> tuple[Measurement, ...]:
    """Some of the figures.

    Args:
        measurements: all of them.
        exact: whether they are exact; None for both kinds.
        better: the direction of an improvement, "lower" or "higher"; None for both.
    """
    return tuple(
        each for each in measurements if exact in (None, each.exact) and better in (None, each.metric.better)
    )


def number(value: float) -> int | float:
    """Whole numbers without a fraction, as they are written in a gates file."""
    return int(value) if value.is_integer() else value


def _measurement(name: str, columns: Mapping[str, Any], case: Case, value: float) -> Measurement:
    return Measurement(
        workload=name,
        columns={key: safe(each) if isinstance(each, str) else each for key, each in columns.items()},
        metric=METRICS[case.metric],
        value=value,
        exact=case.kind == "deterministic",
        low=_end(case.low, value),
        high=_end(case.high, value),
        confidence=case.confidence,
        is_lower_bound=case.is_lower_bound,
    )


def _end(end: float | None, value: float) -> float | None:
    """An end of an interval. Between equal rounds it is interpolated, and rounding may put it beyond the value."""
    return value if end is not None and isclose(end, value, rel_tol=float(ROUNDING)) else end


def _by_workload(measurements: list[Measurement]) -> list[Measurement]:
    order = {name: place for place, name in enumerate(dict.fromkeys(each.workload for each in measurements))}
    return sorted(measurements, key=lambda each: order[each.workload])


def safe(text: str) -> str:
    """Names come from files, and an export may be printed on a terminal or in a CI log."""
    return disarmed(visible(text))
