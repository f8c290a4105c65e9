"""One exchange as it is told to code outside wiretax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wiretax.channels.workload import Workload
from wiretax.wire.connections.response import Response
from wiretax.wire.failures import Failure


@dataclass(frozen=True, slots=True)
class Sample:
    """One exchange that ended.

    Attributes:
        workload: what was sent.
        latency_ns: from the first byte sent to the last byte received; without a whole response, its age when it
            ended.
        sent_bytes: bytes of the request that left: request line, header fields and body, with HTTP's framing.
        received_bytes: bytes that came back: status line, header fields and body, with HTTP's framing.
        response: the whole response; None if none came.
        failure: why no whole response came; None if one came.
    """

    workload: Workload
    latency_ns: int
    sent_bytes: int
    received_bytes: int
    response: Response | None
    failure: Failure | None = None


# Called after each exchange.
Listener = Callable[[Sample], None]
