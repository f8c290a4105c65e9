"""The mocks that a process starts for its runs, and keeps until another kind is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Self

from wiretax.channels.limits import Limits
from wiretax.load.plan.plan import Plan
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList
from wiretax.mock.process import embedded_target
from wiretax.wire.connections.target import Target

Kind = tuple[bool, float | None]
CERTIFICATE: KeyType = "rsa"


class Mocks:
    """One mock for each kind of connection: with and without TLS, and with each round trip of the workloads."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._kept: tuple[object, ...] = ()
        self._targets: list[Target] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def of_plan(self, plan: Plan, workers: int = 0) -> list[Target]:
        """Mocks for a plan; several of each kind if that many workers could keep one waiting.

        Raises:
            MockError: one does not start.
        """
        count = mock_count(plan, workers, os.cpu_count() or 1)
        faults = {}
        for kind in plan.mocks():
            # The preflight calls get no faults.
            tried = sum((each.transport.tls, each.arrivals.rtt_s) == kind for each in plan.workloads)
            faults[kind] = replace(plan.faults, after=tried)
        return self._get(plan.limits, plan.mocks(), plan.certificate, plan.keep_alive, faults, count)

    def of_free_run(self, limits: Limits, tls: bool, cost: CostModel) -> list[Target]:
        """A mock for a free run.

        Raises:
            MockError: it does not start.
        """
        return self._get(limits, {(tls, None): cost}, CERTIFICATE, True, {}, 1)

    def close(self) -> None:
        """Stop the running mocks."""
        self._closing.close()
        self._kept, self._targets = (), []

    def _get(
        self,
        limits: Limits,
        costs: Mapping[Kind, CostModel],
        certificate: KeyType,
        keep_alive: bool,
        faults: Mapping[Kind, FaultList],
        count: int,
    ) -> list[Target]:
        """Mocks of this kind: those that run already, or new ones. Mocks with faults count calls, so each run
        needs new ones."""
        wanted = (limits, tuple(costs.items()), certificate, keep_alive, count)
        faulty = any(each.faults for each in faults.values())
        if wanted != self._kept or faulty:
            self.close()
            for (tls, rtt_s), cost in costs.items():
                for _ in range(count):
                    injected = faults.get((tls, rtt_s), NO_FAULTS)
                    mock = embedded_target(limits, cost, certificate if tls else None, injected, keep_alive)
                    self._targets.append(replace(self._closing.enter_context(mock), rtt_s=rtt_s))
            self._kept = () if faulty else wanted
        return list(self._targets)


def mock_count(plan: Plan, workers: int, cores: int) -> int:
    """How many mocks share the calls of one kind: one per worker, if they have cores to run on. Several would
    exceed the capacity of one with a cost model, and inject each fault more than once."""
    if plan.cost.per_request or plan.cost.per_event or plan.faults.faults:
        return 1
    return max(1, min(workers, cores // 2))
