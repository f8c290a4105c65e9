"""Files of a run with damaged bytes and values: each is read, or named as damage in one line."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import gates_of
from mutated import FOUR_NUMBERS
from saved import parts_of, record, run_json, slice_, unseal

from analysis.gates.evaluation.evaluate import evaluate
from wiretax.channels.workload import Workload
from wiretax.runs.files.frames import DamageError, read_histograms, read_table
from wiretax.runs.reader import salvage_run
from wiretax.runs.writer import write_run
from wiretax.wire.ledger import Failure

FLOATS = [nan, inf, -inf, 1e308, -1e308, -1.0, 0.0, 5e-324, None]
INTEGERS = [2**63 - 1, -(2**63), 2**31, -1, 0, 1, None]
TEXTS = ["", "x", "\x1b[2J\n::error ::x", "reject\x00ed", "é" * 3000, None]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "run"
    folder.mkdir()
    failing = slice_(Workload.of("batch", 5), 0, 50, failures=3)
    failing.measured.failed.add(Failure("rejected", 400, "too many"), 3)
    failing.measured.requests += 3
    made = record(slice_(Workload.of(), 0, 50), failing)
    made.meta = run_json(made, parts=parts_of(made))
    write_run(folder, made)
    assert not salvage_run(folder).damage
    return folder


def with_values(table: pa.Table, column: str, values: list[Any]) -> pa.Table:
    """The table with these values in the first rows of a column."""
    place, field = table.column_names.index(column), table.schema.field(column)
    rest = table[column].to_pylist()[len(values) :]
    return table.set_column(place, field, pa.array([*values[: len(table)], *rest], field.type))


@pytest.mark.parametrize("values", [[nan], [inf], [-inf], [inf, -inf], [1e308] * 3, [nan, inf]], ids=str)
@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "older"])
def test_a_number_that_is_none_is_named_in_one_line_and_the_gate_exits_with_5(
    saved: Path, tmp_path: Path, values: list[float], is_sealed: bool
) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "run"))
    if not is_sealed:
        unseal(folder)
    gates = gates_of('[[check]]\nid = "a"\nmetric = "segments.per_event"\nmax = 1\n')
    for file in (folder / "slices.parquet", folder / "latency.parquet"):
        whole, table = file.read_bytes(), pq.read_table(file)
        for field in table.schema:
            if not pa.types.is_floating(field.type):
                continue
            pq.write_table(with_values(table, field.name, values), file)
            run = salvage_run(folder)
            if is_sealed or not all(abs(each) < inf for each in values):
                (sentence,) = run.damage
                assert file.name in sentence
                assert len(sentence.splitlines()) == 1
                assert evaluate(run, gates).exit_code == 5
        file.write_bytes(whole)


@dataclass(frozen=True, slots=True)
class RunFile:
    """A file of a run, and what ``run.json`` records of it."""

    name: str
    data: bytes
    table: pa.Table
    seal: Mapping[str, Any]

    def __repr__(self) -> str:
        return self.name  # in the example that hypothesis shows

    def damaged(self, numbers: list[int]) -> bytes:
        """The file with a byte or a value changed by each number; values first, as bytes make it unreadable."""
        table = self.table
        for number in numbers:
            if number % 2:
                continue
            at, choice = divmod(number // 2, 64)
            row, place = divmod(at, table.num_columns)
            kept = table.schema.field(place)
            known = _values(kept.type)
            column = table[kept.name].to_pylist()
            column[row % len(column)] = known[choice % len(known)]
            table = table.set_column(place, kept, pa.array(column, kept.type))
        if table is self.table:
            made = bytearray(self.data)
        else:
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, write_page_checksum=True)
            made = bytearray(sink.getvalue().to_pybytes())
        for number in numbers:
            if number % 2:
                at, choice = divmod(number // 2, 256)
                # One in eight is a place where the file ends.
                if choice % 8:
                    made[at % len(made)] ^= choice
                else:
                    del made[at % len(made) + 1 :]
        return bytes(made)


def _values(kind: pa.DataType) -> list[Any]:
    if pa.types.is_floating(kind):
        return FLOATS
    if pa.types.is_integer(kind):
        return [each for each in INTEGERS if each is None or abs(each) < 2 ** (kind.bit_width - 1)]
    return TEXTS if pa.types.is_string(kind) else [True, False, None]


@pytest.fixture(scope="module")
def files(saved: Path) -> list[RunFile]:
    seals = orjson.loads((saved / "run.json").read_bytes())["files"]
    # Slices have seven times the columns, and take as much longer.
    names = [f"{name}.parquet" for name in ("failures", "latency", "failures", "latency", "slices")]
    return [RunFile(name, (saved / name).read_bytes(), pq.read_table(saved / name), seals[name]) for name in names]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed")


def damage_of(file: Path, seal: Mapping[str, Any] | None) -> str:
    """What is said of a damaged file; empty for one that is read."""
    try:
        (read_histograms if file.stem == "latency" else read_table)(file, seal)
    except DamageError as error:
        return str(error)
    return ""


@given(which=st.integers(0, 4), numbers=FOUR_NUMBERS)
def test_any_damage_of_a_sealed_file_is_named_and_of_an_older_one_read_or_named(
    files: list[RunFile], folder: Path, which: int, numbers: list[int]
) -> None:
    one = files[which]
    file = folder / one.name
    for together in ((0,), (1, 2), (0, 1, 2, 3)):
        made = one.damaged([numbers[each] for each in together])
        file.unlink(missing_ok=True)
        file.write_bytes(made)
        sealed, older = damage_of(file, one.seal), damage_of(file, None)
        assert bool(sealed) == (made != one.data)
        for each in filter(None, (sealed, older)):
            assert len(each.splitlines()) == 1
            assert one.name in each
