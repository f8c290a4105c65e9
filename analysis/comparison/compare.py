"""The comparison of two runs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.comparison.bytes_compared import WorkloadBytes, compare_bytes
from analysis.comparison.side import Side, side_of
from analysis.comparison.times_compared import TimesPair, compare_times, why_not_comparable
from wiretax.runs.reader import Run


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        before: the first run.
        after: the second one.
        bytes: the workloads that both have.
        only_before: workloads of the first run alone.
        only_after: those of the second one alone.
        times: figures that differ from run to run; empty if they are not comparable.
        not_timed: why times are not comparable; empty if they are.
    """

    before: Side
    after: Side
    bytes: tuple[WorkloadBytes, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    times: tuple[TimesPair, ...]
    not_timed: tuple[str, ...]

    @property
    def changed(self) -> tuple[WorkloadBytes, ...]:
        """The workloads whose bytes differ."""
        return tuple(each for each in self.bytes if each.changes)

    @property
    def differs(self) -> bool:
        """Whether bytes or workloads differ. Times never count: they differ in each run."""
        return bool(self.changed or self.only_before or self.only_after)

    def frame(self) -> pd.DataFrame:
        """A row per workload that both runs have, and part of a call.

        Returns:
            ``workload``, ``part`` ("sent", all of a request, or a part that differs), ``per`` ("event", "call" or
            "delivery"), ``before``, ``after`` and ``difference`` (bytes; NaN if they are not exact), ``causes`` (a
            sentence for each that is known).
        """
        rows: list[tuple[object, ...]] = []
        for each in self.bytes:
            rows.append((each.workload, "sent", "event", each.before, each.after, ()))
            rows += [
                (each.workload, part.part, part.per, part.before, part.after, part.causes) for part in each.changes
            ]
        frame = pd.DataFrame(rows, columns=["workload", "part", "per", "before", "after", "causes"])
        frame[["before", "after"]] = frame[["before", "after"]].astype(float)
        frame["difference"] = frame["after"] - frame["before"]
        frame["causes"] = [[f"{cause.what}: {cause.bytes:+g} B" for cause in causes] for causes in frame["causes"]]
        return frame[["workload", "part", "per", "before", "after", "difference", "causes"]]

    @property
    def is_valid(self) -> bool:
        """Whether both runs can be relied on."""
        return not (self.before.invalid_because or self.after.invalid_because)


def compare(before: Run, after: Run) -> Comparison:
    """Compare two saved runs: bytes exactly, times by their intervals if machine, load and server are the same."""
    one, two = side_of(before), side_of(after)
    not_timed = why_not_comparable(one, two)
    return Comparison(
        one,
        two,
        tuple(compare_bytes(one, two)),
        tuple(name for name in one.workloads if name not in two.workloads),
        tuple(name for name in two.workloads if name not in one.workloads),
        () if not_timed else tuple(compare_times(one, two)),
        tuple(not_timed),
    )
