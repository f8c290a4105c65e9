"""Each format is what its readers expect: by their own parser, or by the schema that they publish."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families

from analysis.exports.formats import FORMATS
from analysis.exports.measurement import Export, chosen, exported
from analysis.exports.openmetrics import UNITS, family_name
from analysis.exports.rows import COLUMNS
from analysis.gates.measured.metrics import METRICS
from wiretax.commands.export import FORMAT_NAMES
from wiretax.runs.reader import read_run

REFERENCE = Path(__file__).parents[4] / "results" / "reference"
RUNS = ("quick", "tradeoff", "capacity", "delivery", "soketi")
BATCH10 = "batch10-100B-chat-reference"
SENT = "http.request.size.per_event"

# The README of github-action-benchmark: https://github.com/benchmark-action/github-action-benchmark
# name, unit and value are required, range and extra are text; other properties would be dropped.
BENCHES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "unit": {"type": "string", "minLength": 1},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
    },
}
# As https://bencher.dev/docs/reference/bencher-metric-format/ describes it, with the lengths of names.
BMF = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"minLength": 1, "maxLength": 1024},
    "additionalProperties": {
        "type": "object",
        "propertyNames": {"minLength": 1, "maxLength": 64},
        "additionalProperties": {
            "type": "object",
            "required": ["value"],
            "additionalProperties": False,
            "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
        },
    },
}


@cache
def export_of(name: str) -> Export:
    return exported(read_run(REFERENCE / name))


def written(name: str, format_: str, exact: bool | None = None, better: str | None = None) -> str:
    export = export_of(name)
    kept = chosen(export.measurements, exact, better)
    return FORMATS[format_].write(replace(export, measurements=kept)).decode()


def test_the_command_names_the_formats() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


# A search has no exact metrics.
@pytest.mark.parametrize(
    ("run", "exact"), [*((run, False) for run in RUNS), *((run, True) for run in RUNS if run != "capacity")]
)
def test_github_action_benchmark(run: str, exact: bool) -> None:
    benches = json.loads(written(run, "github-action-benchmark", exact, "lower" if exact else "higher"))
    jsonschema.validate(benches, BENCHES)
    names = [each["name"] for each in benches]
    assert len(set(names)) == len(names)  # the tool finds a former value by its name
    assert all("range" not in each for each in benches if exact)


def test_github_action_benchmark_shows_intervals() -> None:
    benches = {each["name"]: each for each in json.loads(written("quick", "github-action-benchmark"))}
    assert benches[f"{BATCH10} {SENT}"] == {
        "name": f"{BATCH10} {SENT}",
        "unit": "B/event",
        "value": 195.6,
        "extra": "sent per event: request line, headers and body\nexact\nrun quick",
    }
    [gain] = [
        each for each in export_of("quick").measurements if each.metric.name == "gain" and each.workload == BATCH10
    ]
    bench = benches[f"{BATCH10} gain"]
    assert (bench["value"], bench["range"]) == (gain.value, f"[{gain.low:.6g}, {gain.high:.6g}]")
    assert "95 % confidence interval" in bench["extra"]


@pytest.mark.parametrize("run", RUNS)
def test_bencher(run: str) -> None:
    found = json.loads(written(run, "bencher"))
    jsonschema.validate(found, BMF)
    for measures in found.values():
        for each in measures.values():
            assert (
                each.get("lower_value", each["value"]) <= each["value"] <= each.get("upper_value", each["value"])
            )
    assert sum(map(len, found.values())) == len(export_of(run).measurements)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("parse", [openmetrics_families, prometheus_families], ids=["openmetrics", "prometheus"])
def test_openmetrics(run: str, parse: Any) -> None:
    text = written(run, "openmetrics")
    assert text.endswith("\n# EOF\n")
    families = {each.name: each for each in parse(text)}
    assert {each.type for each in families.values()} == {"gauge"}
    assert all(each.documentation for each in families.values())
    for each in export_of(run).measurements:
        for end, value in (("", each.value), ("low", each.low), ("high", each.high)):
            if value is not None:
                samples = families[family_name(each.metric, end)].samples
                assert [sample.value for sample in samples if sample.labels["workload"] == each.workload] == [
                    value
                ]


def test_openmetrics_has_units_and_labels() -> None:
    families = {each.name: each for each in openmetrics_families(written("quick", "openmetrics"))}
    family = families["wiretax_http_request_size_per_event_bytes"]
    assert family.unit == "bytes"
    [sample] = [each for each in family.samples if each.labels["workload"] == BATCH10]
    assert sample.value == 195.6
    labels = {"api": "batch", "batch_size": "10", "client": "reference", "tls": "false", "http": "1.1"}
    assert labels.items() <= sample.labels.items()
    assert families["wiretax_latency_p99_low_seconds"].unit == "seconds"
    [about] = families["wiretax_run_info"].samples
    assert about.labels == {"run": "quick", "plan": "quick", "version": "0.1.0"}


def test_families_of_openmetrics_have_names_of_their_own() -> None:
    names = [family_name(metric, end) for metric in METRICS.values() for end in ("", "low", "high")]
    assert len(set(names)) == len(names)
    units = [
        (name, UNITS[metric.unit])
        for metric in METRICS.values()
        if metric.unit in UNITS
        for name in [family_name(metric)]
    ]
    assert all(name.endswith(f"_{unit}") for name, unit in units)


def test_openmetrics_escapes_labels() -> None:
    name = 'a "quoted\\name" \\n'
    export = export_of("quick")
    first = replace(export.measurements[0], workload=name)
    text = FORMATS["openmetrics"].write(replace(export, run=name, measurements=(first,))).decode()
    families = {each.name: each for each in openmetrics_families(text)}
    assert families["wiretax_run_info"].samples[0].labels["run"] == name
    assert families[family_name(first.metric)].samples[0].labels["workload"] == name


@pytest.mark.parametrize("run", RUNS)
def test_csv_and_json_lines_have_the_same_rows(run: str) -> None:
    table = list(csv.DictReader(StringIO(written(run, "csv"))))
    lines = [json.loads(line) for line in written(run, "jsonl").splitlines()]
    assert {tuple(each) for each in (*table, *lines)} == {COLUMNS}
    words = {True: "true", False: "false", None: ""}
    for row, line in zip(table, lines, strict=True):
        for column, value in line.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert float(row[column]) == value
            else:
                assert row[column] == words.get(value, value)


def test_pandas_reads_the_rows() -> None:
    frame = pd.read_csv(StringIO(written("quick", "csv")))
    assert frame["exact"].dtype == bool
    row = frame.set_index(["workload", "metric"]).loc[(BATCH10, SENT)]
    assert (row["run"], row["value"], row["unit"], bool(row["exact"])) == ("quick", 195.6, "B/event", True)
    assert pd.isna(row["low"])


def test_commit_and_labels_of_a_run() -> None:
    labels = {"team": "search", "lib.name-2": 'a "b"'}
    export = replace(export_of("quick"), commit="a" * 40, labels=labels)
    families = {each.name: each for each in openmetrics_families(FORMATS["openmetrics"].write(export).decode())}
    about = families["wiretax_run_info"].samples[0].labels
    assert (about["commit"], about["label_team"], about["label_lib_name_2"]) == ("a" * 40, "search", 'a "b"')
    benches = json.loads(FORMATS["github-action-benchmark"].write(export))
    assert all(each["extra"].endswith('run quick\nteam: search\nlib.name-2: a "b"') for each in benches)
