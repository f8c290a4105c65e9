"""How a mock is set up, as one value and as the options of ``wiretax mock``."""

from __future__ import annotations

from dataclasses import dataclass, field

from wiretax.channels.endpoint import DEMO, Credentials
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList


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

    @property
    def scheme(self) -> str:
        return "http" if self.tls is None else "https"

    @property
    def http1_only(self) -> bool:
        """Whether HTTP/2 is not offered."""
        return bool(self.faults) or not self.keep_alive

    def arguments(self) -> list[str]:
        """The arguments of ``wiretax mock`` that set it up so; the secret is not among them."""
        limits, cost, faults = self.limits, self.cost, self.faults
        arguments = ["--host", self.host, "--port", str(self.port)]
        arguments += ["--app-id", self.app.app_id, "--key", self.app.key]
        arguments += ["--batch-size", str(limits.batch_size), "--data-bytes", str(limits.data_bytes)]
        arguments += ["--channels", str(limits.channels), "--servers", str(cost.servers)]
        for option, seconds in (
            ("--rtt", cost.rtt),
            ("--per-request", cost.per_request),
            ("--per-event", cost.per_event),
            ("--idle-timeout", self.idle_timeout),
        ):
            arguments += [option, f"{seconds * 1e6:.3f}us"]
        if self.tls is not None:
            arguments += ["--tls", "--certificate", self.tls.key_type, "--ca", str(self.tls.authority)]
        if not self.keep_alive:
            arguments.append("--no-keep-alive")
        for fault in faults.faults:
            arguments += ["--fault", str(fault)]
        if faults:
            arguments += ["--fault-seed", str(faults.seed), "--fault-after", str(faults.after)]
        return arguments
