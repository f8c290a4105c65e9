"""OpenMetrics 1.0 text: a family of gauges per metric, and two more for the ends of its interval.

Prometheus, Pushgateway and node_exporter's textfile collector read it too: samples have no timestamps, and only
types that both formats know are used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from analysis.exports.measurement import Export, Measurement, number
from analysis.gates.measured.metrics import METRICS, Metric

# By the metric's unit; other metrics count something that their name says.
UNITS = {"B": "bytes", "B/event": "bytes", "s": "seconds", "1/s": "per_second", "x": "ratio", "share": "ratio"}
# Of a workload, beside its name.
LABELS = (
    "api",
    "batch_size",
    "channels",
    "payload_bytes",
    "payload_kind",
    "encrypted",
    "client",
    "connection",
    "http",
    "tls",
    "server",
    "rate",
)
# In the name of a label; labels of runs may also have points and dashes.
NO_LABEL = re.compile(r"[^A-Za-z0-9_]")
ESCAPES = {"\\": r"\\", "\n": r"\n", '"': r"\""}
ENDS: dict[str, Callable[[Measurement], float | None]] = {
    "": lambda each: each.value,
    "low": lambda each: each.low,
    "high": lambda each: each.high,
}
ABOUT_ENDS = {
    "": "",
    "low": "; lower end of the confidence interval",
    "high": "; upper end of the confidence interval",
}


def openmetrics(export: Export) -> bytes:
    """The file."""
    return "".join(f"{line}\n" for line in (*_about_run(export), *_families(export), "# EOF")).encode()


def family_name(metric: Metric, end: str = "") -> str:
    """The name of a family: ``wiretax_http_request_size_per_event_bytes``, ``wiretax_latency_p99_low_seconds``.

    Args:
        metric: the metric.
        end: "low" or "high" for an end of the interval; empty for the value.
    """
    unit = UNITS.get(metric.unit, "")
    name = re.sub(r"\W", "_", metric.name)
    words = ["wiretax", name.removesuffix(f"_{unit}") if unit else name, end, unit]
    return "_".join(filter(None, words))


def _about_run(export: Export) -> Iterator[str]:
    about = {"run": export.run, "plan": export.plan, "version": export.wiretax, "commit": export.commit}
    about |= {f"label_{re.sub(NO_LABEL, '_', key)}": value for key, value in export.labels.items()}
    yield "# TYPE wiretax_run_info gauge"
    yield "# HELP wiretax_run_info The run that the figures are of."
    yield f"wiretax_run_info{_labels(about)} 1"
    try:
        started = datetime.fromisoformat(export.started).timestamp()
    except ValueError:
        return
    name = "wiretax_run_started_timestamp_seconds"
    yield f"# TYPE {name} gauge"
    yield f"# UNIT {name} seconds"
    yield f"# HELP {name} When the run began, in seconds since the epoch."
    yield f"{name} {started!r}"


def _families(export: Export) -> Iterator[str]:
    for metric in METRICS.values():
        found = [each for each in export.measurements if each.metric is metric]
        for end, value_of in ENDS.items():
            name = family_name(metric, end)
            samples = [
                f"{name}{_labels(_labels_of(each))} {number(value)}"
                for each in found
                if (value := value_of(each)) is not None
            ]
            if not samples:
                continue
            unit = UNITS.get(metric.unit)
            yield f"# TYPE {name} gauge"
            if unit is not None:
                yield f"# UNIT {name} {unit}"
            yield f"# HELP {name} {_escaped(f'{metric.what} ({metric.unit}){ABOUT_ENDS[end]}')}."
            yield from samples


def _labels_of(measurement: Measurement) -> dict[str, str]:
    columns = measurement.columns
    return {"workload": measurement.workload} | {name: _word(columns[name]) for name in LABELS if name in columns}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(number(value)) if isinstance(value, float) else str(value)


def _labels(labels: dict[str, str]) -> str:
    """Without empty ones, which Prometheus takes for missing."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items() if value) + "}"


def _escaped(text: str) -> str:
    return "".join(ESCAPES.get(each, each) for each in text)
