"""Slices as the conductor runs them, with greenlets as users: of several lengths in turn, and in two orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from random import Random
from statistics import median
from time import perf_counter

import gevent
from gevent.event import Event

from benchmarks.slices.results import Lengths, Rates, Separate
from wiretax.channels.workload import Workload
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.preflight import preflight
from wiretax.load.client.session import Session
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.executor import SliceRunner
from wiretax.load.sweep.rounds import round_order
from wiretax.mock.process import embedded_target
from wiretax.runs.record import RunRecord
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.slices import Slice

SEED = 1
WARM_UP_S = 0.25
# Told at times how far a comparison is.
Report = Callable[[str], None]


class Bench:
    """Users of one process, and the mock that they send to."""

    def __init__(self, session: Session, workloads: Sequence[Workload], users: int, timeout_s: float) -> None:
        self._session = session
        self._barrier = SliceBarrier(users)
        self._runner = SliceRunner(self._barrier, WARM_UP_S, timeout_s)
        self._record = RunRecord()
        self._users = users
        self.greenlets = [gevent.spawn(self._publish) for _ in range(users)]
        self._barrier.wait_until_idle(timeout_s)
        for workload in workloads:
            self._runner.run(Slice(workload, -1), None, Event())

    def _publish(self) -> None:
        publisher = None
        while True:
            slice_ = self._barrier.wait_for_slice()
            if publisher is None:
                publisher = Publisher(self._session.connect(slice_.workload))
            publisher.publish(self._session.source(slice_.workload), slice_)

    def rates(self, workload: Workload, round_: int, lasting_s: float) -> Rates:
        """Run one slice, and record it as a run does."""
        began = perf_counter()
        slice_ = Slice(workload, round_)
        self._runner.run(slice_, lasting_s, Event())
        self._record.add(slice_, self._users)
        per_request = workload.call.messages / slice_.duration_s
        took_s = perf_counter() - began
        return Rates(slice_.steady_requests * per_request, slice_.measured.requests * per_request, took_s)


@contextmanager
def bench(plan: Plan) -> Iterator[Bench]:
    """A bench for the workloads of a plan, which differ in what is sent alone."""
    with ExitStack() as closing:
        target = closing.enter_context(embedded_target(plan.limits, plan.cost))
        session = Session([target], SEED, plan.timeout_s)
        closing.callback(session.close)
        preflight(session, plan.workloads, 0)
        made = Bench(session, plan.workloads, plan.users, plan.timeout_s)
        closing.callback(gevent.killall, made.greenlets)
        yield made


def compare_lengths(
    at: Bench, workloads: tuple[Workload, ...], lengths_s: Sequence[float], blocks: int, report: Report
) -> Lengths:
    """Give each length the same time in each block, in an order drawn for the block, so that drift meets all.

    Args:
        at: the users.
        workloads: sent in turn in each round.
        lengths_s: of slices.
        blocks: each has one round of the longest slices, and as many of the others as last as long.
        report: called at times with how far it is.
    """
    random, longest_s = Random(SEED), max(lengths_s)
    found: Lengths = {length_s: defaultdict(list) for length_s in lengths_s}
    rounds = 0
    for block in range(blocks):
        report(f"block {block + 1}/{blocks}")
        for length_s in random.sample(lengths_s, len(lengths_s)):
            for _ in range(round(longest_s / length_s)):
                for workload in round_order(workloads, SEED, rounds):
                    found[length_s][workload.name].append((block, at.rates(workload, rounds, length_s)))
                rounds += 1
    return found


def compare_orders(
    at: Bench, of: Workload, to: Workload, each_s: float, length_s: float, repeats: int, report: Report
) -> Separate:
    """Measure a ratio again and again: with slices in turn, and with one workload after the other.

    Args:
        at: the users.
        of, to: the two workloads.
        each_s: how long each is sent in each measurement.
        length_s: of slices.
        repeats: measurements in each order.
        report: called at times with how far it is.
    """
    random, slices = Random(SEED), max(1, round(each_s / length_s))
    found = Separate([], [])
    for repeat in range(repeats):
        report(f"measurement {repeat + 1}/{repeats}")
        for interleaved in random.sample([True, False], 2):
            rates: dict[Workload, list[float]] = {of: [], to: []}
            if interleaved:
                order = [each for _ in range(slices) for each in random.sample([of, to], 2)]
            else:
                order = [each for workload in random.sample([of, to], 2) for each in [workload] * slices]
            for place, workload in enumerate(order):
                rates[workload].append(at.rates(workload, place, length_s).steady)
            if interleaved:
                found.interleaved.append(median(a / b for a, b in zip(rates[of], rates[to], strict=True)))
            else:
                found.separate.append(median(rates[of]) / median(rates[to]))
    return found
