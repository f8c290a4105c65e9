"""Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format/).

Workloads are the benchmarks, and metrics the measures. The format has no units: a measure has its unit in Bencher.
"""

from __future__ import annotations

import orjson

from analysis.exports.measurement import Export, Measurement, number


def bencher(export: Export) -> bytes:
    """The file."""
    found: dict[str, dict[str, dict[str, int | float]]] = {}
    for each in export.measurements:
        found.setdefault(each.workload, {})[each.metric.name] = _metric(each)
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _metric(measurement: Measurement) -> dict[str, int | float]:
    known = {
        "value": measurement.value,
        "lower_value": measurement.low,
        "upper_value": measurement.high,
    }
    return {name: number(value) for name, value in known.items() if value is not None}
