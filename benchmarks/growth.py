"""How time and memory of the analysis grow with the rounds of a run, and with the runs in a folder.

    .venv/bin/python -m benchmarks.growth [--rounds 1000,2000,4000,5000,10000] [--runs 100,500,2000]

The runs repeat the rounds of ``results/reference/quick``, with other durations. Each figure is of one
process from start to end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from wiretax.runs.files.content_seal import CHECKSUM, digest, seal_run
from wiretax.runs.files.seal import DURATION, sums_of
from wiretax.runs.writer import LEVEL

REFERENCE = Path(__file__).parents[1] / "results" / "reference" / "quick"
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


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took.

    Attributes:
        cpu_s: seconds of processor time.
        peak_mb: its largest resident memory, MB.
    """

    cpu_s: float
    peak_mb: float


def write_rounds(folder: Path, rounds: int) -> Path:
    """A run of that many rounds, a multiple of those of the reference run."""
    folder.mkdir(parents=True)
    meta = json.loads((REFERENCE / "run.json").read_text())
    each = int(meta["rounds_measured"])
    times = rounds // each
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
    meta = json.loads((REFERENCE / "run.json").read_text())
    for number in range(runs):
        folder = results / f"{number:05}"
        folder.mkdir(parents=True)
        for file in REFERENCE.iterdir():
            if file.suffix == ".parquet" or file.name == "server.json":
                (folder / file.name).write_bytes(file.read_bytes())
        started = f"2026-01-31T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
        (folder / "run.json").write_text(json.dumps({**meta, "started": started}))
    return results


def cost(arguments: Sequence[str]) -> Cost:
    """The cost of a Python process with these arguments."""
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1)]
    pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ, file_actions=actions)
    os.close(null)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(arguments)}: exit code {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _shown(costs: Sequence[Cost]) -> list[str]:
    return [text for each in costs for text in (f"{each.cpu_s:.1f} s", f"{each.peak_mb:,.0f} MB")]


def _size_of(folder: Path) -> tuple[str, str]:
    """The rows of a run's latencies, and the size of its tables."""
    size = sum(file.stat().st_size for file in folder.glob("*.parquet"))
    return f"{pq.read_metadata(folder / 'latency.parquet').num_rows:,}", f"{size / 1e6:,.1f} MB"


def _print(
    titles: Sequence[str], commands: Sequence[str], rows: Sequence[tuple[Sequence[str], Sequence[Cost]]]
) -> None:
    if not rows:
        return
    table = Table(*titles, *(text for name in commands for text in (name, "memory")), box=None)
    for sizes, costs in rows:
        table.add_row(*sizes, *_shown(costs))
    Console().print(table)


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", default="1000,2000,4000,5000,10000", help="rounds of a run, by commas")
    parser.add_argument("--runs", default="100,500,2000", help="runs in a folder, by commas")
    given = parser.parse_args()
    with TemporaryDirectory() as directory:
        base = Path(directory)
        gates = base / "gates.toml"
        gates.write_text(GATES)
        rows: list[tuple[Sequence[str], Sequence[Cost]]] = []
        for rounds in map(int, filter(None, given.rounds.split(","))):
            folder = write_rounds(base / f"rounds-{rounds}" / "run", rounds)
            advise = ["-m", "wiretax", "advise", *DEMAND, "--results", str(folder.parent)]
            gate = ["-m", "wiretax", "gate", str(folder), "--gates", str(gates)]
            costs = [cost(["-c", PRINT_TABLE, str(folder)]), cost(gate), cost(advise)]
            rows.append(((f"{rounds:,}", *_size_of(folder)), costs))
        _print(["rounds", "latency rows", "files"], ["table", "gate", "advise"], rows)
        rows = []
        for runs in map(int, filter(None, given.runs.split(","))):
            results = write_runs(base / f"runs-{runs}", runs)
            rows.append(((f"{runs:,}",), [cost(["-m", "wiretax", "advise", *DEMAND, "--results", str(results)])]))
        _print(["runs"], ["advise"], rows)


if __name__ == "__main__":
    main()
