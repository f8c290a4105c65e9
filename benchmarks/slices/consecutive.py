"""The intervals of consecutive runs of a plan: how wide they are, and whether they overlap as they should."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import nan, sqrt
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from analysis.measures.summary import summarise
from analysis.measures.throughput import Ratio
from benchmarks.slices.results import half_width
from wiretax.runs.reader import find_run, read_run

# The goal: intervals within 2 % of each gain, of which those of two consecutive runs overlap in 95 of 100.
MOST_HALF_WIDTH = 0.02
LEAST_OVERLAP = 0.95


@dataclass(frozen=True, slots=True)
class Gain:
    """A gain in consecutive runs.

    Attributes:
        name: of its workload.
        ratios: one per run.
    """

    name: str
    ratios: list[Ratio]

    @property
    def half_width(self) -> float:
        """Half of the interval's width as a share of the gain: the median over runs."""
        return median(half_width(each) for each in self.ratios)

    @property
    def overlaps(self) -> int:
        """How many pairs of consecutive runs have intervals that overlap."""
        return sum(a.low <= b.high and b.low <= a.high for a, b in pairwise(self.ratios))

    @property
    def between_runs(self) -> float:
        """1.96 standard deviations between runs, as a share; about the half width if intervals are right."""
        estimates = [each.estimate for each in self.ratios]
        mean = sum(estimates) / len(estimates)
        if len(estimates) < 2:
            return nan
        return 1.96 * sqrt(sum((each / mean - 1) ** 2 for each in estimates) / (len(estimates) - 1))


def repeat(plan: str, runs: int, report: Callable[[str], None]) -> list[Gain]:
    """Run a plan that many times, one run after the other.

    Raises:
        subprocess.CalledProcessError: a run failed; it has printed why.
    """
    found: dict[str, list[Ratio]] = {}
    with TemporaryDirectory(prefix="wiretax-slices-") as folder:
        for number in range(runs):
            report(f"run {number + 1}/{runs}")
            command = [sys.executable, "-m", "wiretax", "run", plan, "--results", folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            saved = read_run(find_run(Path(folder)))
            for row in summarise(saved.slices).to_dict("records"):
                if row["api"] != "trigger" and row["gain"] == row["gain"]:
                    ratio = Ratio(row["gain"], row["gain_low"], row["gain_high"], saved.meta["rounds_measured"])
                    found.setdefault(row["workload"], []).append(ratio)
    return [Gain(name, ratios) for name, ratios in found.items()]


def overlap(gains: list[Gain]) -> float:
    """The share of all pairs of consecutive runs whose intervals overlap; NaN with one run."""
    pairs = sum(len(each.ratios) - 1 for each in gains)
    return sum(each.overlaps for each in gains) / pairs if pairs else nan


def reached(gains: list[Gain]) -> bool:
    """Whether the goal is reached."""
    return overlap(gains) >= LEAST_OVERLAP and all(each.half_width <= MOST_HALF_WIDTH for each in gains)
