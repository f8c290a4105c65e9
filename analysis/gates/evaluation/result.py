"""The result of a gate: a case per check and workload, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.gates.file.schema import Form, Undecided
from analysis.gates.measured.metrics import Kind

Verdict = Literal["pass", "fail", "inconclusive", "invalid", "skipped"]
# Exit codes, the contract with CI.
PASSED, FAILED, INCONCLUSIVE, INVALID = 0, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one workload, or of a pair that is compared.

    Attributes:
        check: the check's id.
        metric: what was checked.
        unit: the metric's, or x if one workload was divided by another; a share is a fraction of 1.
        kind: "deterministic" if it was compared exactly, "stochastic" if by rounds.
        verdict: the outcome.
        message: the finding, in a line.
        workload: its name; None if the check matched none.
        to: the workload it was compared with; None if it was not compared.
        compare: how they were compared; None if they were not.
        measured: the value in that unit, or the median over rounds; None if it could not be measured.
        exact: the value as a fraction of whole numbers, if it is exact.
        is_lower_bound: whether ``measured`` may be larger, because it is a latency that depends on calls without
            an acknowledgement, or because the queue was still growing.
        low: the lower end of the median's interval; None if the value is exact, there are too few rounds, or lower
            bounds leave it unknown.
        high: its upper end; None in the same cases.
        confidence: how often such an interval contains the true median.
        rounds: how many rounds have a value.
        minimum: the lower limit, the baseline's tolerance included.
        maximum: the upper limit.
        baseline: the accepted value.
    """

    check: str
    metric: str
    unit: str
    kind: Kind
    verdict: Verdict
    message: str = ""
    workload: str | None = None
    to: str | None = None
    compare: Form | None = None
    measured: float | None = None
    exact: str | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    rounds: int = 0
    minimum: float | None = None
    maximum: float | None = None
    baseline: float | None = None
    is_lower_bound: bool = False

    @property
    def subject(self) -> str:
        """The workload, and the one it is compared with."""
        if self.workload is None:
            return "-"
        between = {None: "", "ratio": " / ", "difference": " - "}[self.compare]
        return self.workload + between + (self.to or "")


def subject_of(cases: Sequence[Case]) -> str:
    """The subject of cases that share a line."""
    return cases[0].subject if len(cases) == 1 else f"{len(cases)} workloads"


@dataclass(frozen=True, slots=True)
class GateResult:
    """All cases of a run, and the verdict.

    Attributes:
        run: the name of the run's folder.
        plan: the name of its plan.
        started: when it began.
        gates: the gates file.
        inconclusive: whether an undecided case passes or fails.
        invalid_because: why the run's figures are invalid; empty if they are valid.
        notes: what a reader needs to know about the figures.
        cases: in the order of the checks.
    """

    run: str
    plan: str
    started: str
    gates: str
    inconclusive: Undecided
    invalid_because: tuple[str, ...]
    notes: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def findings(self) -> list[list[Case]]:
        """The cases that need an explanation, in order; those of a check that were skipped for the same reason are
        together."""
        found: dict[object, list[Case]] = {}
        for number, case in enumerate(self.cases):
            # The reason of an invalid run is reported once.
            if case.verdict != "pass" and not (case.verdict == "invalid" and self.invalid_because):
                key = (case.check, case.message) if case.verdict == "skipped" else number
                found.setdefault(key, []).append(case)
        return list(found.values())

    @property
    def counts(self) -> dict[Verdict, int]:
        """The number of cases by verdict, the good ones first; verdicts without a case are missing."""
        found = Counter(case.verdict for case in self.cases)
        order: tuple[Verdict, ...] = ("pass", "fail", "inconclusive", "invalid", "skipped")
        return {verdict: found[verdict] for verdict in order if found[verdict]}

    @property
    def exit_code(self) -> int:
        """5 if anything is invalid, else 3 if a check failed, 4 if one is undecided and that fails the gate; else
        0."""
        counts = self.counts
        if self.invalid_because or "invalid" in counts:
            return INVALID
        if "fail" in counts:
            return FAILED
        return INCONCLUSIVE if "inconclusive" in counts and self.inconclusive == "fail" else PASSED

    @property
    def undecided(self) -> tuple[str, ...]:
        """Names of the workloads with a case that more rounds may decide."""
        cases = [case for case in self.cases if case.verdict == "inconclusive"]
        return tuple(dict.fromkeys(name for case in cases for name in (case.workload, case.to) if name))

    @property
    def sentence(self) -> str:
        """``8 passed, 1 failed``."""
        words = {"pass": "passed", "fail": "failed"}
        return ", ".join(f"{count} {words.get(verdict, verdict)}" for verdict, count in self.counts.items())
