"""Files of any content: table, gate and advise use them or reject them in one line, without internal errors."""

from __future__ import annotations

import io
import json
import os
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import gates_of
from mutated import ODD, mutated, mutations
from rich.console import Console
from saved import parts_of, record, run_json, slice_, unseal

from analysis.advice.call_cost import call_cost_of
from analysis.advice.connections_seen import seen_of
from analysis.gates.baseline.accepted import find
from analysis.gates.baseline.baseline_file import read_file
from analysis.gates.baseline.gates import Gates, load_gates
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.file.checks import GatesError
from analysis.gates.file.parser import parse_gates
from analysis.gates.outputs.files import write_outputs
from analysis.gates.outputs.terminal import print_result
from analysis.tables.run_table import print_run
from wiretax.channels.workload import Workload
from wiretax.documents import parse_toml
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import load_plan, parse_plan
from wiretax.runs.files.run_json import read_run_json
from wiretax.runs.reader import Run, RunNotFoundError, find_run, read_run, salvage_run
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.runs.writer import write_run
from wiretax.wire.ledger import Failure

CALLS = (Workload.of(), Workload.of("batch", 5), Workload.of("batch", 10))
GATES = """
schema = 1
[valid]
min_requests = 1
max_failure_ratio = 0.1
inconclusive = "pass"
[[check]]
id = "bytes"
metric = "segments.per_event"
where = { api = ["trigger", "batch"], batch_size = 10 }
max = 400.5
[[check]]
id = "gain"
metric = "gain"
compare = { of = { api = "batch" }, to = { api = "trigger" }, as = "ratio" }
baseline = "b.json"
max_increase = { ratio = 0.1 }
confidence = 0.9
"""
PLAN = """
schema = 1
name = "p"
seed = 3
rounds = 2
slice = "20ms"
users = 4
timeout = "1s"
limits = { batch_size = 10, data_bytes = 1000, channels = 5 }
mock = { rtt = "1ms", per_request = "1us", servers = 1, keep_alive = true, fault = [] }
[[workload]]
api = "batch"
batch_size = [5, 10]
payload_bytes = 10
client = ["python", "reference"]
[[workload]]
api = "batch"
batch_size = 3
rate = "100/s"
linger = "5ms"
"""
BASELINE = {
    "schema": 1,
    "accepted": [
        {
            "metric": "gain",
            "workload": {"api": "batch", "batch_size": 10, "tls": False},
            "value": 2.5,
            "to": {"api": "trigger"},
            "compare": "ratio",
            "exact": "391/2",
            "wiretax": "0.1.0",
            "profile": "none",
            "host": "http://h",
            "server": "s",
            "address": {"host": 1, "host_with_port": 2, "app_id": 3, "key": 4},
            "conditions": "c",
        }
    ],
}


def made_run() -> RunRecord:
    """A run with every part that ``run.json`` may have."""
    made = record(*(slice_(each, number, 50) for number in range(6) for each in CALLS))
    made.meta = run_json(
        made,
        parts=parts_of(made),
        wiretax="0.1.0",
        mode="sweep",
        against="http://other/apps/1",
        addresses=[
            {
                "server": "endpoint",
                "tls": False,
                "rtt_s": None,
                "host": 9,
                "host_with_port": 15,
                "app_id": 6,
                "key": 20,
            }
        ],
        profiles={"reference": "none"},
        environment={"python": "3.11.7", "kernel": "Linux 6", "cpu_model": "A CPU", "cores": 2},
        busy={"generator": 0.9, "mock": None, "others": 0.1},
        outcome={"sent": 900, "acknowledged": 899, "rejected": 1, "failed": 0, "unknown": 0},
        skipped=[Skipped(Workload.of("batch", 20), Failure("rejected", 400, "too many")).as_row()],
    )
    made.meta["plan"] |= {
        "rounds": 6,
        "workloads": [each.name for each in CALLS],
        "replay": {"name": "e", "events": 3, "payload_bytes": {"least": 1, "most": 3, "mean": 2.0}, "skipped": 1},
    }
    return made


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "run"
    folder.mkdir()
    write_run(folder, made_run())
    unseal(folder)
    return folder


def use(run: Run, results: Path, gates: Gates) -> None:
    """Print a run's table, judge it and ask it for advice."""
    quiet = Console(file=io.StringIO(), width=100)
    print_run(run, quiet)
    result = evaluate(run, gates)
    print_result(result, quiet)
    write_outputs(results, result)
    seen_of(run)
    call_cost_of(run, Workload.of())


def write_json(file: Path, document: dict[str, Any]) -> None:
    """Write a new file, as emptying one that is there waits for the disk."""
    try:
        data = orjson.dumps(document)
    except TypeError:  # orjson has no integers of more than 64 bits
        data = json.dumps(document).encode()
    file.unlink(missing_ok=True)
    file.write_bytes(data)


def one_line(error: Exception) -> int:
    """1 for an error; its message is one line."""
    assert len(str(error).splitlines()) == 1
    return 1


def try_run_json(whole: Run, tmp_path: Path, documents: Iterable[dict[str, Any]]) -> tuple[int, int]:
    used = rejected = 0
    rules, checks = parse_gates(tomllib.loads(GATES), Path())
    gates = Gates("gates.toml", rules, checks[:1], {})
    for made in documents:
        write_json(tmp_path / "run.json", made)
        try:
            meta = read_run_json(tmp_path)
        except RunNotFoundError as error:
            rejected += one_line(error)
        else:
            use(replace(whole, meta=meta), tmp_path, gates)
            used += 1
    return used, rejected


def try_gates(run: Run, tmp_path: Path, documents: Iterable[dict[str, Any]]) -> tuple[int, int]:
    used = rejected = 0
    for made in documents:
        try:
            rules, checks = parse_gates(made, tmp_path)
        except GatesError as error:
            rejected += one_line(error)
        else:
            evaluate(run, Gates("gates.toml", rules, checks, {check.id: () for check in checks if check.baseline}))
            used += 1
    return used, rejected


def try_plans(documents: Iterable[dict[str, Any]]) -> tuple[int, int]:
    used = rejected = 0
    for made in documents:
        try:
            parse_plan(made)
            used += 1
        except PlanError as error:
            rejected += one_line(error)
    return used, rejected


def try_baselines(tmp_path: Path, documents: Iterable[dict[str, Any]]) -> tuple[int, int]:
    used = rejected = 0
    (check,) = parse_gates(tomllib.loads(GATES), Path())[1][1:]
    for made in documents:
        write_json(tmp_path / "b.json", made)
        try:
            accepted = read_file(tmp_path / "b.json")
        except GatesError as error:
            rejected += one_line(error)
        else:
            find(accepted, check, ({"api": "batch"}, {"api": "trigger"}))
            _ = [each.fraction for each in accepted]
            used += 1
    return used, rejected


def test_run_json_is_used_or_rejected(saved: Path, tmp_path: Path) -> None:
    document = orjson.loads((saved / "run.json").read_bytes())
    used, rejected = try_run_json(read_run(saved), tmp_path, mutations(document, 60, "run"))
    assert used
    assert rejected


def test_a_gates_file_is_used_or_rejected(saved: Path, tmp_path: Path) -> None:
    used, rejected = try_gates(read_run(saved), tmp_path, mutations(tomllib.loads(GATES), 150, "gates"))
    assert used
    assert rejected


def test_a_plan_is_used_or_rejected() -> None:
    used, rejected = try_plans(mutations(tomllib.loads(PLAN), 150, "plan"))
    assert used
    assert rejected


def test_a_baseline_is_used_or_rejected(tmp_path: Path) -> None:
    used, rejected = try_baselines(tmp_path, mutations(BASELINE, 150, "baseline"))
    assert used
    assert rejected


# TOML has dates beside what JSON has; tomllib and orjson hand over no other kinds.
VALUES = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
DATES = [
    date(1, 1, 1),
    time(23, 59, 59, 1),
    datetime(9999, 12, 31),  # noqa: DTZ001  # TOML has times without a zone
    datetime(2026, 1, 31, tzinfo=UTC),
]
TOML_VALUES = VALUES | st.dates() | st.times() | st.datetimes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed")


@pytest.fixture(scope="module")
def whole(saved: Path) -> Run:
    return read_run(saved)


@given(st.deferred(lambda: mutated(orjson.loads(orjson.dumps(made_run().meta)), VALUES)))
def test_any_run_json_is_read_or_rejected(folder: Path, documents: list[dict[str, Any]]) -> None:
    for made in documents:
        write_json(folder / "run.json", made)
        try:
            read_run_json(folder)
        except RunNotFoundError as error:
            one_line(error)


@given(mutated(tomllib.loads(GATES), TOML_VALUES, DATES))
def test_any_gates_file_is_used_or_rejected(whole: Run, folder: Path, documents: list[dict[str, Any]]) -> None:
    try_gates(whole, folder, documents)


@given(mutated(tomllib.loads(PLAN), TOML_VALUES, DATES))
def test_any_plan_is_used_or_rejected(documents: list[dict[str, Any]]) -> None:
    try_plans(documents)


@given(mutated(BASELINE, VALUES, ["1/0", "-0/1", "1/00", "9" * 400, "1e5", "1/2/3"]))
def test_any_baseline_is_used_or_rejected(folder: Path, documents: list[dict[str, Any]]) -> None:
    try_baselines(folder, documents)


TYPES = (
    pa.string(),
    pa.int8(),
    pa.int64(),
    pa.float64(),
    pa.bool_(),
    pa.binary(),
    pa.null(),
    pa.list_(pa.int32()),
)


def test_columns_of_any_type_are_used_or_rejected(saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "run"))
    gates, draw = gates_of('[[check]]\nid = "a"\nmetric = "segments.per_event"\nmax = 1\n'), Random("types")
    for _ in range(60):
        file = folder / f"{draw.choice(('slices', 'latency', 'failures'))}.parquet"
        data, table = file.read_bytes(), pq.read_table(file)
        place, kind = draw.randrange(table.num_columns), draw.choice(TYPES)
        pq.write_table(table.set_column(place, table.column_names[place], pa.nulls(len(table), kind)), file)
        run = salvage_run(folder)
        assert all(len(each.splitlines()) == 1 for each in run.damage)
        if run.damage:
            assert evaluate(run, gates).exit_code == 5
        file.write_bytes(data)


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "a." * 100_000 + "b = 1", "[" + "a." * 100_000 + "b]"])
def test_deep_toml_is_rejected_before_it_is_parsed(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.toml"
    file.write_text(text)
    for read, error in ((load_gates, GatesError), (lambda path: load_plan(str(path)), PlanError)):
        with pytest.raises(error, match=r"nested more than 20 deep|more than 20 parts"):
            read(file)
    file.write_text("#" * 300_000)
    with pytest.raises(GatesError, match="300,000 B, expected 262,144 B at most"):
        load_gates(file)


def test_brackets_and_dots_in_text_have_no_depth() -> None:
    text = (
        'a = "'
        + "[." * 50
        + '" # '
        + "{" * 50
        + "\nb = '''"
        + "[\n" * 50
        + "'''\nc = \"\"\""
        + '[\\"' * 50
        + '""""\n'
    )
    assert set(parse_toml(text)) == {"a", "b", "c"}


def test_deep_json_is_rejected(saved: Path, tmp_path: Path) -> None:
    for deep in (100, 100_000):
        (tmp_path / "run.json").write_text('{"schema": 1, "x": ' + "[" * deep + "]" * deep + "}")
        with pytest.raises(RunNotFoundError, match=r"run\.json can't be read"):
            read_run_json(tmp_path)


def test_only_regular_files_are_read(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "good")
    for name in ("fifo", "folder", "good"):
        (tmp_path / name).mkdir(exist_ok=True)
    os.mkfifo(tmp_path / "fifo" / "run.json")
    (tmp_path / "folder" / "run.json").mkdir()
    assert find_run(tmp_path).name == "good"
    for name in ("fifo", "folder"):
        with pytest.raises(RunNotFoundError, match="not a regular file"):
            read_run(tmp_path / name)
    (tmp_path / "good" / "latency.parquet").unlink()
    os.mkfifo(tmp_path / "good" / "latency.parquet")
    assert salvage_run(tmp_path / "good").damage == ("latency.parquet can't be read (not a regular file)",)


def test_a_schema_and_a_version_of_any_text_are_named_in_one_line(saved: Path, tmp_path: Path) -> None:
    document = orjson.loads((saved / "run.json").read_bytes())
    (tmp_path / "run.json").write_bytes(orjson.dumps({**document, "schema": "2\n::error::", "wiretax": "a\nb"}))
    says = r"schema '2\\n::error::', expected 1; another version of wiretax wrote it"
    with pytest.raises(RunNotFoundError, match=says) as caught:
        read_run(tmp_path)
    one_line(caught.value)


def test_a_check_whose_id_has_two_lines_is_named_in_one() -> None:
    document = {"schema": 1, "check": [{"id": "a\n::error::", "metrics": "gain"}]}
    with pytest.raises(GatesError, match=r"unknown key 'metrics' in \[\[check\]\] 1; known") as caught:
        parse_gates(document, Path())
    one_line(caught.value)


def test_a_column_of_two_lines_in_a_baseline_is_named_in_one(tmp_path: Path) -> None:
    accepted = {**BASELINE["accepted"][0], "to": {"a\nb": []}}
    write_json(tmp_path / "b.json", {"schema": 1, "accepted": [accepted]})
    with pytest.raises(GatesError, match=r"\[\[accepted\]\] 1 to\.a\\nb is \[\]") as caught:
        read_file(tmp_path / "b.json")
    one_line(caught.value)


def test_a_wrong_value_is_named_with_what_was_given_and_expected(saved: Path, tmp_path: Path) -> None:
    document = orjson.loads((saved / "run.json").read_bytes())
    (tmp_path / "run.json").write_bytes(orjson.dumps({**document, "valid": "no"}))
    with pytest.raises(RunNotFoundError, match=r"run\.json: valid: expected bool, got str \('no'\)$"):
        read_run(tmp_path)
