"""The checks of a gates file, parsed: workloads, limits, baselines and tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.gates.file.schema import Form, Undecided
from wiretax.escaping import OneLineError

if TYPE_CHECKING:
    # Metrics are computed with pandas; who only catches a GatesError does without.
    from analysis.gates.measured.metrics import Metric

Where = Mapping[str, frozenset[Any]]


class GatesError(OneLineError, ValueError):
    """An invalid gates file; the message says in one line what was given, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a value may be from its baseline: an amount, or a share of the baseline."""

    amount: Fraction
    is_ratio: bool

    def of(self, baseline: Fraction) -> Fraction:
        """In the metric's unit."""
        return abs(baseline) * self.amount if self.is_ratio else self.amount


@dataclass(frozen=True, slots=True)
class Comparison:
    """One workload divided by another, or minus another."""

    of: Where
    to: Where
    form: Form


@dataclass(frozen=True, slots=True)
class Check:
    """One ``[[check]]``.

    Attributes:
        id: its name.
        metric: what is checked.
        where: which workloads; empty for all.
        compare: which workloads are compared with which; None to check each by itself.
        minimum: the lower limit.
        maximum: the upper limit.
        baseline: a file or folder with accepted values; None without a baseline.
        max_increase: the tolerance above the baseline.
        max_decrease: the tolerance below the baseline.
        confidence: the confidence of the interval.
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
class ValidityRules:
    """``[valid]``: the conditions for a run's figures to be valid, and what an inconclusive check means.

    Attributes:
        min_requests: the smallest number of requests of each checked workload.
        max_failure_ratio: the largest share of a workload's exchanges that may fail.
        inconclusive: whether the gate passes or fails if a check can't be decided.
    """

    min_requests: int = 1
    max_failure_ratio: float = 0.0
    inconclusive: Undecided = "fail"
