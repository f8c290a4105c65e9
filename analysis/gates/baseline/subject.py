"""Which workloads of a run a check is about, which are held against which, and what they measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from analysis.gates.file.checks import Check, Comparison, Where
from analysis.gates.file.schema import Form
from analysis.gates.measured.run_counts import Measured

# The call and its size: what is compared most, so naming any of them frees them all.
CALL = ("api", "batch_size", "channels")


@dataclass(frozen=True, slots=True)
class Subject:
    """What one case is about: a workload, or one held against another."""

    workload: str
    to: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.workload,) if self.to is None else (self.workload, self.to)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a check asks for and a run does not have."""

    what: str
    workload: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured of a subject.

    Attributes:
        exact: the value, where it is the same in every run; else None.
        rounds: the values of the rounds that have one; of a percentile, those of rounds or groups of rounds that
            hold calls enough.
        least: the least that each may be: less than its value where that is divided by, or reduced by, a lower
            bound.
        most: the most that each may be: infinity where it is a lower bound.
        grouped: whether rounds were taken together, since one alone holds too few calls.
    """

    exact: Fraction | None
    rounds: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    grouped: bool = False


def subjects(check: Check, measured: Measured) -> list[Subject | Missing]:
    """A subject per workload that the check matches; what it asks for in vain stands among them."""
    if check.compare is None:
        found = _matching(check.where, measured.workloads)
        skipped = _matching(check.where, measured.skipped)
        if check.metric.needs_trigger:
            # A trigger against itself says nothing.
            found = [name for name in found if measured.triggers.get(name) != name]
            skipped = [name for name in skipped if measured.skipped[name]["api"] != "trigger"]
        whole = [Subject(name) for name in found if name not in measured.skipped]
        return [*whole, *_left_out(skipped, measured)] or [Missing(_none(check.where, measured))]
    found = _matching(check.compare.of, measured.workloads)
    pairs = [_pair(name, check.compare, measured) for name in found if name not in measured.skipped]
    skipped = _matching(check.compare.of, measured.skipped)
    return [*pairs, *_left_out(skipped, measured)] or [Missing(_none(check.compare.of, measured))]


def sample(check: Check, measured: Measured, subject: Subject) -> Sample:
    """The values of a subject; ratios and differences are taken round by round."""
    metric, form = check.metric, None if check.compare is None else check.compare.form
    if metric.quantile is not None:
        return _percentiles(metric.quantile, form, measured, subject)
    exact = all(metric.is_exact(measured.workloads[name]) for name in subject.names)
    own = metric.by_round(measured, subject.workload)
    whole = metric.whole(measured, subject.workload) if exact else None
    if subject.to is not None and form is not None:
        other = metric.by_round(measured, subject.to)
        paired = ((value, other[each]) for each, value in own.items() if each in other)
        own = dict(enumerate(_held(value, by, form) for value, by in paired if by or form == "difference"))
        by = metric.whole(measured, subject.to) if exact else None
        if whole is not None:
            whole = None if by is None or not (by or form == "difference") else _held(whole, by, form)
    values = tuple(own.values())
    return Sample(Fraction(whole) if whole is not None else None, values, values, values)


def _percentiles(quantile: float, form: Form | None, measured: Measured, subject: Subject) -> Sample:
    """A percentile by groups of rounds; a lower bound may be anything from itself on."""
    values = []
    groups = measured.groups(subject.names, quantile)
    for rounds in groups:
        found = [measured.latency(name, rounds, quantile) for name in subject.names]
        spans = [(each.seconds, inf if each.is_lower_bound else each.seconds) for each in found]
        value = spans[0][0], *spans[0]
        if form is not None:
            (least, most), (by_least, by_most) = spans
            value = _held(least, by_least, form), _held(least, by_most, form), _held(most, by_least, form)
        values.append(value)
    rounds_, least_, most_ = zip(*values, strict=True) if values else ((), (), ())
    return Sample(None, rounds_, least_, most_, grouped=any(len(each) > 1 for each in groups))


def _held(value: Any, by: Any, form: Form) -> Any:
    return value / by if form == "ratio" else value - by


def _left_out(skipped: list[str], measured: Measured) -> list[Missing]:
    return [Missing(measured.why_skipped(name), name) for name in skipped]


def _matching(where: Where, workloads: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        name
        for name, columns in workloads.items()
        if all(columns[column] in values for column, values in where.items())
    ]


def _pair(workload: str, compare: Comparison, measured: Measured) -> Subject | Missing:
    """The one workload that ``to`` matches and that agrees in all that neither side names."""
    named = {*compare.of, *compare.to}
    free = {"workload", *named, *(CALL if named.intersection(CALL) else ())}
    own = measured.workloads[workload]
    everything = {**measured.skipped, **measured.workloads}
    alike = [
        name
        for name in _matching(compare.to, everything)
        if name != workload
        and all(value == everything[name][column] for column, value in own.items() if column not in free)
    ]
    found = [name for name in alike if name not in measured.skipped]
    if len(found) == 1:
        return Subject(workload, found[0])
    if alike and not found:
        return Missing(f"nothing to hold it against: {measured.why_skipped(alike[0])}", workload)
    if found:
        return Missing(f"held against {' and '.join(found)} alike; say more in compare.to", workload)
    return Missing(f"nothing to hold it against: no workload has {_words(compare.to)} and is like it", workload)


def _none(where: Where, measured: Measured) -> str:
    """That nothing matches, and what a column holds instead where it never has what is asked for."""
    said = f"no workload of the run has {_words(where)}"
    for column, values in where.items():
        there = {columns[column] for columns in measured.workloads.values()}
        if there and not there & values:
            return f"{said}; its {column} is {', '.join(str(each) for each in sorted(there))}"
    return said


def _words(where: Where) -> str:
    parts = [f"{column} = {' or '.join(map(str, sorted(values)))}" for column, values in where.items()]
    return ", ".join(parts) or "any columns"
