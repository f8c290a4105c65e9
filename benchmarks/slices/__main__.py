"""How sharp a ratio is by the length of slices, interleaved and not: ``python -m benchmarks.slices``.

Without options it measures, on the machine as it is and with a load on all of its cores,

- 95 % intervals and biases of the gains of plan ``quick`` against the length of slices, with equal time for each
  length, and lengths in turn;
- the interval of one gain if slices are interleaved, and if one workload is sent after the other.

``--runs N`` instead runs the plan N times, and tells whether its intervals are narrow enough and overlap as they
should.
"""

# Locust patches the standard library, so it comes before anything that opens a socket.
import locust  # noqa: F401, I001

import argparse
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from benchmarks.slices.background import background_load
from benchmarks.slices.consecutive import reached, repeat
from benchmarks.slices.figure import slice_length
from benchmarks.slices.measure import bench, compare_lengths, compare_orders
from benchmarks.slices.results import OfLength, Separate, by_length
from benchmarks.slices.tables import lengths_table, runs_table, separate_table, verdict
from wiretax.load.plan.reading import load_plan
from wiretax.runs.machine import describe_machine

PLAN = "quick"
QUIET, BUSY = "quiet", "busy"
EXAMPLE_BYTES, EXAMPLE_SIZE = 100, 10

out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, highlight=False)


def _report(text: str) -> None:
    err.print(text, markup=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, draw; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slices", description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", default="10,25,50,125,250", help="of slices, ms, by commas")
    parser.add_argument("--seconds", type=float, default=2.5, help="of each workload and length (default 2.5)")
    parser.add_argument("--repeats", type=int, default=12, help="measurements in each order (default 12)")
    parser.add_argument("--loads", default="quiet,busy", help="quiet, busy or both, by commas")
    parser.add_argument("--figure", type=Path, metavar="FOLDER", help="also draw the figure into a folder")
    parser.add_argument("--runs", type=int, help="instead, repeat the plan that many times")
    parser.add_argument("--plan", default=PLAN, help=f"of --runs (default {PLAN})")
    given = parser.parse_args(arguments)
    loads = given.loads.split(",")
    if not set(loads) <= {QUIET, BUSY}:
        parser.error(f"--loads {given.loads}, expected quiet, busy or both by a comma")
    machine = describe_machine()
    out.print(f"{machine['cpu_model']}, {machine['kernel']}, cores: {machine['cores']}", markup=False)
    if given.runs is not None:
        return _repeat(given.plan, given.runs, loads)
    lengths_s = [float(each) / 1000 for each in given.lengths.split(",")]
    blocks = max(1, round(given.seconds / max(lengths_s)))
    _compare(lengths_s, blocks, given.seconds, given.repeats, loads, given.figure)
    return 0


def _repeat(plan: str, runs: int, loads: Sequence[str]) -> int:
    code = 0
    for load in loads:
        with background_load() if load == BUSY else nullcontext():
            try:
                gains = repeat(plan, runs, lambda text, load=load: _report(f"{load}: {text}"))  # type: ignore[misc]
            except subprocess.CalledProcessError as error:
                return error.returncode
        out.print(f"\nplan {plan}, {runs} runs, {load}", markup=False)
        out.print(runs_table(gains))
        out.print(verdict(gains), markup=False)
        code = code or int(not reached(gains))
    return code


def _compare(
    lengths_s: Sequence[float],
    blocks: int,
    seconds: float,
    repeats: int,
    loads: Sequence[str],
    folder: Path | None,
) -> None:
    plan = load_plan(PLAN)
    triggers = {
        batch.name: trigger.name
        for batch in plan.workloads
        for trigger in plan.workloads
        if batch.call.api == "batch"
        and trigger.call.api == "trigger"
        and batch.comparison_key == trigger.comparison_key
    }
    example = next(
        each
        for each in plan.workloads
        if each.call.batch_size == EXAMPLE_SIZE and each.payload.bytes == EXAMPLE_BYTES
    )
    base = next(each for each in plan.workloads if each.name == triggers[example.name])
    lengths: dict[str, list[OfLength]] = {}
    separate: dict[str, Separate] = {}
    for load in loads:
        with background_load() if load == BUSY else nullcontext(), bench(plan) as at:
            found = compare_lengths(
                at,
                plan.workloads,
                lengths_s,
                blocks,
                lambda text, load=load: _report(f"{load}: {text}"),  # type: ignore[misc]
            )
            lengths[load] = by_length(found, triggers, example.name)
            separate[load] = compare_orders(
                at,
                example,
                base,
                seconds,
                plan.slice_s,
                repeats,
                lambda text, load=load: _report(f"{load}: {text}"),  # type: ignore[misc]
            )
    out.print(lengths_table(lengths, f"{example.name} over {base.name}"))
    out.print(
        f"{seconds:g} s of each workload at each length; half width: of the 95 % interval, median over gains; "
        "bias: against the longest slices, by the pace of users and by completed calls; r: correlation of "
        "consecutive rounds; time: over that of the slices alone",
        markup=False,
    )
    out.print(separate_table(separate))
    if folder is not None:
        slice_length(lengths, seconds).save(folder)


if __name__ == "__main__":
    sys.exit(main())
