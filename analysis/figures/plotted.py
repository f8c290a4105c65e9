"""The data of a figure: every number that is drawn, as a table with a row per point."""

from __future__ import annotations

from typing import Any

import pandas as pd


class Plotted:
    """Collects what a figure draws, in the order in which it is drawn."""

    def __init__(self) -> None:
        self._frames: list[pd.DataFrame] = []

    def add(self, series: str, **columns: Any) -> None:
        """Add points that are drawn.

        Args:
            series: what they are: ``measured``, ``model``, ``limit``.
            columns: a value for all points, or one per point. Names end with the unit.
        """
        length = max((len(each) for each in columns.values() if _is_several(each)), default=1)
        values = {
            name: pd.Series(list(each) if _is_several(each) else [each] * length) for name, each in columns.items()
        }
        self._frames.append(pd.DataFrame({"series": [series] * length, **values}))

    def frame(self) -> pd.DataFrame:
        """A row per point. A column that says nothing of a point is empty there."""
        filled = [frame.dropna(axis="columns", how="all") for frame in self._frames if len(frame)]
        if not filled:
            return pd.DataFrame()
        columns = list(dict.fromkeys(name for frame in self._frames for name in frame))
        return pd.concat(filled, ignore_index=True).reindex(columns=columns)


def _is_several(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str)
