"""What a gate found: a case each check and workload, and what they add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from analysis.gates.file.schema import Form, Undecided
from analysis.gates.measured.metrics import Kind

Verdict = Literal["pass", "fail", "inconclusive", "invalid", "skipped"]
# DESIGN "The command": the contract with CI.
PASSED, FAILED, INCONCLUSIVE, INVALID = 0, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one workload, or of one held against another.

    Attributes:
        check: the check's id.
        metric: what was judged.
        unit: the metric's, or x where one workload was divided by another; a share is a fraction of 1.
        kind: "deterministic" where it was compared exactly, "stochastic" where by rounds.
        verdict: what came of it.
        message: what was found, in a line.
        workload: which; None where a check matched none.
        to: what it was held against; None where nothing.
        compare: how; None where it was not.
        measured: the value, or the median over rounds; None where there is none.
        exact: the value as a fraction of whole numbers, where it is exact.
        is_lower_bound: whether ``measured`` may be larger: it is a latency that calls without an acknowledgement
            decide.
        low: the lower end of the median's interval; None where the value is exact, rounds are too few, or lower
            bounds leave it unknown.
        high: its upper end; None likewise.
        confidence: how often such an interval holds the true median.
        rounds: how many rounds have a value.
        minimum: the least that passes, the baseline's tolerance included.
        maximum: the most.
        baseline: the value that was accepted.
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
        """Which workload, and against which."""
        if self.workload is None:
            return "-"
        between = {None: "", "ratio": " / ", "difference": " - "}[self.compare]
        return self.workload + between + (self.to or "")


@dataclass(frozen=True, slots=True)
class GateResult:
    """All cases of a run, and the verdict.

    Attributes:
        run: the name of the run's folder.
        plan: the name of its plan.
        started: when it began.
        gates: the gates file.
        inconclusive: what an undecided case means.
        invalid_because: why none of the run's figures count; empty where they do.
        notes: what a reader has to know of the figures.
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
    def counts(self) -> dict[Verdict, int]:
        """How many cases came to each verdict that any came to, the good ones first."""
        found = Counter(case.verdict for case in self.cases)
        order: tuple[Verdict, ...] = ("pass", "fail", "inconclusive", "invalid", "skipped")
        return {verdict: found[verdict] for verdict in order if found[verdict]}

    @property
    def exit_code(self) -> int:
        """5 where anything is invalid, else 3 where a check failed, 4 where an undecided one counts; else 0."""
        counts = self.counts
        if self.invalid_because or "invalid" in counts:
            return INVALID
        if "fail" in counts:
            return FAILED
        return INCONCLUSIVE if "inconclusive" in counts and self.inconclusive == "fail" else PASSED

    @property
    def undecided(self) -> tuple[str, ...]:
        """Names of the workloads of which more rounds may decide a case."""
        cases = [case for case in self.cases if case.verdict == "inconclusive"]
        return tuple(dict.fromkeys(name for case in cases for name in (case.workload, case.to) if name))

    @property
    def sentence(self) -> str:
        """``8 passed, 1 failed``."""
        words = {"pass": "passed", "fail": "failed"}
        return ", ".join(f"{count} {words.get(verdict, verdict)}" for verdict, count in self.counts.items())
