"""How time, memory and rates grow: ``python -m benchmarks.growth``, part of ``make bench``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console

from analysis.text.numbers import duration
from benchmarks.growth.running import cost_of_users, cost_of_workloads
from benchmarks.growth.saved import cost_of_rounds, cost_of_runs
from benchmarks.growth.tables import growth_sheet
from wiretax.runs.folder import write_whole
from wiretax.runs.machine import describe_machine

SCHEMA = 1
DIMENSIONS = {
    "users": (cost_of_users, "1,10,100,1000,5000"),
    "workloads": (cost_of_workloads, "1,10,50,200"),
    "rounds": (cost_of_rounds, "136,1000,5000,10000"),
    "runs": (cost_of_runs, "1,10,100,500"),
}
DIGITS = 4

out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and save the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth",
        description="Measure processor time (of a whole command, from its start), memory and rates by users, "
        "workloads, rounds and runs. Takes about two minutes. An empty list leaves a table out.",
    )
    for name, (_, sizes) in DIMENSIONS.items():
        parser.add_argument(f"--{name}", default=sizes, metavar="N,N", help=f"numbers of {name} (default {sizes})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    given = parser.parse_args(arguments)
    began, tables = perf_counter(), {}
    with TemporaryDirectory(prefix="wiretax-growth-") as directory:
        for name, (measure, _) in DIMENSIONS.items():
            rows = []
            for size in map(int, filter(None, getattr(given, name).split(","))):
                rows.append(measure(size, Path(directory)))
                err.print(f"{duration(perf_counter() - began):>8}  {size:,} {name}", markup=False)
            if rows:
                tables[name] = rows
                out.print(growth_sheet(name, rows).printed())
    if given.json is not None:
        today = datetime.now(UTC).date().isoformat()
        document = {"schema": SCHEMA, "date": today, "machine": describe_machine(), "tables": _rounded(tables)}
        text = json.dumps(document, indent=1) + "\n"
        write_whole(given.json, lambda path: path.write_text(text, encoding="utf-8"))


def _rounded(tables: dict[str, list[dict[str, float]]]) -> dict[str, list[dict[str, float]]]:
    return {
        name: [
            {
                key: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
                for key, value in row.items()
            }
            for row in rows
        ]
        for name, rows in tables.items()
    }


if __name__ == "__main__":
    main()
