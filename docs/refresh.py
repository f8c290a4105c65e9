"""Updates the documents' tables, docs/figures and the notebooks' outputs from the runs in results/reference/.

``python -m docs.refresh`` (``make refresh``) writes them. ``--check`` names the notebooks that are out of date;
tests check the rest. ``--record RUN NAME`` keeps a run as the reference NAME. Runs during which other processes
used more than 10 % of the machine are rejected.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from functools import cache
from io import StringIO
from pathlib import Path
from typing import NoReturn

import wiretax.report  # noqa: F401  # first, as it makes the import of nbformat fast

# isort: split

import nbformat
from rich.console import Console

from analysis import figures
from analysis.figures import Drawing
from analysis.findings.claims import claims
from analysis.measures.queues import queue_frontier
from analysis.tables import notebook_tables as page
from analysis.tables.client_limits import print_client_limits
from analysis.tables.queue_table import alike, print_queues
from analysis.tables.run_table import print_run
from benchmarks.growth.tables import growth_sheet
from benchmarks.peers.document import Document, read_document
from benchmarks.peers.figure import beside_other_tools
from benchmarks.peers.tables import (
    details_sheet,
    limit_sheet,
    overview_sheet,
    ratios_sheet,
    servers_sheet,
    shares_sheet,
)
from docs.executed_notebooks import executed, outdated, stories
from docs.real_server import real_server_table
from docs.reference import ROOT, NotReferenceError, record, reference, references, require_quiet
from wiretax.runs.folder import write_whole

README = ROOT / "README.md"
QUEUES = ROOT / "docs" / "queues.md"
RUNNING = ROOT / "docs" / "running.md"
SERVERS = ROOT / "docs" / "servers.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
# What make bench measured, as docs/benchmarks.md says.
PEERS_FILE = ROOT / "docs" / "benchmarks" / "peers.json"
GROWTH_FILE = ROOT / "docs" / "benchmarks" / "growth.json"
FIGURES = ROOT / "docs" / "figures"
WIDTH = 120
CHECK_FAILED = 3
# A generated block of a document, from its opening comment to its closing one.
BLOCK = "<!-- {name} -->\n{text}\n<!-- /{name} -->"
ADVISE = (
    "advise --rate 500/s --payload 200 --rtt 40ms --budget 100ms --client python --run results/reference/headline"
)


@cache
def _first_look() -> str:
    """The output of ``make run``."""
    return _printed("make run", "quick")


@cache
def _soketi() -> str:
    """The output of plan ``quick`` against soketi."""
    return _printed(".venv/bin/wiretax run quick", "soketi")


def _printed(command: str, name: str) -> str:
    """A command and what it printed of a reference run, on a console of 120 characters."""
    console = Console(width=WIDTH, file=StringIO(), highlight=False, record=True)
    print_run(reference(name), console)
    lines = [line.rstrip() for line in console.export_text().rstrip().splitlines()]
    return "\n".join(["```", f"$ {command}", *lines[:-1], "```"])


@cache
def _real_server() -> str:
    """What a real server changes in plan ``quick``."""
    return real_server_table({"mock": reference("quick"), "soketi 1.6.1": reference("soketi")})


@cache
def _tradeoff() -> str:
    """The half of the output of ``wiretax run tradeoff`` with the longer round trip."""
    table = queue_frontier(reference("tradeoff"))
    far = table[table["rtt_s"] == table["rtt_s"].max()]
    console = Console(width=WIDTH, file=StringIO(), highlight=False, record=True)
    print_queues(far, console)
    lines = [line.rstrip() for line in console.export_text().rstrip().splitlines()]
    return "\n".join(["```", *lines, "", alike(far), "```"])


@cache
def _advice() -> str:
    """The output of ``wiretax advise`` with call times from the headline run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUSHER_")}
    printed = subprocess.run(
        [sys.executable, "-m", "wiretax", *ADVISE.split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = [part for line in printed.rstrip().splitlines() for part in textwrap.wrap(line, WIDTH) or [""]]
    return "\n".join(["```", f"$ .venv/bin/wiretax {ADVISE}", *lines, "```"])


@cache
def _claims() -> str:
    """The claims, checked against the headline run; the heads against the run of all libraries."""
    found = claims(reference("headline").slices)
    found[0] = claims(reference("clients").slices)[0]
    return page.sheet_of(found).markdown()


@cache
def _client_limits() -> str:
    """The output of ``wiretax clients``."""
    console = Console(width=WIDTH, file=StringIO(), highlight=False, record=True)
    print_client_limits(console)
    lines = [line.rstrip() for line in console.export_text().rstrip().splitlines()]
    return "\n".join(["```", "$ .venv/bin/wiretax clients", *lines, "```"])


@cache
def _peers() -> Document:
    """What ``python -m benchmarks.peers`` measured."""
    return read_document(PEERS_FILE)


def _growth(name: str) -> str:
    """What ``python -m benchmarks.growth`` measured."""
    return growth_sheet(name, json.loads(GROWTH_FILE.read_text())["tables"][name]).markdown()


def _measured_on() -> str:
    """The machine and the versions of a benchmark."""
    found = _peers()
    machine = found.machine
    versions = ", ".join(f"{row.name} {row.version}" for row in found.part("peers")[0].rows)
    text = (
        f"Measured on {found.date}: {machine['cpu_model']}, {machine['cores']} cores, {machine['kernel']}, Python "
        f"{machine['python']}; {machine['placement']}; {found.rounds} rounds. {versions}."
    )
    return "\n".join(textwrap.wrap(text, WIDTH))


# The generated blocks of each document.
BLOCKS: dict[Path, dict[str, Callable[[], str]]] = {
    README: {
        "first-look": _first_look,
        "claims": _claims,
        "real-server": _real_server,
        "beside": lambda: overview_sheet(_peers()).markdown(),
    },
    BENCHMARKS: {
        "measured-on": _measured_on,
        "ratios": lambda: ratios_sheet(_peers()).markdown(),
        "details": lambda: details_sheet(_peers()).markdown(),
        "asgi": lambda: servers_sheet(_peers()).markdown(),
        "limit": lambda: limit_sheet(_peers()).markdown(),
        "shares": lambda: shares_sheet(_peers()).markdown(),
        "users": lambda: _growth("users"),
        "workloads": lambda: _growth("workloads"),
        "rounds": lambda: _growth("rounds"),
        "runs": lambda: _growth("runs"),
    },
    QUEUES: {"advice": _advice, "tradeoff": _tradeoff},
    RUNNING: {"client-limits": _client_limits},
    SERVERS: {"soketi": _soketi},
}


def drawings() -> list[Drawing]:
    """The figures shown in README and docs."""
    headline, clients, connections = (reference(name) for name in ("headline", "clients", "connections"))
    drawn = [
        figures.layer_waterfall(headline.slices),
        figures.overhead_by_payload(headline.slices),
        figures.bytes_by_batch_size(headline.slices),
        figures.gain_by_batch_size(headline.slices),
        figures.heads_by_client(clients.slices),
        figures.connections(connections.slices),
        figures.latency_distributions(headline.latency, headline.slices),
        figures.latency_by_bytes(reference("tradeoff")),
        figures.queue_latency(reference("tradeoff")),
        figures.latency_by_rate(reference("capacity")),
        figures.delivery_delays(reference("delivery")),
        beside_other_tools(_peers()),
    ]
    return [each for each in drawn if isinstance(each, Drawing)]


def refreshed(document: Path, text: str) -> str:
    """A document's text with its generated blocks up to date."""
    for name, block in BLOCKS[document].items():
        pattern = re.escape(BLOCK.format(name=name, text="@")).replace("@", ".*?")
        if not re.search(pattern, text, re.DOTALL):
            raise LookupError(
                f"{document.name}: no block {name!r}; add the lines <!-- {name} --> and <!-- /{name} -->"
            )
        before, after = re.split(pattern, text, maxsplit=1, flags=re.DOTALL)
        text = before + BLOCK.format(name=name, text=block()) + after
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    Raises:
        SystemExit: 2 for bad arguments, 3 if a run can't be a reference or a notebook is out of date.
    """
    parser = ArgumentParser("python -m docs.refresh", description=(__doc__ or "").partition("\n")[0])
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="name outdated notebooks; write nothing")
    action.add_argument("--record", nargs=2, metavar=("RUN", "NAME"), help="keep a run as the reference NAME")
    given = parser.parse_args(arguments)
    if given.check:
        if stale := outdated():
            _refuse(f"out of date: {', '.join(stale)}; run make refresh")
        return
    try:
        if given.record:
            print(f"recorded in {record(*given.record)}; run make refresh to update the docs")
            return
        require_quiet(references())
    except NotReferenceError as error:
        _refuse(str(error))
    refresh()


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(CHECK_FAILED)


def refresh() -> None:
    """Write everything that is generated from the reference runs."""
    for document in BLOCKS:
        _write(document, refreshed(document, document.read_text()))
    FIGURES.mkdir(exist_ok=True)
    for drawing in drawings():
        _write(FIGURES / f"{drawing.name}.svg", drawing.svg())
        _write(FIGURES / f"{drawing.name}.csv", drawing.csv())
    for file, ran in zip(stories(), executed(stories()), strict=True):
        _write(file, nbformat.writes(ran) + "\n")


def _write(file: Path, text: str) -> None:
    write_whole(file, lambda path: path.write_text(text))


if __name__ == "__main__":
    main()
