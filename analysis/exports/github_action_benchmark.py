"""Input of github-action-benchmark, for its tools customSmallerIsBetter and customBiggerIsBetter.

The tool judges a whole file by one direction and one threshold. So metrics where lower is better and those where
higher is better are separate files, and so are exact ones, which may have a threshold of 100 %, and noisy ones.
"""

from __future__ import annotations

from typing import Any

import orjson

from analysis.exports.measurement import Export, Measurement, number


def github_action_benchmark(export: Export) -> bytes:
    """The file: an array with name, unit, value, range (the interval, of noisy metrics) and extra (a tooltip)."""
    benches = [_bench(export, each) for each in export.measurements]
    return orjson.dumps(benches, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _bench(export: Export, measurement: Measurement) -> dict[str, Any]:
    bench: dict[str, Any] = {
        "name": f"{measurement.workload} {measurement.metric.name}",
        "unit": measurement.metric.unit,
        "value": number(measurement.value),
    }
    if measurement.low is not None or measurement.high is not None:
        bench["range"] = f"[{_end(measurement.low)}, {_end(measurement.high)}]"
    about = [measurement.metric.what, _certainty(measurement), f"run {export.run}"]
    about += [f"{key}: {value}" for key, value in export.labels.items()]
    return {**bench, "extra": "\n".join(about)}


def _certainty(measurement: Measurement) -> str:
    if measurement.exact:
        return "exact"
    if measurement.is_lower_bound:
        return "a lower bound"
    if measurement.low is None and measurement.high is None:
        return "too few rounds for an interval"
    return f"range: {(measurement.confidence or 0.0) * 100:g} % confidence interval"


def _end(value: float | None) -> str:
    return "?" if value is None else f"{value:.6g}"
