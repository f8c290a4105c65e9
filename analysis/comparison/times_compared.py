"""Figures that differ from run to run, side by side with their intervals, if the runs compare at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from analysis.comparison.side import TIMES, Side
from analysis.gates.evaluation.result import Case

Shown = Literal["differ", "no difference shown", "unknown"]
MACHINE = {"cpu_model": "processor", "cores": "cores", "kernel": "kernel", "python": "Python"}


@dataclass(frozen=True, slots=True)
class TimesPair:
    """One figure of one workload in both runs."""

    workload: str
    metric: str
    before: Case
    after: Case

    @property
    def shown(self) -> Shown:
        """Whether the intervals show a difference: only if they do not overlap."""
        ends = [(each.low, each.high) for each in (self.before, self.after)]
        if all(low is None and high is None for low, high in ends[:1]) or ends[1] == (None, None):
            return "unknown"
        (low, high), (other_low, other_high) = (
            (-inf if low is None else low, inf if high is None else high) for low, high in ends
        )
        return "differ" if high < other_low or other_high < low else "no difference shown"

    @property
    def ratio(self) -> float | None:
        """The second value over the first."""
        was, now = self.before.measured, self.after.measured
        return None if not was or now is None else now / was


def why_not_comparable(before: Side, after: Side) -> list[str]:
    """Why times of two runs don't compare, a phrase each; empty if they do."""
    return [*_reasons(before.meta, after.meta, before, after)]


def compare_times(before: Side, after: Side) -> list[TimesPair]:
    """Each figure that both runs have, of each workload that both have."""
    pairs = []
    for workload in before.workloads:
        for metric in TIMES:
            was, now = before.cases.get((workload, metric)), after.cases.get((workload, metric))
            if was is not None and now is not None and None not in (was.measured, now.measured):
                pairs.append(TimesPair(workload, metric, was, now))
    return pairs


def _reasons(was: Mapping[str, Any], now: Mapping[str, Any], before: Side, after: Side) -> Iterator[str]:
    modes = {str(was.get("mode", "sweep")), str(now.get("mode", "sweep"))}
    if modes != {"sweep"}:
        yield f"only runs of plans are timed ({' and '.join(sorted(modes))})"
    own, other = was.get("environment") or {}, now.get("environment") or {}
    for key, label in MACHINE.items():
        if own.get(key) != other.get(key):
            yield f"{label}: {own.get(key, '?')}, {other.get(key, '?')}"
    users = [(each.get("plan") or {}).get("users") for each in (was, now)]
    if users[0] != users[1]:
        yield f"users: {users[0]}, {users[1]}"
    if before.origin.server != after.origin.server:
        yield f"server: {before.origin.server}, {after.origin.server}"
    elif was.get("mock") != now.get("mock"):
        yield "the mock's costs"
