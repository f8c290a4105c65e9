"""Evaluating a gate: a pure function of a saved run and the checks.

Exact figures are compared exactly: as fractions of whole numbers, with limits as they are written. Others are
compared by the confidence interval of their median over rounds: a check passes if the whole interval is within the
limits, fails if all of it is beyond one, and is inconclusive in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isfinite
from typing import Any

import numpy as np

from analysis.gates.baseline.accepted import Accepted, Origin, find, identifying_columns, origin_of
from analysis.gates.baseline.gates import Gates
from analysis.gates.baseline.subject import Missing, Sample, Subject, sample, subjects
from analysis.gates.evaluation.origin import accepted_words, other_address, other_origin, possible_reason
from analysis.gates.evaluation.phrases import figure, span, unit_of
from analysis.gates.evaluation.phrases import measured as measured_of
from analysis.gates.evaluation.result import Case, GateResult, Verdict
from analysis.gates.evaluation.validity import why_invalid, why_run_is_invalid
from analysis.gates.file.checks import Check
from analysis.gates.measured.addresses import Views
from analysis.gates.measured.metrics import Metric
from analysis.gates.measured.run_counts import Measured
from analysis.gates.measured.search_counts import Searched
from analysis.measures.interval import LEAST_ROUNDS, median_interval
from analysis.measures.latency import samples_needed
from analysis.measures.levels import levels_of
from wiretax.channels.request.address import STANDARD
from wiretax.runs.reader import Run

# The same bytes per event, computed from different sums, may differ in a float's last digits.
ROUNDING = Fraction(1, 10**12)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a case, from its check and its baseline."""

    least: Fraction | None
    most: Fraction | None


def evaluate(run: Run, gates: Gates) -> GateResult:
    """Check a run.

    Args:
        run: a saved run, or one that is still being measured.
        gates: the checks and their baselines.
    """
    views = Views(run)
    reasons = why_run_is_invalid(run, views)
    here = origin_of(run.meta)
    cases = [case for check in gates.checks for case in _cases(check, views, gates, here)]
    note = views.note() if any(check.metric.names_endpoint for check in gates.checks) else None
    nothing = "every check was skipped, so the gate says nothing about the run"
    notes = [note, nothing if cases and all(case.verdict == "skipped" for case in cases) else None]
    if reasons:
        cases = [replace(case, verdict="invalid", message=reasons[0]) for case in cases]
    return GateResult(
        run=_writable(run.folder.name),
        plan=str(run.meta.get("plan", {}).get("name", "")),
        started=str(run.meta.get("started", "")),
        gates=_writable(gates.name),
        inconclusive=gates.rules.inconclusive,
        invalid_because=reasons,
        notes=tuple(each for each in notes if each is not None),
        cases=tuple(cases),
    )


def _writable(name: str) -> str:
    """A file's name as valid text: on Linux it may contain any bytes."""
    return name.encode("utf-8", "replace").decode()


def _cases(check: Check, views: Views, gates: Gates, here: Origin) -> Iterator[Case]:
    form = None if check.compare is None else check.compare.form
    for subject in subjects(check, views.of(check.metric)):
        case = Case(
            check=check.id,
            metric=check.metric.name,
            unit="x" if form == "ratio" else check.metric.unit,
            kind=check.metric.kind,
            verdict="fail",
            workload=subject.workload,
            compare=None if isinstance(subject, Missing) else form,
            minimum=_number(check.minimum),
            maximum=_number(check.maximum),
        )
        if isinstance(subject, Missing):
            yield replace(case, verdict="skipped" if subject.is_left_out else "fail", message=subject.what)
        else:
            yield _checked(replace(case, to=subject.to), check, subject, views, gates, here)


def _checked(case: Case, check: Check, subject: Subject, views: Views, gates: Gates, here: Origin) -> Case:
    before = None
    if check.baseline is not None:
        before = find(gates.accepted[check.id], check, identifying_columns(views.of(check.metric), subject))
    # A baseline is compared at the address for which it is stated; limits hold at the standard address.
    address = STANDARD if before is None else before.address
    measured = views.of(check.metric, address if check.metric.names_endpoint else None)
    invalid_because = why_invalid(subject, check.metric, measured, gates.rules)
    if invalid_because is None and check.metric.is_speed and measured.why_no_speed:
        return replace(case, verdict="inconclusive", message=measured.why_no_speed.rstrip("."))
    values = sample(check, measured, subject)
    case = _with_measured(case, check, values)
    if invalid_because is not None:
        return replace(case, verdict="invalid", message=invalid_because)
    if check.metric.needs_trigger:
        for name in subject.names:
            if trigger := measured.skipped_trigger(name):
                return replace(case, message=f"nothing to compare it with: {measured.why_skipped(trigger)}")
            if (trigger := measured.left_out_trigger(name)) and name not in measured.triggers:
                message = f"{trigger}, to compare it with, was {measured.why_left_out}"
                return replace(case, verdict="skipped", message=message)
        if any(name not in measured.triggers for name in subject.names):
            return replace(
                case, message="the run has no trigger of the same payload and client to compare it with"
            )
    overloaded, unlimited = _overloaded(check, subject, measured), ""
    if case.measured is None and check.metric.quantile is not None and not overloaded:
        too_few = _too_few(subject, measured, check.metric)
        return replace(case, verdict="inconclusive", message=too_few)
    if isinstance(measured, Searched):
        unlimited = "; ".join(filter(None, map(measured.why_unlimited, subject.names)))
        if case.measured is None:
            return replace(case, verdict="inconclusive", message=unlimited)
    if case.measured is None and not overloaded:
        return replace(case, verdict="invalid", message=f"{check.metric.name} could not be measured")
    bounds, words = Bounds(check.minimum, check.maximum), ""
    if check.baseline is not None:
        if before is None:
            nothing = f"nothing is accepted for it in {check.baseline}; look at it, then wiretax gate --accept"
            return replace(case, message=f"{figure(case.measured, unit_of(case))}: {nothing}")
        case = replace(case, baseline=before.value)
        other = other_origin(before, check, case, here, views, subject) or other_address(
            before, check, views, subject
        )
        if other is not None:
            return replace(case, verdict="skipped" if case.kind == "stochastic" else "fail", message=other)
        bounds, words = _within(bounds, check, before), accepted_words(before, case, here)
    case = replace(case, minimum=_number(bounds.least), maximum=_number(bounds.most))
    if overloaded:
        return replace(case, message=f"{overloaded}: {measured_of(case)}, {span(case)}{words}")
    if values.exact is not None:
        case = _exact(case, values.exact, bounds, words)
    elif values.estimate is not None:
        case = _by_estimate(case, bounds, words, unlimited)
    else:
        case = _by_rounds(case, check.metric, values.grouped, bounds, words)
    if before is None or case.verdict == "pass":
        return case
    return replace(case, message=case.message + possible_reason(before, check, views, subject, here))


def _with_measured(case: Case, check: Check, values: Sample) -> Case:
    if values.exact is not None:
        return replace(
            case,
            kind="deterministic",
            measured=float(values.exact),
            exact=str(values.exact),
            rounds=len(values.rounds),
        )
    if values.estimate is not None:
        low, high = (float(end) for end in values.estimate.interval(check.confidence))
        return replace(
            case,
            measured=values.value,
            is_lower_bound=values.estimate.no_upper,
            low=low if low > 0 else None,
            high=high if isfinite(high) else None,
            confidence=check.confidence,
        )
    given = np.array([values.rounds, values.least, values.most], dtype=float)
    is_known = np.isfinite(given[0])
    rounds, least, most = known = given[:, is_known]
    middle = float(np.median(rounds)) if known.size else None
    low, high = median_interval(least, check.confidence)[0], median_interval(most, check.confidence)[1]
    if values.starts:
        starts = np.array(values.starts)[is_known]
        levels, lowest, highest = (levels_of(each, starts, check.confidence) for each in known)
        if levels is not None and lowest is not None and highest is not None:
            middle, low, high = levels.estimate, lowest.low, highest.high
    enough = len(rounds) >= least_rounds(check.confidence)
    return replace(
        case,
        kind="stochastic",
        measured=middle,
        is_lower_bound=known.size > 0 and bool(np.median(most) == inf),
        low=float(low) if enough and isfinite(low) else None,
        high=float(high) if enough and isfinite(high) else None,
        confidence=check.confidence,
        rounds=len(rounds),
    )


def _exact(case: Case, value: Fraction, bounds: Bounds, words: str) -> Case:
    message = f"{measured_of(case)}, {span(case)}{words}"
    bad = (bounds.least is not None and value < bounds.least) or (bounds.most is not None and value > bounds.most)
    return replace(case, verdict="fail" if bad else "pass", message=message)


def _by_rounds(case: Case, metric: Metric, grouped: bool, bounds: Bounds, words: str) -> Case:
    by = _rounds(case, grouped)
    needed = least_rounds(case.confidence or 0.0)
    if case.rounds < needed:
        message = f"{measured_of(case)} by {by}, too few for an interval: it takes {needed} or more"
        return replace(case, verdict="inconclusive", message=message)
    least = None if bounds.least is None else bounds.least - abs(bounds.least) * ROUNDING
    most = None if bounds.most is None else bounds.most + abs(bounds.most) * ROUNDING
    message, verdict = f"{measured_of(case)} by {by}, {span(case)}{words}", _verdict(case, Bounds(least, most))
    if verdict != "inconclusive":
        return replace(case, verdict=verdict, message=message)
    if case.low is not None and case.high is not None:
        return replace(case, verdict="inconclusive", message=f"{message}: the limit lies inside the interval")
    why = "calls without an acknowledgement would have taken longer, by an unknown time"
    if metric.queue is not None:
        why = "the queue was still growing in some rounds, or calls were not acknowledged"
    return replace(case, verdict="inconclusive", message=f"{message}: {why}, so this can't pass")


def _by_estimate(case: Case, bounds: Bounds, words: str, unlimited: str) -> Case:
    """The verdict on a capacity by its interval; ``unlimited``: why the interval has only one end, if so."""
    message = f"{measured_of(case)}, {span(case)}{words}"
    verdict = _verdict(case, bounds)
    if verdict == "inconclusive":
        why = unlimited or "the limit lies inside the interval; a longer time in [capacity] narrows it"
        message += f": {why}"
    return replace(case, verdict=verdict, message=message)


def _verdict(case: Case, bounds: Bounds) -> Verdict:
    """The verdict by a case's interval. An unknown end may be anywhere."""
    low, high = (-inf if case.low is None else case.low), (inf if case.high is None else case.high)
    if (bounds.least is not None and high < bounds.least) or (bounds.most is not None and low > bounds.most):
        return "fail"
    inside = (bounds.least is None or low >= bounds.least) and (bounds.most is None or high <= bounds.most)
    return "pass" if inside else "inconclusive"


def _rounds(case: Case, grouped: bool) -> str:
    what = "group of rounds" if grouped and case.rounds == 1 else "groups of rounds" if grouped else "rounds"
    return "1 round" if case.rounds == 1 and not grouped else f"{case.rounds} {what}"


def _overloaded(check: Check, subject: Subject, measured: Measured) -> str:
    """That a value has no upper limit because it grows for as long as a queue is measured, as part of a sentence;
    empty if it does not, or if the check sets no such limit."""
    queue, has_limit = check.metric.queue, check.maximum is not None or check.max_increase is not None
    if queue is None or not queue.grows or not has_limit:
        return ""
    if subject.to is not None and measured.queue.why_overloaded(subject.to):
        # The queue that it is compared with may have grown faster.
        return ""
    return measured.queue.why_overloaded(subject.workload)


def _too_few(subject: Subject, measured: Measured, metric: Metric) -> str:
    """Why there are too few samples for a percentile, and what to do."""
    assert metric.quantile is not None
    what, kind = ("calls", "") if metric.queue is None else ("events", metric.queue.name)
    if metric.queue is not None and metric.queue.of_subscribers:
        what = "deliveries"
    found = " and ".join(f"{measured.calls(name, kind):,} of {name}" for name in subject.names)
    return (
        f"p{metric.quantile * 100:g} needs {samples_needed(metric.quantile):,} {what}, the run has {found}: add "
        "rounds or lengthen slices"
    )


def least_rounds(confidence: float) -> int:
    """The smallest number of rounds whose median has an interval with this confidence."""
    rounds = LEAST_ROUNDS
    while 1 - 2.0 ** (1 - rounds) < confidence:
        rounds += 1
    return rounds


def _within(own: Bounds, check: Check, before: Accepted) -> Bounds:
    value = before.fraction
    least, most = own.least, own.most
    if check.max_increase is not None:
        allowed = value + check.max_increase.of(value)
        most = allowed if most is None else min(most, allowed)
    if check.max_decrease is not None:
        allowed = value - check.max_decrease.of(value)
        least = allowed if least is None else max(least, allowed)
    return Bounds(least, most)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
