"""The import contracts in pyproject.toml hold, and each fails when a wall is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

NAMES = {
    "layers": "Imports point down",
    "folders": "Imports between the folders of analysis",
    "analysis": "Analysis loads no load generator",
    "channels": "Channels does no I/O",
    "scenarios": "Nothing imports the scenarios",
}
# A contract of pyproject.toml, a module, and an import that the contract forbids there.
BROKEN = [
    ("layers", "wiretax/units/duration.py", "import wiretax.channels.limits"),
    ("layers", "wiretax/channels/limits.py", "import wiretax.wire.ledger"),
    ("layers", "wiretax/wire/ledger.py", "import wiretax.queue.sources.arrival"),
    ("layers", "wiretax/queue/sources/arrival.py", "import wiretax.load.plan.plan"),
    ("layers", "wiretax/load/plan/plan.py", "import wiretax.load.client.session"),
    ("layers", "wiretax/load/client/session.py", "import wiretax.load.sweep.conductor"),
    ("layers", "wiretax/load/sweep/conductor.py", "import wiretax.load.cluster.sweep_master"),
    ("layers", "wiretax/load/drivers/headless.py", "import wiretax.commands.run"),
    ("layers", "wiretax/observe/proxy.py", "import wiretax.doctor.machine"),
    ("folders", "analysis/text/numbers.py", "import analysis.measures.interval"),
    ("folders", "analysis/measures/interval.py", "import analysis.models.cost_model"),
    ("folders", "analysis/figures/drawing.py", "import analysis.gates.baseline.gates"),
    ("folders", "analysis/findings/claims.py", "import analysis.advice.advise"),
    ("analysis", "analysis/measures/interval.py", "import gevent"),
    ("analysis", "analysis/measures/interval.py", "import socket"),
    ("analysis", "analysis/gates/measured/metrics.py", "from locust import stats"),
    ("analysis", "analysis/gates/measured/metrics.py", "import wiretax.load.plan.plan"),
    # Not in analysis, and yet loaded by it.
    ("analysis", "wiretax/runs/reader.py", "import gevent"),
    ("channels", "wiretax/channels/workload/workload.py", "import socket"),
    ("channels", "wiretax/channels/workload/workload.py", "import time"),
    ("scenarios", "wiretax/load/plan/plan.py", "import scenarios.locustfile"),
]


def lint(folder: Path) -> str:
    """The output of import-linter for a checkout; it checks every contract in about half a second."""
    done = subprocess.run(
        [LINT, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    verdict = "KEPT" if done.returncode == 0 else "BROKEN"
    assert ("BROKEN" in done.stdout) == (verdict == "BROKEN"), done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the production code and of the contracts."""
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("wiretax", "analysis"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_is_kept(checkout: Path) -> None:
    assert ", 0 broken" in lint(checkout)


@pytest.mark.parametrize(("contract", "module", "line"), BROKEN, ids=lambda value: str(value).replace("/", "."))
def test_a_broken_wall_is_reported(checkout: Path, contract: str, module: str, line: str) -> None:
    file = checkout / module
    sound = file.read_text()
    file.write_text(f"{sound}\n{line}\n")
    try:
        said = lint(checkout)
    finally:
        file.write_text(sound)
    broken = [name for name in said.splitlines() if " BROKEN" in name]
    assert any(name.startswith(NAMES[contract]) for name in broken), said


def test_a_saved_run_is_analysed_without_locust() -> None:
    loaded = "any(m in sys.modules for m in ('locust', 'gevent', 'httpx'))"
    code = f"import analysis.figures, analysis.tables.run_table, sys; sys.exit({loaded})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
