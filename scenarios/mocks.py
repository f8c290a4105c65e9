"""The mock a Locust process keeps: started when it is first needed, replaced where another kind is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from wiretax.channels.limits import Limits
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_target
from wiretax.wire.trust import Target


class Mocks:
    """One mock, or one with TLS and one without where both are to be sent to."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._kind: tuple[object, ...] = ()
        self._targets: list[Target] = []

    def targets(self, limits: Limits, cost: CostModel, tls: Sequence[bool], certificate: KeyType) -> list[Target]:
        """Mocks of this kind, those that run already if they are.

        Raises:
            MockError: where one does not start.
        """
        kind = (limits, cost, tuple(tls), certificate)
        if kind != self._kind:
            self.close()
            for each in tls:
                mock = embedded_target(limits, cost, certificate if each else None)
                self._targets.append(self._closing.enter_context(mock))
            self._kind = kind
        return list(self._targets)

    def close(self) -> None:
        """Stop what runs."""
        self._closing.close()
        self._kind, self._targets = (), []
