"""wiretax beside its peers: ``python -m benchmarks.peers``, the first part of ``make bench``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from rich.console import Console

from analysis.text.numbers import duration
from benchmarks.cores import Cores
from benchmarks.peers import generators
from benchmarks.peers.document import Document
from benchmarks.peers.figure import beside_other_tools
from benchmarks.peers.job import CONNECTIONS
from benchmarks.peers.lineup import Turn
from benchmarks.peers.parts import PARTS, WORKLOADS
from benchmarks.peers.servers import PeerError
from benchmarks.peers.sheets import Sheet
from benchmarks.peers.tables import details_sheet, limit_sheet, ratios_sheet, servers_sheet, shares_sheet
from wiretax import __version__
from wiretax.mock.process import MockError
from wiretax.runs.machine import describe_machine

FAILED, INTERRUPTED = 1, 130
ROUNDS = 6
METHOD = (
    f"{CONNECTIONS} connections with one request at a time each. wiretax is `wiretax run`, the pauses between its "
    "slices included. All generators of a workload are started, and all but one stopped: each runs for {settle:g} "
    "s, and is then measured by the server's ledger for {window:g} s. Ratios are taken round by round: median "
    "[95 % CI] of {rounds} rounds. Rates are medians of this run, not to be compared with another run's."
)

out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, save; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Compare wiretax with other load generators, its mock with an ASGI app, and both with the "
        "machine's limit. Takes about seven minutes on two quiet cores.",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns of each generator (default {ROUNDS})")
    parser.add_argument("--window", type=float, default=Turn().window_s, metavar="SECONDS", help="of each turn")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"by commas (default {','.join(PARTS)})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--figure", type=Path, metavar="FOLDER", help="also draw the figure into a folder")
    given = parser.parse_args(arguments)
    parts = given.parts.split(",")
    if given.rounds < 1:
        parser.error(f"--rounds {given.rounds}, expected 1 or more")
    if not given.window > 0:
        parser.error(f"--window {given.window:g}, expected more than 0 seconds")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts {given.parts}, expected some of {', '.join(PARTS)}")
    if given.json is not None and not given.json.absolute().parent.is_dir():
        parser.error(f"--json {given.json}: there is no folder {given.json.absolute().parent}")
    # SIGTERM unwinds like Ctrl-C, so that every child is ended either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        document = measure(parts, given.rounds, Turn(window_s=given.window))
    except (PeerError, MockError) as error:
        err.print(f"benchmarks: {error}", markup=False)
        return FAILED
    except KeyboardInterrupt:
        err.print("benchmarks: interrupted")
        return INTERRUPTED
    report(document, Turn(window_s=given.window))
    if given.json is not None:
        document.save(given.json)
    if given.figure is not None:
        beside_other_tools(document).save(given.figure)
    return 0


def measure(parts: Sequence[str], rounds: int, turn: Turn) -> Document:
    """Measure the parts, with progress on standard error.

    Raises:
        PeerError, MockError: something can't be measured.
    """
    began, cores = perf_counter(), Cores.find()
    missing = {each.name: each.remedy for each in generators.peers() if not each.version}

    def tell(text: str) -> None:
        err.print(f"{duration(perf_counter() - began):>8}  {text}", markup=False)

    comparisons = [
        comparison
        for part in parts
        for comparison in PARTS[part](WORKLOADS[:2] if part == "limit" else WORKLOADS, rounds, turn, cores, tell)
    ]
    machine = {**describe_machine(), "placement": str(cores)}
    today = datetime.now(UTC).date().isoformat()
    return Document(__version__, today, machine, rounds, missing, tuple(comparisons))


def report(document: Document, turn: Turn) -> None:
    """Print all tables, and how they were measured."""
    machine = document.machine
    _say(f"{machine['cpu_model']}, {machine['kernel']}, cores: {machine['cores']}; {machine['placement']}")
    for name, remedy in document.missing.items():
        _say(f"{name} is not installed and left out: {remedy}")
    if document.part("peers"):
        _show(ratios_sheet(document))
        _show(details_sheet(document))
    if document.part("mock"):
        _show(servers_sheet(document))
    if document.part("limit"):
        _show(limit_sheet(document))
        _show(shares_sheet(document))
    out.print()
    _say(METHOD.format(settle=turn.settle_s, window=turn.window_s, rounds=document.rounds))


def _show(sheet: Sheet) -> None:
    out.print()
    out.print(sheet.printed())
    for note in sheet.notes:
        _say(note)


def _say(text: str) -> None:
    out.print(text, markup=False)


if __name__ == "__main__":
    sys.exit(main())
