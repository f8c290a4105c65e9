"""The workloads of a run that a check is about, pairs to compare, and their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isclose, isnan
from statistics import median
from typing import Any

import numpy as np

from analysis.gates.file.checks import Check, Comparison, Where
from analysis.gates.file.schema import Form
from analysis.gates.measured.metrics import Metric
from analysis.gates.measured.run_counts import Measured
from analysis.gates.measured.search_counts import Searched
from analysis.measures.estimate import Estimate
from analysis.measures.levels import levels_of

# The call and its size are compared most often: a comparison that names one of them ignores all three.
CALL = ("api", "batch_size", "channels")


@dataclass(frozen=True, slots=True)
class Subject:
    """A workload to check, or a pair to compare."""

    workload: str
    to: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.workload,) if self.to is None else (self.workload, self.to)


@dataclass(frozen=True, slots=True)
class Missing:
    """A workload that a check selects but the run does not have.

    Attributes:
        what: why, in a line.
        workload: its name; None if there is none.
        is_left_out: whether options left it out, or what it would be compared with.
    """

    what: str
    workload: str | None = None
    is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of a subject.

    Attributes:
        exact: the value, if it is the same in every run; otherwise None.
        rounds: the values by round; those of a percentile by round or group of rounds with enough calls.
        least: the lowest possible true value of each: below the value if a lower bound is its divisor or is
            subtracted.
        most: the highest possible true value of each: infinity if it is a lower bound.
        grouped: whether rounds were combined because one alone has too few calls.
        estimate: a capacity or the ratio of two, which has no values by round; otherwise None.
        starts: the start of each of ``rounds``; empty if the run has one.
    """

    exact: Fraction | None
    rounds: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    grouped: bool = False
    estimate: Estimate | None = None
    starts: tuple[int, ...] = ()

    @property
    def value(self) -> float | None:
        """The exact value, the median over rounds (its mean over starts) or the estimate, if there is one."""
        if self.exact is not None:
            return float(self.exact)
        if self.estimate is not None:
            return None if isnan(self.estimate.value) else self.estimate.value
        levels = levels_of(self.rounds, self.starts) if self.starts else None
        if levels is not None:
            return levels.estimate
        return median(self.rounds) if self.rounds else None

    @property
    def is_bound(self) -> bool:
        """Whether the true value may be any larger one or, of an estimate, any smaller one."""
        if self.estimate is not None:
            return self.estimate.no_upper or self.estimate.no_lower
        return bool(self.rounds) and median(self.rounds) != median(self.most)


def subjects(check: Check, measured: Measured) -> list[Subject | Missing]:
    """A subject for each workload that the check matches, and a ``Missing`` for each that the run skipped, left
    out or lacks."""
    if check.compare is None:
        found = _matching(check.where, measured.workloads)
        skipped, left_out = (_matching(check.where, each) for each in (measured.skipped, measured.left_out))
        if check.metric.needs_trigger:
            # Comparing a trigger with itself means nothing.
            found = [name for name in found if measured.triggers.get(name) != name]
            skipped = [name for name in skipped if measured.skipped[name]["api"] != "trigger"]
            left_out = [name for name in left_out if measured.left_out[name]["api"] != "trigger"]
        whole = [Subject(name) for name in found if name not in measured.skipped]
        missing = [*_skipped(skipped, measured), *_left_out(left_out, measured)]
        return [*whole, *missing] or [Missing(_none(check.where, check.metric, measured))]
    found = _matching(check.compare.of, measured.workloads)
    pairs = [_pair(name, check.compare, measured) for name in found if name not in measured.skipped]
    skipped, left_out = (_matching(check.compare.of, each) for each in (measured.skipped, measured.left_out))
    missing = [*_skipped(skipped, measured), *_left_out(left_out, measured)]
    return [*pairs, *missing] or [Missing(_none(check.compare.of, check.metric, measured))]


def sample(check: Check, measured: Measured, subject: Subject) -> Sample:
    """The values of a subject; ratios and differences are computed round by round."""
    metric, form = check.metric, None if check.compare is None else check.compare.form
    if isinstance(measured, Searched):
        return _estimated(metric, measured, subject)
    if metric.quantile is not None:
        return _percentiles(metric, metric.quantile, form, measured, subject)
    exact = all(metric.is_exact(measured.workloads[name]) for name in subject.names)
    own = _by_round(metric, measured, subject.workload)
    whole = _whole(metric, measured, subject.workload) if exact else None
    most = _highest(metric, measured, subject.workload, own)
    least = own
    if subject.to is not None and form is not None:
        other = _by_round(metric, measured, subject.to)
        other_most = _highest(metric, measured, subject.to, other)
        paired = [each for each in own if each in other and (other[each] or form == "difference")]
        most = {each: _compared(most[each], other[each], form) for each in paired}
        least = {each: _compared(own[each], other_most[each], form) for each in paired}
        own = {each: _compared(own[each], other[each], form) for each in paired}
        by = _whole(metric, measured, subject.to) if exact else None
        if whole is not None:
            whole = None if by is None or not (by or form == "difference") else _compared(whole, by, form)
    values, lowest, highest = (tuple(each.values()) for each in (own, least, most))
    exactly = Fraction(whole) if whole is not None else None
    return Sample(exactly, values, lowest, highest, starts=_starts_of(own, measured))


def _estimated(metric: Metric, measured: Searched, subject: Subject) -> Sample:
    """A capacity, or a capacity divided by another."""
    assert metric.capacity is not None
    found, *by = (measured.estimate(name, metric.capacity) for name in subject.names)
    return Sample(None, (), (), (), estimate=found.over(by[0]) if by else found)


def _by_round(metric: Metric, measured: Measured, name: str) -> dict[int, float]:
    if metric.queue is not None:
        return measured.queue.by_round(name, metric.queue.name)
    return metric.by_round(measured, name)


def _whole(metric: Metric, measured: Measured, name: str) -> Fraction | float | None:
    if metric.queue is not None:
        return measured.queue.whole(name, metric.queue.name)
    return metric.whole(measured, name)


def _grew_in(metric: Metric, measured: Measured, name: str) -> frozenset[int]:
    """The rounds in which a workload's values are lower bounds because its queue was overloaded."""
    return measured.queue.grew_in(name) if metric.queue is not None and metric.queue.grows else frozenset()


def _highest(metric: Metric, measured: Measured, name: str, values: dict[int, float]) -> dict[int, float]:
    grew = _grew_in(metric, measured, name)
    return {each: inf if each in grew else value for each, value in values.items()} if grew else values


def _percentiles(
    metric: Metric, quantile: float, form: Form | None, measured: Measured, subject: Subject
) -> Sample:
    """A percentile by groups of rounds; a lower bound may be any value from itself upwards."""
    kind = "" if metric.queue is None else metric.queue.name
    groups = measured.groups(subject.names, quantile, kind)
    if not groups:
        return Sample(None, (), (), ())
    found = [measured.latencies(name, groups, quantile, kind) for name in subject.names]
    grew = [_grew_in(metric, measured, name) for name in subject.names]
    growing = ([not rounds.isdisjoint(group) for group in groups] for rounds in grew)
    value, *by_value = (each.seconds for each in found)
    most, *by_most = (
        np.where(each.is_lower_bound | grows, inf, each.seconds)
        for each, grows in zip(found, growing, strict=True)
    )
    least = value
    if form is not None:
        value, least, most = (
            _compared(value, by_value[0], form),
            _compared(least, by_most[0], form),
            _compared(most, by_value[0], form),
        )
    rounds, lowest, highest = (tuple(each.tolist()) for each in (value, least, most))
    grouped, starts = any(len(each) > 1 for each in groups), _starts_of((each[0] for each in groups), measured)
    return Sample(None, rounds, lowest, highest, grouped, starts=starts)


def _starts_of(rounds: Iterable[int], measured: Measured) -> tuple[int, ...]:
    """The start of each round; empty if the run has one."""
    return tuple(measured.starts[each] for each in rounds) if measured.starts else ()


def _compared(value: Any, by: Any, form: Form) -> Any:
    return value / by if form == "ratio" else value - by


def _skipped(names: list[str], measured: Measured) -> list[Missing]:
    return [Missing(measured.why_skipped(name), name) for name in names]


def _left_out(names: list[str], measured: Measured) -> list[Missing]:
    return [Missing(measured.why_left_out, name, is_left_out=True) for name in names]


def _matching(where: Where, workloads: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        name
        for name, columns in workloads.items()
        if all(_has(columns[column], values) for column, values in where.items())
    ]


def _has(value: Any, wanted: frozenset[Any]) -> bool:
    """Whether a value is one of those wanted: 9 ms, read from a plan, are not exactly 0.009 s."""
    return value in wanted or (isinstance(value, float) and any(isclose(value, each) for each in wanted))


def _pair(workload: str, compare: Comparison, measured: Measured) -> Subject | Missing:
    """The one workload that ``to`` matches and that has the same values in all columns that neither side names."""
    named = {*compare.of, *compare.to}
    is_call = not named.isdisjoint(CALL)
    free = {"workload", *named, *(CALL if is_call else ())}
    own = measured.workloads[workload]
    everything = {**measured.left_out, **measured.skipped, **measured.workloads}
    alike = [
        name
        for name in _matching(compare.to, everything)
        if name != workload
        and all(
            value == everything[name][column]
            for column, value in own.items()
            if column not in free and not (column == "linger_s" and is_call and _is_trigger(own, everything[name]))
        )
    ]
    found = [name for name in alike if name in measured.workloads and name not in measured.skipped]
    skipped = [name for name in alike if name in measured.skipped]
    if len(found) == 1:
        return Subject(workload, found[0])
    if skipped and not found:
        return Missing(f"nothing to compare it with: {measured.why_skipped(skipped[0])}", workload)
    if alike and not found:
        return Missing(f"{alike[0]}, to compare it with, was {measured.why_left_out}", workload, is_left_out=True)
    if found:
        return Missing(f"both {' and '.join(found)} match compare.to; narrow it down", workload)
    return Missing(
        f"nothing to compare it with: no workload has {_words(compare.to)} and is otherwise equal", workload
    )


def _is_trigger(*both: Mapping[str, Any]) -> bool:
    """Whether either is a trigger, which has no linger."""
    return any(each["api"] == "trigger" for each in both)


def _none(where: Where, metric: Metric, measured: Measured) -> str:
    """That nothing matches; if a column never has the wanted value, which values it has."""
    if metric.capacity is not None and not measured.workloads:
        return f"the run searched for no capacity, which {metric.name} needs: its plan has no [capacity]"
    if metric.queue is not None and metric.queue.of_subscribers and not measured.workloads:
        return (
            f"the run counted no deliveries, which {metric.name} needs: give its plan [delivery], or use --deliver"
        )
    if metric.queue is not None and not measured.workloads:
        return f"no workload of the run has a rate, which {metric.name} needs"
    if not measured.workloads and not measured.skipped and not measured.left_out:
        return f"all workloads of the run have a rate, so none has {metric.name}; wiretax gate --list names theirs"
    message = f"no workload of the run has {_words(where)}"
    for column, values in where.items():
        there = {columns[column] for columns in measured.workloads.values()}
        if there and not any(_has(each, values) for each in there):
            return f"{message}; its {column} is {', '.join(str(each) for each in sorted(there))}"
    return message


def _words(where: Where) -> str:
    parts = [f"{column} = {' or '.join(map(str, sorted(values)))}" for column, values in where.items()]
    return ", ".join(parts) or "any columns"
