"""The import contracts in pyproject.toml hold, and each fails when a wall is broken."""

from __future__ import annotations

import os
import re
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
    ("layers", "wiretax/observe/forwarding/proxy.py", "import wiretax.doctor.machine"),
    ("folders", "analysis/text/numbers.py", "import analysis.measures.interval"),
    ("folders", "analysis/measures/interval.py", "import analysis.models.cost_model"),
    ("folders", "analysis/figures/drawing.py", "import analysis.gates.baseline.gates"),
    ("folders", "analysis/gates/baseline/gates.py", "import analysis.exports.formats"),
    ("folders", "analysis/gates/outputs/gatejson.py", "import analysis.documents.shapes"),
    ("folders", "analysis/findings/claims.py", "import analysis.advice.advise"),
    ("analysis", "analysis/measures/interval.py", "import gevent"),
    ("analysis", "analysis/measures/interval.py", "import socket"),
    ("analysis", "analysis/gates/measured/metrics.py", "from locust import stats"),
    ("analysis", "analysis/gates/measured/metrics.py", "import wiretax.load.plan.plan"),
    ("channels", "wiretax/channels/workload/workload.py", "import socket"),
    ("channels", "wiretax/channels/workload/workload.py", "import time"),
    ("scenarios", "wiretax/load/plan/plan.py", "import scenarios.locustfile"),
]
# Not in analysis, and yet loaded by it.
INDIRECT = ("analysis", "wiretax/runs/reader.py", "import gevent")


def lint(folder: Path) -> str:
    """The output of import-linter for a checkout; it checks every contract in about half a second."""
    done = subprocess.run(
        [LINT, "--no-logo", "--no-cache"],
        cwd=folder,
        # Wide enough that no line is wrapped.
        env={**os.environ, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdict = "KEPT" if done.returncode == 0 else "BROKEN"
    assert ("BROKEN" in done.stdout) == (verdict == "BROKEN"), done.stdout + done.stderr
    return done.stdout


def chains(said: str, contract: str) -> list[list[str]]:
    """The chains of imports that a report names for a contract, each a list of ``MODULE -> MODULE (l.LINE)``."""
    [title] = [line for line in said.splitlines() if line.startswith(NAMES[contract]) and " BROKEN" in line]
    heading = title.removesuffix(" BROKEN")
    sections = re.split(r"^(.+)\n-+\n", said, flags=re.MULTILINE)
    section = sections[sections.index(heading) + 1]
    found: list[list[str]] = []
    for start, link in re.findall(r"^(- +| +)(\S+ -> .*)$", section, re.MULTILINE):
        if start.startswith("-"):
            found.append([])
        found[-1].append(link)
    return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the production code and of the contracts."""
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("wiretax", "analysis"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def broken(checkout: Path) -> tuple[str, dict[tuple[str, str], int]]:
    """The report on a checkout with all walls broken at once, and the lines that do it, by module and import."""
    sound, lines = {}, {}
    for _, module, line in (*BROKEN, INDIRECT):
        file = checkout / module
        text = file.read_text()
        sound.setdefault(file, text)
        file.write_text(f"{text}{line}\n")
        lines[module, line] = len(text.splitlines()) + 1
    try:
        return lint(checkout), lines
    finally:
        for file, text in sound.items():
            file.write_text(text)


def test_every_contract_is_kept(checkout: Path) -> None:
    assert ", 0 broken" in lint(checkout)


@pytest.mark.parametrize(("contract", "module", "line"), BROKEN, ids=lambda value: str(value).replace("/", "."))
def test_a_broken_wall_is_reported(
    broken: tuple[str, dict[tuple[str, str], int]], contract: str, module: str, line: str
) -> None:
    said, lines = broken
    # A chain of this import alone: no other one breaks the contract for it.
    assert [link(module, line, lines[module, line])] in chains(said, contract), said


def test_a_module_that_breaks_a_wall_for_those_that_import_it_is_reported(
    broken: tuple[str, dict[tuple[str, str], int]],
) -> None:
    said, lines = broken
    contract, module, line = INDIRECT
    ends = link(module, line, lines[module, line])
    [(first, last)] = [each for each in chains(said, contract) if each[-1] == ends]
    assert re.fullmatch(r"analysis\.\S+ -> wiretax\.runs\.reader \(l\..*\)", first)
    assert last == ends


def link(module: str, line: str, number: int) -> str:
    """How a report names an import; a package outside is named without its modules."""
    imported = line.split()[1]
    outside = not imported.startswith(("wiretax", "analysis"))
    imported = imported.partition(".")[0] if outside else imported
    return f"{module.removesuffix('.py').replace('/', '.')} -> {imported} (l.{number})"


def test_a_saved_run_is_analysed_without_locust() -> None:
    loaded = "any(m in sys.modules for m in ('locust', 'gevent', 'httpx'))"
    code = f"import analysis.figures, analysis.tables.run_table, sys; sys.exit({loaded})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
