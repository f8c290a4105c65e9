"""The cost of a run by its number of users and of workloads, against a mock on another core."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from analysis.measures.throughput import rates
from benchmarks.cores import Cores, on_core
from benchmarks.growth.cost import cost
from benchmarks.peers.servers import mock
from wiretax.runs.reader import find_run, read_run

PLAN = """\
schema = 1
name = "growth"
seed = 1
rounds = {rounds}
slice = "{slice_ms}ms"
users = {users}
timeout = "60s"

[[workload]]
api = "trigger"
payload_bytes = {payload_bytes}
"""
LEAST_BYTES = 100
# Each slice lasts twenty round trips or more, so a run of many users takes long; a few slices show its rate.
ROUNDS, SLICE_MS = 3, 250
USERS, SHORT_MS = 16, 25


def raise_open_files() -> None:
    """As many open files as this process may have: each user has one, and so has the mock for it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cost_of_users(users: int, base: Path) -> dict[str, float]:
    """A run of one workload with that many users: a row of the table."""
    return {"users": users, **_run(base / f"users-{users}", users, 1, SLICE_MS)}


def cost_of_workloads(workloads: int, base: Path) -> dict[str, float]:
    """A run of that many workloads: a row of the table."""
    return {"workloads": workloads, **_run(base / f"workloads-{workloads}", USERS, workloads, SHORT_MS)}


def _run(folder: Path, users: int, workloads: int, slice_ms: int) -> dict[str, float]:
    """Processor time, memory and rate of the generator, from start to end."""
    folder.mkdir(parents=True)
    plan, results, cores = folder / "plan.toml", folder / "results", Cores.find()
    sizes = [LEAST_BYTES + number for number in range(workloads)]
    plan.write_text(PLAN.format(rounds=ROUNDS, slice_ms=slice_ms, users=users, payload_bytes=sizes))
    raise_open_files()
    with mock(cores.mock) as endpoint:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("WIRETAX_")}
        variables["PUSHER_URL"] = endpoint.secret_url
        with on_core(cores.generator):
            took = cost(["-m", "wiretax", "run", str(plan), "--results", str(results)], variables)
    run = read_run(find_run(results))
    return {
        "cpu_s": took.cpu_s,
        "peak_mb": took.peak_mb,
        "requests": int(run.slices["requests"].sum()),
        "requests_per_s": float(rates(run.slices, "requests").median().median()),
        "load_s": float(run.slices["duration_s"].sum()),
        "valid": bool(run.meta["valid"]),
    }
