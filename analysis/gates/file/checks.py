"""The checks of a gates file, parsed: workloads, limits, baselines and tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from analysis.gates.file.schema import Form, Undecided
from analysis.gates.measured.metrics import Metric

Where = Mapping[str, frozenset[Any]]


class GatesError(ValueError):
    """A gates file that can't be used: one line that says what was given, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a value may lie from its baseline: by so much, or by a share of it."""

    amount: Fraction
    is_ratio: bool

    def of(self, baseline: Fraction) -> Fraction:
        """In the metric's unit."""
        return abs(baseline) * self.amount if self.is_ratio else self.amount


@dataclass(frozen=True, slots=True)
class Comparison:
    """One workload over another, or less another."""

    of: Where
    to: Where
    form: Form


@dataclass(frozen=True, slots=True)
class Check:
    """One ``[[check]]``.

    Attributes:
        id: its name.
        metric: what is judged.
        where: which workloads; empty for all.
        compare: which workloads by which others; None to judge each by itself.
        minimum: the least that passes.
        maximum: the most.
        baseline: what was accepted, a file or folder; None where nothing was.
        max_increase: over the baseline.
        max_decrease: under it.
        confidence: of the interval, where there is one.
    """

    id: str
    metric: Metric
    where: Where = field(default_factory=dict)
    compare: Comparison | None = None
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    baseline: Path | None = None
    max_increase: Tolerance | None = None
    max_decrease: Tolerance | None = None
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Rules:
    """``[valid]``: what a run must be before its figures count, and what an undecided check means.

    Attributes:
        min_requests: of each workload that is judged.
        max_failure_ratio: failed exchanges of a workload over all of its exchanges.
        inconclusive: whether a check that can't be decided lets the gate pass or fail.
    """

    min_requests: int = 1
    max_failure_ratio: float = 0.0
    inconclusive: Undecided = "fail"
