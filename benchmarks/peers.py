"""wiretax beside its peers, in one run: ``python -m benchmarks.peers``, which is what ``make bench`` calls."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks.cores import Cores, on_core
from benchmarks.generators import CONNECTIONS, Generator, Job, generators
from benchmarks.tables import Figures, capacity_table, document, label, notes, peers_table
from benchmarks.window import WINDOW_S, PeerError, measure
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.mock.cost import CostModel
from wiretax.mock.process import MockError, embedded_mock
from wiretax.runs.machine import describe_machine

WORKLOADS = (Workload.of("trigger"), Workload.of("batch", batch_size=10))
ROTATION = 2
FAILED, INTERRUPTED = 1, 130

PEERS_METHOD = (
    f"Every request signed, {CONNECTIONS} connections, {WORKLOADS[0].payload.bytes} B of data an event. wiretax "
    "is `wiretax run`, the pauses between its slices included. Rates are the mock's count over "
    f"{WINDOW_S:g} s of steady state; CPU is the generator's, of one core. Ratios are taken round by round: "
    "median [least, most] of {rounds}, less the disturbed."
)
CAPACITY_METHOD = (
    "wrk repeats one signed request, which the mock checks anew each time: signature, md5, JSON, names, sizes. "
    "wrk's rate over wiretax's of the same round is the room the mock leaves: near 1, wiretax is as fast as it."
)

out = Console(highlight=False, width=None if sys.stdout.isatty() else 115)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def compare(rounds: int, installed: Sequence[Generator], cores: Cores) -> Figures:
    """Measure every generator with every workload in every round, against one mock.

    Raises:
        PeerError: where a generator can't be measured.
        MockError: where the mock does not start.
    """
    figures: Figures = {workload: {each.name: [] for each in installed} for workload in WORKLOADS}
    with ExitStack() as stack:
        with on_core(cores.mock):
            endpoint = stack.enter_context(embedded_mock(Limits(), CostModel()))
        for round_ in range(rounds):
            # By two places, so that wrk and wiretax, and k6 and wiretax, mostly follow each other.
            at = ROTATION * round_ % len(installed)
            for workload in WORKLOADS:
                for generator in [*installed[at:], *installed[:at]]:
                    where = f"round {round_ + 1}/{rounds}  {label(workload)}  {generator.name}"
                    _measure_one(where, generator, workload, endpoint, cores, figures)
    return figures


def _measure_one(
    where: str, generator: Generator, workload: Workload, endpoint: Endpoint, cores: Cores, figures: Figures
) -> None:
    with TemporaryDirectory(prefix="wiretax-peers-") as folder:
        try:
            window = measure(generator, Job(endpoint, workload, Path(folder)), cores)
        except PeerError as error:
            raise PeerError(f"{where}: {error}") from None
    figures[workload][generator.name].append(window)
    disturbed = "  (disturbed)" if window.disturbed else ""
    err.print(f"{where}  {window.requests_per_s:,.0f} requests/s{disturbed}", markup=False)


def report(figures: Figures, everyone: Sequence[Generator], rounds: int, cores: Cores) -> None:
    """Print both tables, each with how it was measured."""
    machine = describe_machine()
    _say(f"{machine['cpu_model']}, {machine['kernel']}, cores: {machine['cores']}; {cores}")
    _say(", ".join(f"{each.name} {each.version}" for each in everyone if each.version))
    out.print()
    out.print(peers_table(figures, everyone))
    _say(PEERS_METHOD.format(rounds=rounds))
    out.print()
    out.print(capacity_table(figures, everyone))
    _say(CAPACITY_METHOD)
    _say("* medians of this run, not to be compared with another run's")
    out.print()
    for note in notes(figures, everyone[0].name):
        _say(note)


def _say(text: str) -> None:
    out.print(text, markup=False)


def save(path: Path, figures: Figures, everyone: Sequence[Generator], cores: Cores) -> None:
    """Write the figures as JSON."""
    content = {
        "schema": 1,
        "machine": describe_machine(),
        "cores": {"generator": cores.generator, "mock": cores.mock},
        "connections": CONNECTIONS,
        "window_s": WINDOW_S,
        "missing": [each.name for each in everyone if not each.version],
        "figures": document(figures, everyone),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, save; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="wiretax beside its peers.")
    parser.add_argument("--rounds", type=int, default=3, help="passes through all generators (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}, expected 1 or more")
    if options.json is not None and not options.json.absolute().parent.is_dir():
        parser.error(f"--json {options.json}: there is no folder {options.json.absolute().parent}")
    # SIGTERM unwinds like Ctrl-C, so that every child is ended either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    everyone, cores = generators(), Cores.find()
    try:
        figures = compare(options.rounds, [each for each in everyone if each.version], cores)
    except (PeerError, MockError) as error:
        err.print(f"benchmarks: {error}", markup=False)
        return FAILED
    except KeyboardInterrupt:
        err.print("benchmarks: interrupted")
        return INTERRUPTED
    report(figures, everyone, options.rounds, cores)
    if options.json is not None:
        save(options.json, figures, everyone, cores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
