"""What a second process gives, and what a worker costs its master: ``python -m benchmarks.processes``.

One worker and several, in pairs one right after the other, against an endpoint in C that costs next to nothing.
Rates show what this machine has cores for; processor time an event shows what each worker would carry on a core of
its own. Then what the master does: how long a switch of many workers takes, and what merging what they say costs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

import msgpack
import numpy as np

from analysis.measures.throughput import rates
from benchmarks.peers.servers import PeerError, endpoint_in_c
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run, find_run, read_run
from wiretax.runs.record import RunRecord
from wiretax.terminal import out
from wiretax.wire.slices import Slice

PAIRS = 5
PROCESSES = 2
PLAN = """
schema = 1
name = "processes"
rounds = 5
users = 16
[limits]
batch_size = 100
[[workload]]
api = "trigger"
[[workload]]
api = "batch"
batch_size = [10, 100]
"""
SWITCHES = """
schema = 1
name = "switches"
rounds = 20
slice = "50ms"
users = USERS
[mock]
rtt = "2ms"
[[workload]]
api = "trigger"
payload_bytes = [10, 100]
"""
REPEATS = 300
TYPICAL_NS = 200_000
CROWDS = (1, 4, 16)


class Arm(NamedTuple):
    """One run: by workload, events a second; and over all, processor time of the workers an event (s)."""

    rate: dict[str, float]
    cpu_s: float


@contextmanager
def endpoint(folder: Path) -> Iterator[str]:
    """The endpoint in C, as a PUSHER_URL."""
    try:
        with endpoint_in_c(None, folder) as found:
            yield found.secret_url
    except PeerError as error:
        sys.exit(f"benchmarks.processes: {error}; the mock would be measured instead of the generator")


def measure(folder: Path, url: str, processes: int) -> Arm:
    """Run the plan from so many processes."""
    run = sweep(folder, PLAN, {"PUSHER_URL": url}, processes)
    events = run.meta["parts"]["total"]["events"]
    cpu_s = sum(each["cpu_s"] for each in run.meta["worker_states"])
    per_second = rates(run.slices, "events").median()
    return Arm({str(name): float(value) for name, value in per_second.items()}, cpu_s / events)


def sweep(folder: Path, text: str, variables: dict[str, str], processes: int) -> Run:
    """Run a plan from so many processes, and read what it left."""
    plan, results = folder / "plan.toml", folder / "results"
    plan.write_text(text)
    shutil.rmtree(results, ignore_errors=True)
    command = [sys.executable, "-m", "wiretax", "run", str(plan), "--results", str(results)]
    known = {name: value for name, value in os.environ.items() if name != "PUSHER_URL"}
    subprocess.run(
        [*command, "--processes", str(processes)], env={**known, **variables}, check=True, capture_output=True
    )
    return read_run(find_run(results))


def compare(folder: Path, url: str) -> None:
    """Print what several processes give over one."""
    random, pairs = Random(1), []
    for number in range(PAIRS):
        order = [1, PROCESSES]
        random.shuffle(order)
        arms = {count: measure(folder, url, count) for count in order}
        pairs.append((arms[1], arms[PROCESSES]))
        out.print(f"pair {number + 1}/{PAIRS}")
    out.print(f"\n{PROCESSES} processes over 1, {os.cpu_count()} cores, median of {PAIRS} pairs (least to most)")
    for name in pairs[0][0].rate:
        ratios = [many.rate[name] / one.rate[name] for one, many in pairs]
        out.print(f"  {name:36}{spread(ratios)} x events/s")
    work = [one.cpu_s / many.cpu_s for one, many in pairs]
    out.print(f"  {'events a second of processor time':36}{spread(work)} x")
    out.print(f"  so with a core each, and an endpoint that keeps up: {PROCESSES * median(work):.2f} x events/s")


def switches(folder: Path) -> None:
    """Print how long it takes from slice to slice, on a mock that leaves the processor alone."""
    out.print("\nfrom the end of a slice to the beginning of the next: all workers idle, settled, merged, told")
    for count in CROWDS:
        run = sweep(folder, SWITCHES.replace("USERS", str(count)), {}, count)
        held = run.slices.assign(ended_s=run.slices["started_s"] + run.slices["duration_s"])
        edges = held.groupby(["round", "workload"], sort=False)[["started_s", "ended_s"]].agg(["min", "max"])
        gaps = edges["started_s", "max"].iloc[1:].to_numpy() - edges["ended_s", "min"].iloc[:-1].to_numpy()
        out.print(f"  {count:3} workers on this machine   {spread([1e3 * float(gap) for gap in gaps])} ms")


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def report_cost() -> None:
    """Print what the report of a slice weighs, and what it costs the master to read and merge it."""
    made = Slice(Workload.of(), 0)
    times_ns = np.random.default_rng(1).lognormal(0, 0.6, 20_000) * TYPICAL_NS
    made.latencies_ns.extend(times_ns.astype(int).tolist())
    made.close()
    made.settle()
    packed = msgpack.dumps(made.as_plain())

    def merge() -> None:
        plain: Any = msgpack.loads(packed, raw=False, strict_map_key=False)
        record.add(Slice.of_plain(plain), 1)

    record = RunRecord()
    buckets = len(made.measured.latency.buckets().counts)
    took_s = timed(merge)
    size, ms = f"{len(packed):,} B", f"{took_s * 1e3:.2f} ms"
    out.print(f"\na report of a slice with {buckets} buckets: {size}, {ms} of its master to read and to merge")
    out.print(f"  so it merges {1 / took_s:,.0f} slices a second")


def timed(call: Callable[[], None]) -> float:
    """The median duration of a call (s)."""
    took = []
    for _ in range(REPEATS):
        began = perf_counter()
        call()
        took.append(perf_counter() - began)
    return median(took)


def main() -> None:
    with TemporaryDirectory(prefix="wiretax-") as temporary, endpoint(Path(temporary)) as url:
        compare(Path(temporary), url)
        switches(Path(temporary))
    report_cost()


if __name__ == "__main__":
    main()
