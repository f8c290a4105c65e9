"""What the analysis of a run costs by its rounds, and advice by the runs in a folder.

The runs repeat the rounds of ``results/reference/quick``, with other durations.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.growth.cost import cost
from wiretax.runs.files.content_seal import CHECKSUM, break_seal, digest, seal_run
from wiretax.runs.files.seal import DURATION, sums_of
from wiretax.runs.writer import LEVEL

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "quick"
# As pyarrow has it by default.
ROW_GROUP = 1 << 20
PRINT_TABLE = (
    "import sys; from pathlib import Path; from rich.console import Console; "
    "from analysis.tables.run_table import print_run; from wiretax.runs.reader import read_run; "
    "print_run(read_run(Path(sys.argv[1])), Console())"
)
GATES = """schema = 1
[[check]]
id = "bytes"
metric = "http.request.size.per_event"
max = 100000
[[check]]
id = "gain"
metric = "gain"
where = { api = "batch" }
min = 0.1
"""
DEMAND = ["--rate", "500/s", "--payload", "100", "--rtt", "40ms", "--budget", "100ms"]


def write_rounds(folder: Path, rounds: int) -> Path:
    """A run of about that many rounds: a multiple of those of the reference run, at least as many."""
    folder.mkdir(parents=True)
    meta, _ = _reference()
    each = int(meta["rounds_measured"])
    times = max(1, rounds // each)
    seals = {}
    for name in ("slices", "latency"):
        table, file = pq.read_table(REFERENCE / f"{name}.parquet"), folder / f"{name}.parquet"
        rows, sums = 0, Counter[str]()
        # As many rows in each part of the file as wiretax writes, which read faster than many small parts.
        together = max(1, ROW_GROUP // len(table))
        with pq.ParquetWriter(
            file, table.schema, compression="zstd", compression_level=LEVEL, write_page_checksum=True
        ) as writer:
            for first in range(0, times, together):
                numbers = range(first, min(first + together, times))
                later = pa.concat_tables(_later(table, each * number, number) for number in numbers)
                writer.write_table(later)
                rows += len(later)
                sums.update({key: value for key, value in sums_of(later, later.schema).items() if value})
        sums.pop(DURATION, None)
        seals[file.name] = {CHECKSUM: digest(file.read_bytes()), "rows": rows, "sums": dict(sums)}
    for name in ("failures.parquet", "server.json"):
        data = (REFERENCE / name).read_bytes()
        (folder / name).write_bytes(data)
        seals[name] = {CHECKSUM: digest(data), "sums": {}}
    (folder / "run.json").write_text(json.dumps(seal_run(_repeated(meta, times), seals)))
    return folder


def _later(table: pa.Table, rounds: int, seed: int) -> pa.Table:
    """The same rows, that many rounds later, with other durations."""
    place = table.schema.get_field_index("round")
    table = table.set_column(
        place, table.schema.field(place), [pa.array(table["round"].to_numpy() + rounds, pa.int32())]
    )
    place = table.schema.get_field_index("duration_s")
    if place < 0:
        return table
    durations = table["duration_s"].to_numpy() * np.exp(
        0.02 * np.random.default_rng(seed).standard_normal(len(table))
    )
    return table.set_column(place, table.schema.field(place), [pa.array(durations)])


def _repeated(meta: dict[str, Any], times: int) -> dict[str, Any]:
    """``run.json`` of a run with that many times the rounds; its totals add up."""
    rounds = meta["rounds_measured"] * times
    parts = meta["parts"]
    aside = parts["aside"]
    boundary = {name: count * times for name, count in parts["boundary"].items()}
    total = {name: aside[name] + (count - aside[name]) * times for name, count in parts["total"].items()}
    return {
        **meta,
        "rounds_measured": rounds,
        "plan": {**meta["plan"], "rounds": rounds},
        "parts": {"aside": aside, "boundary": boundary, "total": total},
    }


def write_runs(results: Path, runs: int) -> Path:
    """A folder of that many runs, all of them suitable for advice."""
    meta, seals = _reference()
    for number in range(runs):
        folder = results / f"{number:05}"
        folder.mkdir(parents=True)
        for file in REFERENCE.iterdir():
            if file.suffix == ".parquet" or file.name == "server.json":
                (folder / file.name).write_bytes(file.read_bytes())
        started = f"2026-01-31T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}+00:00"
        (folder / "run.json").write_text(json.dumps(seal_run({**meta, "started": started}, seals)))
    return results


def _reference() -> tuple[dict[str, Any], dict[str, Any]]:
    """``run.json`` of the reference run without its seal, and the seals of its files."""
    meta, seals, damage = break_seal(json.loads((REFERENCE / "run.json").read_text()))
    assert seals is not None, damage
    return meta, seals


def cost_of_rounds(rounds: int, base: Path) -> dict[str, float]:
    """Table, gate and advice of a run of about that many rounds: a row of the table."""
    folder, gates = write_rounds(base / f"rounds-{rounds}" / "run", rounds), base / "gates.toml"
    gates.write_text(GATES)
    meta = json.loads((folder / "run.json").read_text())
    row: dict[str, float] = {
        "rounds": meta["rounds_measured"],
        "latency_rows": pq.read_metadata(folder / "latency.parquet").num_rows,
        "files_mb": sum(file.stat().st_size for file in folder.glob("*.parquet")) / 1e6,
    }
    commands = {
        "table": ["-c", PRINT_TABLE, str(folder)],
        "gate": ["-m", "wiretax", "gate", str(folder), "--gates", str(gates)],
        "advise": ["-m", "wiretax", "advise", *DEMAND, "--results", str(folder.parent)],
    }
    for name, arguments in commands.items():
        took = cost(arguments)
        row |= {f"{name}_cpu_s": took.cpu_s, f"{name}_mb": took.peak_mb}
    return row


def cost_of_runs(runs: int, base: Path) -> dict[str, float]:
    """Advice, the list and the history of a folder with that many runs: a row of the table."""
    results = str(write_runs(base / f"runs-{runs}", runs))
    history = ["http.request.size.per_event", "--workload", "trigger-100B-chat-reference"]
    commands = {
        "advise": ["-m", "wiretax", "advise", *DEMAND, "--results", results],
        "list": ["-m", "wiretax", "runs", "--results", results],
        "history": ["-m", "wiretax", "history", *history, "--results", results],
    }
    row: dict[str, float] = {"runs": runs}
    for name, arguments in commands.items():
        took = cost(arguments)
        row |= {f"{name}_cpu_s": took.cpu_s, f"{name}_mb": took.peak_mb}
    return row
