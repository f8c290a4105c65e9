"""The mock a Locust process keeps: started when it is first needed, replaced where another kind is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from wiretax.channels.limits import Limits
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_target
from wiretax.wire.connections.target import Target


class Mocks:
    """One mock, or several: with TLS and without, and with each round trip that workloads name."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._kind: tuple[object, ...] = ()
        self._targets: list[Target] = []

    def targets(
        self,
        limits: Limits,
        costs: Mapping[tuple[bool, float | None], CostModel],
        certificate: KeyType,
        keep_alive: bool = True,
    ) -> list[Target]:
        """Mocks of this kind, those that run already if they are.

        Args:
            limits: what they take.
            costs: what each costs, by whether it speaks TLS and the round trip that workloads name.
            certificate: the kind of key of those that speak TLS.
            keep_alive: whether they leave connections open after an answer.

        Raises:
            MockError: where one does not start.
        """
        kind = (limits, tuple(costs.items()), certificate, keep_alive)
        if kind != self._kind:
            self.close()
            for (tls, rtt_s), cost in costs.items():
                mock = embedded_target(limits, cost, certificate if tls else None, keep_alive=keep_alive)
                self._targets.append(replace(self._closing.enter_context(mock), rtt_s=rtt_s))
            self._kind = kind
        return list(self._targets)

    def close(self) -> None:
        """Stop what runs."""
        self._closing.close()
        self._kind, self._targets = (), []
