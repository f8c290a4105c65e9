"""A plan: what to measure, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from wiretax.channels.bodies.replay import Replay
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.escaping import OneLineError
from wiretax.load.plan.capacity import Capacity
from wiretax.load.plan.delivery import Delivery
from wiretax.load.plan.selection import WHOLE, Selection
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import FaultList
from wiretax.wire.connections.servers import NO_ACCESS, Access

SCHEMA = 1


class PlanError(OneLineError, ValueError):
    """A plan that can't be run: one line that says what was given, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan.

    Attributes:
        name: what results are filed under.
        seed: of the payloads and of the order of each round.
        rounds: passes through all workloads.
        slice_s: the time each workload has in a round; longer if twenty of its round trips take longer.
        users: Locust users, each with a connection.
        timeout_s: how long an exchange may take.
        limits: the sizes that the endpoint accepts.
        cost: the cost model of the built-in mock.
        certificate: the kind of key in the mock's certificate, if workloads use TLS.
        faults: faults that the mock injects.
        keep_alive: whether the mock keeps connections open after a response.
        workloads: what is sent, in the plan's order.
        access: options that go with the URL of a given server; those of the command line take precedence.
        starts: how many fresh starts of generator and mock share the rounds.
        first_round: of a start's part, the number of its first round in the whole plan, which draws the order.
        replay: events to send instead of generated ones.
        delivery: how deliveries are counted; None if they are not.
        selection: how options chose its workloads, and those that they left out.
        once: whether each workload is sent once, to try the plan out; nothing is measured then.
        capacity: the search for the rates that its workloads carry; None for a sweep.
        labels: of its runs.
    """

    name: str
    seed: int
    rounds: int
    slice_s: float
    users: int
    timeout_s: float
    limits: Limits
    cost: CostModel
    certificate: KeyType
    faults: FaultList
    workloads: tuple[Workload, ...]
    replay: Replay | None = None
    keep_alive: bool = True
    access: Access = NO_ACCESS
    capacity: Capacity | None = None
    starts: int = 1
    first_round: int = 0
    delivery: Delivery | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    selection: Selection = WHOLE
    once: bool = False

    @property
    def tls(self) -> list[bool]:
        """Whether its workloads use TLS: one answer, or both."""
        return sorted({workload.transport.tls for workload in self.workloads})

    @property
    def encrypted(self) -> bool:
        """Whether any of its workloads encrypts events."""
        return any(workload.payload.encrypted for workload in self.workloads)

    def for_workers(self) -> Plan:
        """The same plan, if workers can share it.

        Raises:
            PlanError: if it has a rate that changes, which only one process can follow, or counts deliveries.
        """
        if self.delivery is not None:
            raise PlanError("deliveries are counted by the process that publishes: run the plan without workers")
        staged = next((workload.name for workload in self.workloads if workload.arrivals.stages), None)
        if staged is not None:
            raise PlanError(f"{staged} has stages, which one process follows: run the plan without workers")
        return self

    def mocks(self) -> dict[tuple[bool, float | None], CostModel]:
        """The cost models of the mocks that it needs, by TLS and by the round trip that workloads ask for."""
        needed = dict.fromkeys((workload.transport.tls, workload.arrivals.rtt_s) for workload in self.workloads)
        return {key: self.cost if key[1] is None else replace(self.cost, rtt=key[1]) for key in needed}

    def against(self) -> Plan:
        """The plan with each workload sent to a second server as well, right after the first."""
        pairs = ((workload, workload.replace(server="against")) for workload in self.workloads)
        workloads = tuple(workload for pair in pairs for workload in pair)
        return replace(self, workloads=workloads, selection=self.selection.against())

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "seed": self.seed,
            "rounds": self.rounds,
            "slice_s": self.slice_s,
            "users": self.users,
            "timeout_s": self.timeout_s,
            "limits": msgspec.to_builtins(self.limits),
            "workloads": [workload.name for workload in self.workloads],
            **({} if self.starts == 1 else {"starts": self.starts}),
            **({} if self.keep_alive else {"keep_alive": False}),
            **({} if self.capacity is None else {"capacity": self.capacity.as_dict()}),
            **({} if self.delivery is None else {"delivery": self.delivery.as_dict()}),
            **({} if self.replay is None else {"replay": self.replay.as_dict()}),
            **(self.selection.as_dict() if self.selection else {}),
            **({"once": True} if self.once else {}),
        }
