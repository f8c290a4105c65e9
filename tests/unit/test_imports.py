"""What a process loads: commands start often, and the largest libraries take up to a second each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wiretax.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
TABLES = {"numpy", "pandas", "pyarrow"}
LOAD = {"gevent", "httpx", "locust", "requests"}
HEAVY = TABLES | LOAD | {"asyncio", "cryptography", "h2", "IPython", "matplotlib", "nbformat", "redis"}
BLAS = "OPENBLAS_NUM_THREADS"
# Runs each command in one process; prints its exit code and the top-level modules loaded so far.
RUN = """
import json, sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from wiretax.cli import app
for arguments in json.loads(sys.argv[1]):
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        try:
            app(arguments)
        except SystemExit as done:
            code = done.code
    print(json.dumps([code, [name for name in sys.modules if "." not in name]]))
"""
# A plan with a server's mistakes in it, and a gates file with one.
PLAN = 'schema = 1\nname = "p"\n[[workload]]\napi = "trigger"\nclient = "nosuch"\n'
GATES = 'schema = 1\n[[check]]\nid = "a"\nmetric = "nosuch"\nmax = 1\n'
# A run that stores the figures of a list.
SAVED = {
    "schema": 1,
    "started": "2026-01-31T12:30:00+00:00",
    "plan": {"name": "p", "users": 1},
    "endpoint": "http://127.0.0.1/apps/1",
    "mock": None,
    "rounds_measured": 1,
    "warnings": [],
    "valid": True,
    "invalid_because": [],
    "reconcile": {"agrees": False},
    "busy": {},
    "headline": {"trigger": {"workload": "w", "sent_per_event": 473.0}},
}
LIGHT: list[tuple[int, list[str]]] = [
    (0, ["--version"]),
    (0, ["--help"]),
    *((0, [name, "--help"]) for name in COMMANDS),
    (0, ["gate", "--list"]),
    (0, ["clients"]),
    (2, ["mock", "--rtt", "soon"]),
    (2, ["run", "nosuch"]),
    (2, ["run", "plan.toml"]),
    (2, ["run", "quick", "--endpoint", "nosuch"]),
    (2, ["run", "quick", "--gates", "gates.toml"]),
    (0, ["runs", "--results", "saved"]),
    (2, ["runs", "--results", "nosuch"]),
    (2, ["runs", "rm"]),
    (2, ["gate", "--init", "--gates", "gates.toml"]),
    (2, ["advise", "--rate", "x", "--payload", "9", "--rtt", "1ms", "--budget", "1s"]),
]
# These load the counters of connections, and so numpy.
WITHOUT_TABLES: list[tuple[int, list[str]]] = [
    (2, ["doctor", "--batch-limit"]),
    (2, ["observe"]),
    (5, ["observe", "--", "true"]),
    (2, ["feed", "--rate", "x"]),
    (2, ["plan", "nosuch"]),
    (0, ["plan", "quick"]),
]
# What Locust's processes load with either locustfile, and the workers of ``wiretax run --processes``.
LOCUST = """
import json, os, sys
from importlib import metadata
entry_points = metadata.entry_points
from wiretax.load.drivers.loading import load_locust
load_locust()
from gevent import monkey
import scenarios.locustfile, scenarios.planfile, wiretax.load.cluster.processes, wiretax.load.drivers.headless
assert metadata.entry_points is entry_points
assert monkey.is_module_patched("socket") and monkey.is_module_patched("ssl")
print(json.dumps([os.environ["OPENBLAS_NUM_THREADS"], [name for name in sys.modules if "." not in name]]))
"""


def python(code: str, *arguments: str, cwd: Path, **env: str) -> list[tuple[int | str, set[str]]]:
    """The lines that a program prints: a value, and the modules that were loaded."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(value, set(loaded)) for value, loaded in map(json.loads, done.stdout.splitlines())]


def test_commands_load_what_they_need(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "gates.toml").write_text(GATES)
    (tmp_path / "saved" / "run").mkdir(parents=True)
    (tmp_path / "saved" / "run" / "run.json").write_text(json.dumps(SAVED))
    cases = [*LIGHT, *WITHOUT_TABLES]
    seen = python(RUN, json.dumps([arguments for _, arguments in cases]), cwd=tmp_path)
    assert len(seen) == len(cases)
    for (code, arguments), (found, loaded) in zip(cases, seen, strict=True):
        unwanted = (
            HEAVY if (code, arguments) in LIGHT else {"pandas", "pyarrow", "locust", "matplotlib", "IPython"}
        )
        assert (found, loaded & unwanted) == (code, set()), arguments


@pytest.mark.parametrize(("env", "threads"), [({}, "1"), ({BLAS: "3"}, "3")], ids=["", "chosen"])
def test_locusts_processes_load_no_tables_and_no_pages(env: dict[str, str], threads: str, tmp_path: Path) -> None:
    [(found, loaded)] = python(LOCUST, cwd=tmp_path, **env)
    assert found == threads
    assert {"locust", "wiretax"} < loaded
    assert not loaded & {"pandas", "pyarrow", "httpx", "asyncio", "h2", "matplotlib", "pydantic", "typer"}


@pytest.mark.parametrize(("command", "threads"), [("gate", "1"), ("observe", None)])
def test_numpy_starts_one_thread_but_not_in_an_observed_command(
    command: str, threads: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"PATH": "/usr/bin:/bin"}
    monkeypatch.setattr("os.environ", environment)
    monkeypatch.setattr("sys.argv", ["wiretax", command, "--help"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert environment.get(BLAS) == threads
