"""Damage of a run's files: every flipped bit and every impossible value is found, whatever the checksums say."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from judged import gates_of
from queued import whole_record
from saved import unseal

from analysis.gates.evaluation.evaluate import evaluate
from wiretax.runs.files.content_seal import break_seal
from wiretax.runs.files.frames import DamageError, read_table
from wiretax.runs.files.run_json import read_run_json
from wiretax.runs.files.seal import altered
from wiretax.runs.reader import RunNotFoundError, read_run, salvage_run
from wiretax.runs.writer import write_run

TABLES = tuple(f"{name}.parquet" for name in ("slices", "latency", "failures", "queue", "waits"))
FLIPS_PER_FILE = 60
GATES = '[[check]]\nid = "a"\nmetric = "events_per_second"\nmin = 1\n'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three rounds with all kinds of files."""
    folder = tmp_path_factory.mktemp("whole")
    write_run(folder, whole_record())
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def test_a_whole_run_has_no_damage(whole: Path) -> None:
    run = read_run(whole)
    assert run.doubts == ()
    assert len(run.waits)
    assert len(run.queued)
    assert not {"files", "sha256"} & set(run.meta)


def flips(file: Path, count: int = FLIPS_PER_FILE) -> Iterator[bytes]:
    """A file's bytes with one bit flipped each, drawn by the file's name; the file is as before at the end."""
    data = file.read_bytes()
    for place in Random(file.name).sample(range(len(data) * 8), count):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        file.write_bytes(flipped)
        yield bytes(flipped)
    file.write_bytes(data)


@pytest.mark.parametrize("name", TABLES)
def test_a_flipped_bit_in_a_table_is_found(folder: Path, name: str) -> None:
    _, seals, _ = break_seal(read_run_json(folder))
    assert seals is not None
    file = folder / name
    for _ in flips(file):
        with pytest.raises(DamageError, match=f"^{name}"):
            read_table(file, seals[name])


def test_a_flipped_bit_in_json_is_found_or_changes_nothing(folder: Path) -> None:
    before, ledger = read_run_json(folder), (folder / "server.json").read_bytes()
    found = 0
    for _ in flips(folder / "run.json", 4 * FLIPS_PER_FILE):
        try:
            document = read_run_json(folder)
        except RunNotFoundError:
            found += 1
            continue
        same = document == before
        changed = break_seal(document)[2]
        found += bool(changed)
        assert changed or same
    assert found > FLIPS_PER_FILE
    seal = before["files"]["server.json"]
    assert all(list(altered("server.json", seal, data)) for data in flips(folder / "server.json"))
    assert not list(altered("server.json", seal, ledger))


def test_a_damaged_run_is_named_in_one_line_and_fails_its_gate(folder: Path) -> None:
    for name in (*TABLES, "server.json", "run.json"):
        for _ in flips(folder / name, 2):
            try:
                run = salvage_run(folder)
            except RunNotFoundError:
                assert name == "run.json"
                continue
            assert name == "run.json" or run.damage
            assert all(each.startswith(name) and "\n" not in each for each in run.damage)
            assert not run.damage or evaluate(run, gates_of(GATES)).exit_code == 5


def times(column: str, factor: float) -> Callable[[pa.Table], pa.Table]:
    """Multiply a column."""
    return lambda table: setting(column, lambda values: pc.multiply(pc.cast(values, pa.float64()), factor))(table)


def setting(column: str, change: Callable[[pa.ChunkedArray], Any]) -> Callable[[pa.Table], pa.Table]:
    """Replace a column."""

    def changed(table: pa.Table) -> pa.Table:
        place, kind = table.schema.get_field_index(column), table.schema.field(column).type
        return table.set_column(place, column, pc.cast(change(table[column]), kind, safe=False))

    return changed


def first(value: object) -> Callable[[pa.ChunkedArray], Any]:
    """Replace the first value of a column."""
    return lambda values: pa.chunked_array([[value, *values.to_pylist()[1:]]], values.type)


TAMPERED = [
    ("slices", times("events", 2), "slices.parquet: events sums to"),
    ("slices", times("header_bytes", 0.1), "slices.parquet: header_bytes sums to"),
    (
        "slices",
        lambda table: table.filter(pc.not_equal(table["round"], 1)),
        "slices.parquet has 2 rounds, expected 3",
    ),
    ("slices", lambda table: table.slice(1), "slices.parquet: requests sums to"),
    ("slices", setting("requests", first(-5)), "slices.parquet: requests is -5, expected 0 or more"),
    ("slices", setting("duration_s", first(float("nan"))), "slices.parquet: duration_s is nan, expected a number"),
    ("slices", setting("duration_s", first(-1.0)), "slices.parquet: duration_s is -1.0, expected 0 or more"),
    ("slices", setting("duration_s", first(0.0)), "slices.parquet: duration_s is 0 in a slice with requests"),
    ("slices", setting("requests", first(None)), "slices.parquet: requests is null in 1 rows"),
    ("slices", setting("api", first("tirgger")), "slices.parquet: api is 'tirgger', expected one of trigger"),
    ("latency", times("count", 2), "latency.parquet: count sums to"),
    ("latency", lambda table: table.filter(pc.not_equal(table["round"], 1)), "latency.parquet: count sums to"),
    ("latency", setting("bucket_high_s", first(0.0)), "latency.parquet: bucket_high_s is 0.0, expected more than"),
    (
        "latency",
        setting("round", first(7)),
        "latency.parquet has round 7 of ",
    ),
    ("failures", times("count", -1), "failures.parquet: count is -6, expected 0 or more"),
    ("failures", lambda table: table.slice(1), "failures.parquet: count sums to 6, expected 12 by the totals"),
    ("queue", times("intended", -1), "queue.parquet: intended is"),
    ("waits", setting("kind", first("wir")), "waits.parquet: kind is 'wir', expected one of waiting"),
    ("waits", times("count", -1), "waits.parquet: count is"),
]


@pytest.mark.parametrize(("name", "change", "said"), TAMPERED, ids=[each[2][:60] for each in TAMPERED])
def test_tampered_values_are_found_with_and_without_a_seal(
    folder: Path, name: str, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    file = folder / f"{name}.parquet"
    pq.write_table(change(pq.read_table(file)), file)
    (sealed,) = salvage_run(folder).damage
    assert sealed.startswith(file.name)
    assert "expected" in sealed
    unseal(folder)
    run = salvage_run(folder)
    assert said in run.damage[0]
    assert evaluate(run, gates_of(GATES)).exit_code == 5
    with pytest.raises(RunNotFoundError, match=file.name):
        read_run(folder)


def test_a_seal_names_column_expected_and_found(folder: Path) -> None:
    file = folder / "slices.parquet"
    table = pq.read_table(file)
    pq.write_table(times("events", 2)(table), file)
    total = pc.sum(table["events"]).as_py()
    assert salvage_run(folder).damage == (
        f"slices.parquet: events sums to {2 * total:,}, expected {total:,}",
        *salvage_run(folder).damage[1:],
    )
    pq.write_table(table.slice(1), file)
    assert salvage_run(folder).damage[0] == f"slices.parquet has {len(table) - 1} rows, expected {len(table)}"
    # The same values in other bytes.
    pq.write_table(table, file)
    assert salvage_run(folder).damage[0].startswith("slices.parquet was changed: it has the sha256 ")


def test_a_changed_ledger_and_a_changed_run_json_are_named(folder: Path) -> None:
    file = folder / "server.json"
    file.write_bytes(file.read_bytes().replace(b"1500", b"1501"))
    assert salvage_run(folder).damage == ("server.json: events is 1,501, expected 1,500",)
    file.unlink()
    assert salvage_run(folder).damage == ("server.json is missing",)
    document = folder / "run.json"
    document.write_bytes(document.read_bytes().replace(b'"warnings": []', b'"warnings": ["x"]'))
    assert salvage_run(folder).damage[0].startswith("run.json was changed: its content has the sha256 ")


def test_the_layout_of_run_json_does_not_matter(folder: Path) -> None:
    file = folder / "run.json"
    document = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps(dict(reversed(document.items()))))
    assert read_run(folder).doubts == ()


def test_a_run_of_an_older_version_has_no_seal_and_is_whole(folder: Path) -> None:
    unseal(folder)
    assert read_run(folder).doubts == ()


def test_pages_have_checksums_that_are_verified_on_read(folder: Path) -> None:
    unseal(folder)
    file = folder / "latency.parquet"
    data = bytearray(file.read_bytes())
    column = pq.ParquetFile(file).metadata.row_group(0).column(4)
    data[column.data_page_offset + column.total_compressed_size - 5] ^= 1
    file.write_bytes(data)
    assert salvage_run(folder).damage[0].startswith("latency.parquet can't be read")


SOURCE = {"commit": "f" * 40, "branch": "main", "changed": True, "pull_request": 12, "provider": "github"}
LONG = "x" * 256


@pytest.mark.parametrize("keys", [{}, {"labels": {}}, {"source": None}, {"source": {}}, {"source": SOURCE}])
def test_labels_and_source_may_be_missing(keys: dict[str, Any], folder: Path) -> None:
    rewrite(folder, keys)
    assert keys.items() <= read_run_json(folder).items()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"labels": ["a"]}, "labels: expected object, got array"),
        ({"labels": {"a": 1}}, "expected str, got int"),
        ({"labels": {"a b": "x"}}, "label 'a b': expected a key"),
        ({"labels": {"a": "\x1b[2J"}}, "label a: its value has characters that can't be printed"),
        ({"labels": {"a": LONG + "x"}}, "label a: its value has 257 characters"),
        ({"labels": {f"a{number}": "x" for number in range(33)}}, "33 labels"),
        ({"headline": {"gain": 3}}, "headline.gain: expected object"),
        ({"headline": {"gain": {"workload": "w", "gain": -1}}}, "headline.gain.gain: expected float >= 0.0"),
        ({"headline": {"batch": {"workload": "w", "sent_per_event": "x"}}}, "sent_per_event: expected float"),
        ({"source": "main"}, "source: expected object"),
        ({"source": {**SOURCE, "commit": "F" * 40}}, "source.commit is 'FFFF"),
        ({"source": {**SOURCE, "commit": "f" * 40 + "\n"}}, "source.commit is "),
        ({"source": {**SOURCE, "branch": "\x1b]0;x\x07"}}, "source.branch is "),
        ({"source": {**SOURCE, "branch": LONG}}, "source.branch is 'xxx"),
        ({"source": {**SOURCE, "changed": 1}}, "source.changed: expected bool"),
        ({"source": {**SOURCE, "pull_request": 0}}, "source.pull_request: expected int >= 1"),
        ({"source": {**SOURCE, "provider": "::error::"}}, "source.provider is '::error::'"),
    ],
)
def test_labels_and_source_that_no_run_can_have_are_rejected(
    keys: dict[str, Any], said: str, folder: Path
) -> None:
    rewrite(folder, keys)
    with pytest.raises(RunNotFoundError) as rejected:
        read_run_json(folder)
    line = str(rejected.value)
    assert said in line
    assert line.isprintable()


def rewrite(folder: Path, keys: dict[str, Any]) -> None:
    """Put keys into run.json, without seals."""
    unseal(folder)
    file = folder / "run.json"
    file.write_bytes(orjson.dumps({**orjson.loads(file.read_bytes()), **keys}))
