"""One row per workload and metric, for tables and databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.exports.measurement import Export, number

COLUMNS = ("run", "workload", "metric", "value", "low", "high", "unit", "exact", "is_lower_bound")


def rows(export: Export) -> Iterator[dict[str, Any]]:
    """The rows, with ``COLUMNS`` as keys: text, numbers, booleans, or None for an unknown end of an interval."""
    for each in export.measurements:
        values = (
            export.run,
            each.workload,
            each.metric.name,
            number(each.value),
            None if each.low is None else number(each.low),
            None if each.high is None else number(each.high),
            each.metric.unit,
            each.exact,
            each.is_lower_bound,
        )
        yield dict(zip(COLUMNS, values, strict=True))
