"""The mocks of a sweep: as many as it takes not to be what is measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from wiretax.load.plan.plan import Plan
from wiretax.mock.process import embedded_target
from wiretax.wire.connections.target import Target


@contextmanager
def embedded_targets(plan: Plan, workers: int) -> Iterator[list[Target]]:
    """A mock for each kind of connection a plan has; more of them where as many workers could keep one waiting."""
    count = mock_count(plan, workers, os.cpu_count() or 1)
    with ExitStack() as closing:
        targets = []
        for (tls, rtt_s), cost in plan.mocks().items():
            tried = sum((each.transport.tls, each.arrivals.rtt_s) == (tls, rtt_s) for each in plan.workloads)
            faults = replace(plan.faults, after=tried)
            for _ in range(count):
                certificate = plan.certificate if tls else None
                mock = embedded_target(plan.limits, cost, certificate, faults, plan.keep_alive)
                targets.append(replace(closing.enter_context(mock), rtt_s=rtt_s))
        yield targets


def mock_count(plan: Plan, workers: int, cores: int) -> int:
    """How many mocks share the work of one: as many as workers, where they have cores of their own. Several would
    have more than the capacity of one with a cost model, and draw each fault more than once."""
    if plan.cost.per_request or plan.cost.per_event or plan.faults.faults:
        return 1
    return max(1, min(workers, cores // 2))
