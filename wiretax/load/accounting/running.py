"""Counts and ratios of a running test, updated by what is new, however many rounds there were before."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from math import nan

import numpy as np

from analysis.measures.counts import SliceCounts
from analysis.measures.round_sums import STEADY, SUMMED
from analysis.measures.throughput import NO_RATIO, Ratio, ratio_of
from wiretax.runs.record import Row


class RunningCounts:
    """The counts of slices, added up over all rounds, and the gain over the trigger across rounds."""

    def __init__(self, compares: bool) -> None:
        """``compares``: whether rounds are compared, for gains."""
        self._compares = compares
        self._sums: dict[str, Row] = {}
        # Messages by round and stage, at the pace of users, and seconds.
        self._sent: dict[str, dict[tuple[int, int], tuple[float, float]]] = {}
        # The rounds of each workload whose rate changed since gains were updated.
        self._changed: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        self._gains: dict[tuple[str, str], RunningRatio] = {}

    def add(self, row: Row) -> None:
        """Add a row of ``slices.parquet``."""
        name, seconds = row["workload"], row["duration_s"]
        # The stages of a queue's rate follow one another.
        round_ = (row["round"], row["stage"])
        sums = self._sums.get(name)
        if sums is None:
            self._sums[name] = {**row, "round": 0}
            self._sent[name] = {}
            before = (0.0, 0.0)
        else:
            for column in SUMMED:
                known, more = sums.get(column), row.get(column)
                # What was not counted once is unknown for the sum.
                sums[column] = None if known is None or more is None else known + more
            before = self._sent[name].get(round_, (0.0, 0.0))
            # Workers send the same slice at the same time.
            sums["duration_s"] += max(0.0, seconds - before[1])
        self._sent[name][round_] = (before[0] + _steady(row, "messages"), max(before[1], seconds))
        if self._compares:
            self._changed[name].add(round_)

    def events(self, workload: str) -> float:
        """How many events of a workload were acknowledged so far, at the pace of users."""
        return _steady(self._sums[workload], "events") if workload in self._sums else 0.0

    def with_rows(self, rows: Iterable[Row]) -> SliceCounts:
        """The counts over all rounds and these rows: one round each, whatever there was, so that it is made fast.
        Rows must have rounds other than 0."""
        return SliceCounts([*self._sums.values(), *rows])

    def update_gains(self, triggers: dict[str, str]) -> None:
        """Take in the rounds that are new; ``triggers``: what each workload is compared with, by name."""
        if not self._compares:
            return
        for name, trigger in triggers.items():
            if name == trigger or name not in self._sums or trigger not in self._sums:
                continue
            gain = self._gains.get((name, trigger))
            if gain is None:
                gain = self._gains[name, trigger] = RunningRatio()
                changed = self._sent[name].keys() | self._sent[trigger].keys()
            else:
                changed = self._changed[name] | self._changed[trigger]
            for round_ in changed:
                gain.set(round_, self._rate(name, round_), self._rate(trigger, round_))
        self._changed.clear()

    def gain(self, workload: str, trigger: str | None) -> Ratio:
        """The rate of a workload over its trigger's, as of the last update; unknown without a trigger."""
        found = self._gains.get((workload, trigger or ""))
        return NO_RATIO if found is None else found.ratio()

    def _rate(self, workload: str, round_: tuple[int, int]) -> float:
        messages, seconds = self._sent[workload].get(round_, (0.0, 0.0))
        return messages / seconds if seconds else 0.0


def _steady(row: Row, count: str) -> float:
    """A count of a row, in proportion to its steady requests."""
    return float(row[count] * row[STEADY] / row["requests"]) if row["requests"] else 0.0


class RunningRatio:
    """A ratio by round. A round costs the same, whether it is the first or the ten thousandth."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], int] = {}
        self._rounds, self._ratios = array("q"), array("d")

    def set(self, round_: tuple[int, int], of: float, to: float) -> None:
        """Set the two rates of a round and stage, again if they grew. One with a rate of 0 measured nothing."""
        place = self._places.setdefault(round_, len(self._rounds))
        if place == len(self._rounds):
            self._rounds.append(round_[0])
            self._ratios.append(nan)
        self._ratios[place] = of / to if of > 0 and to > 0 else nan

    def ratio(self) -> Ratio:
        """The median, and its interval."""
        # Copies: an array that is viewed can't grow.
        ratios = np.array(self._ratios)[np.argsort(np.array(self._rounds))]
        return ratio_of(ratios[~np.isnan(ratios)])
