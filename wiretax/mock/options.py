"""How a mock is set up, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from wiretax.channels.endpoint import DEMO, Credentials, host_and_port
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList

# As soketi has it.
BACKPRESSURE_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class MockOptions:
    """How a mock is set up.

    Attributes:
        host: the address to listen on.
        port: the TCP port; 0 picks a free one.
        app: the credentials it accepts.
        limits: the sizes it accepts.
        cost: the time it takes to answer.
        idle_timeout: seconds after which an idle connection is closed.
        tls: its certificate; None for plain HTTP.
        faults: the faults it injects; with any, it speaks HTTP/1.1 only.
        keep_alive: whether connections stay open after a response; without, it speaks HTTP/1.1 only.
        prefix: what precedes ``/apps`` in every path; None for anything.
        signs_prefix: whether signatures cover the prefix; None for either.
        body_bytes: bytes of the largest body it accepts; None for as much as a full batch may need.
        backpressure_bytes: a subscriber with more than that still to be sent is not sent any more events.
    """

    host: str = "127.0.0.1"
    port: int = 0
    app: Credentials = DEMO
    limits: Limits = field(default_factory=Limits)
    cost: CostModel = field(default_factory=CostModel)
    idle_timeout: float = 60.0
    tls: MockTls | None = None
    faults: FaultList = NO_FAULTS
    keep_alive: bool = True
    prefix: str | None = ""
    signs_prefix: bool | None = False
    body_bytes: int | None = None
    backpressure_bytes: int = BACKPRESSURE_BYTES

    @property
    def scheme(self) -> str:
        return "http" if self.tls is None else "https"

    @property
    def http1_only(self) -> bool:
        """Whether HTTP/2 is not offered."""
        return bool(self.faults) or not self.keep_alive

    def listening(self, host: str, port: int) -> str:
        """The line that says where it listens."""
        return f"wiretax mock listening on {self.scheme}://{host_and_port(host, port)}"
