"""Where a noisy metric changed: by the E-divisive algorithm of Apache Otava, instead of a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pandas as pd


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A run from which on the values are others.

    Attributes:
        run: its name.
        commit: of the code that it was started in, or None.
        since: the commit of the run before it, or None.
        before: the mean of the values before it, up to the change before.
        after: the mean from it on, up to the next change.
        p: how probable such a difference would be by chance.
    """

    run: str
    commit: str | None
    since: str | None
    before: float
    after: float
    p: float


def can_find_changes() -> bool:
    """Whether Apache Otava is installed."""
    return find_spec("otava") is not None


def change_points(frame: pd.DataFrame) -> list[ChangePoint]:
    """The runs at which a noisy metric changed, oldest first.

    Args:
        frame: as ``series.history`` returns it.

    Raises:
        ImportError: Apache Otava is not installed.
    """
    # Its types are not published.
    from otava.series import AnalysisOptions, Metric, Series  # type: ignore[import-not-found,unused-ignore]

    if len(frame) < 2:
        return []
    numbers = list(range(len(frame)))
    series: Any = Series("runs", None, numbers, {"value": Metric(1, 1.0)}, {"value": frame["value"].tolist()}, {})
    found = series.analyze(AnalysisOptions()).change_points["value"]
    rows = frame.to_dict("records")
    return [
        ChangePoint(
            run=rows[each.index]["run"],
            commit=rows[each.index]["commit"],
            since=rows[each.index - 1]["commit"],
            before=float(each.stats.mean_1),
            after=float(each.stats.mean_2),
            p=float(each.stats.pvalue),
        )
        for each in found
    ]
