"""What reading the kernel's counters costs the client: ``python -m benchmarks.sampling``, part of ``make bench``.

Slices with it and without are paired. The counters are read where a user enters a slice and where it leaves
it, and slices last as long as a plan's.
"""

# Locust patches the standard library, so it comes before anything that opens a socket.
import locust  # noqa: F401, I001

import argparse
import sys
from contextlib import ExitStack
from random import Random
from typing import Any

import gevent
import pandas as pd
from rich.console import Console

from analysis.measures.throughput import Ratio, paired_ratio
from benchmarks.cores import Cores, on_core
from wiretax.load.client.preflight import preflight
from wiretax.load.client.session import Session
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_target
from wiretax.wire.connections import connection
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.slices import Slice
from wiretax.wire.connections.tcp_info import AVAILABLE, read_counters

USERS = 16
SLICE_S = 0.25
TIMEOUT_S = 10.0
MOST = 0.02

out = Console(highlight=False, width=None if sys.stdout.isatty() else 115)


def compare(rounds: int, seed: int = 1) -> Ratio:
    """Requests a second with the counters read over those without, round by round."""
    workload, order = Workload.of(), Random(seed)
    rates: dict[bool, list[float]] = {True: [], False: []}
    with ExitStack() as closing:
        cores = Cores.find()
        with on_core(cores.mock):
            target = closing.enter_context(embedded_target(Limits(), CostModel()))
        closing.enter_context(on_core(cores.generator))
        session = Session([target], seed, TIMEOUT_S)
        closing.callback(session.close)
        preflight(session, [workload], 0)
        publishers = [Publisher(session.connect(workload)) for _ in range(USERS)]
        for round_ in range(rounds):
            for reads in order.sample([True, False], 2):
                rates[reads].append(_rate(session, publishers, workload, round_, reads))
    return paired_ratio(pd.Series(rates[True]), pd.Series(rates[False]))


def _rate(session: Session, publishers: list[Publisher], workload: Workload, round_: int, reads: bool) -> float:
    """Requests a second in one slice."""
    module: Any = connection
    module.read_counters = read_counters if reads else lambda *_: None
    slice_ = Slice(workload, round_)
    users = [gevent.spawn(each.publish, session.source(workload), slice_) for each in publishers]
    gevent.sleep(SLICE_S)
    slice_.close()
    gevent.joinall(users, raise_error=True)
    return slice_.measured.requests / slice_.duration_s


def main() -> int:
    """Print the ratio; 1 where reading costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    if not AVAILABLE:
        out.print("the kernel keeps no counters here (not Linux), so reading them costs nothing")
        return 0
    ratio = compare(rounds)
    out.print(
        f"requests/s, counters read over not read: {ratio.estimate:.4f}x [{ratio.low:.4f}, {ratio.high:.4f}], "
        f"{ratio.rounds} rounds of two slices of {SLICE_S:g} s, {USERS} users; at least {1 - MOST:g} is asked"
    )
    return 0 if ratio.high >= 1 - MOST else 1


if __name__ == "__main__":
    sys.exit(main())
