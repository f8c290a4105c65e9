"""A published claim and a run's verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# A published volume is nothing to judge: what batches save at that volume is "for scale".
Verdict = Literal["holds", "holds in part", "does not hold", "undecided", "not measured", "for scale"]
# The interval of a count of bytes.
EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and a run's verdict on it.

    Attributes:
        claim: as published, shortened.
        verdict: whether it holds.
        measured: the figure, with its unit.
        interval: its 95 % confidence interval; "exact" for bytes, "mean" if they vary from event to event.
        workload: what was sent.
        note: what the figure means; if nothing was measured, how to measure it.
    """

    claim: str
    verdict: Verdict
    measured: str = "-"
    interval: str = "-"
    workload: str = "-"
    note: str = ""
