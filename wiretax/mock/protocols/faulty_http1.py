"""HTTP/1.1 on one connection, with injected faults."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from wiretax.mock.delivery.published import Published
from wiretax.mock.faults import OF_DELIVERY, REJECTIONS, Delivery, Ending, Fault, apply_fault
from wiretax.mock.protocols.bodies import Body
from wiretax.mock.protocols.http1 import Http1Connection
from wiretax.mock.protocols.http1_response import response

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

# With a linger time of zero, the kernel closes a socket by RST.
NO_LINGER = struct.pack("ii", 1, 0)
# Bytes written before a reset must have left; inside TLS, no buffer shows whether they have.
RESET_AFTER_S = 0.001


class FaultyConnection(Http1Connection):
    """Draws a fault, or none, for each request; otherwise a plain HTTP/1.1 connection."""

    __slots__ = ("_fault", "_number", "_requests")

    def __init__(self, server: MockServer) -> None:
        super().__init__(server)
        self._number = -1  # among connections that publish; set with the first request
        self._requests = 0
        self._fault: Fault | None = None  # of the current request

    def _answer(self, method: bytes, target: bytes, body: Body, close: bool) -> None:
        fault = self._fault = self._draw()
        if fault is None or not fault.rejects:
            super()._answer(method, target, body, close)
            return
        ledger = self._server.ledger
        ledger.requests += 1
        ledger.rejected[fault.kind] += 1
        self._deliver(response(REJECTIONS[fault.kind], close), 0, close)

    def _draw(self) -> Fault | None:
        server = self._server
        if self._number < 0:
            self._number = server.publishing
            server.publishing += 1
        number = self._requests
        self._requests += 1
        faults = server.options.faults
        return None if server.ledger.requests < faults.after else faults.draw(self._number, number)

    def _deliver(self, data: bytes, events: int, close: bool) -> None:
        """As the plain connection does, with the fault's bytes, delay and ending."""
        fault, self._fault = self._fault, None
        server = self._server
        now = server.clock()
        due = now if server.queue is None else server.queue.due(now, events)
        delivery = Delivery(data, Ending.KEEP)
        if fault is not None:
            server.ledger.faults[fault.kind] += 1
            delivery = apply_fault(fault, data)
            if fault.kind == "slow":
                due += fault.wait_s
        self._closing = self._closing or close or delivery.ending is not Ending.KEEP
        # Responses on one connection keep the order of their requests.
        self._due = max(self._due, due)
        published = partial(self._publish, self.take_published(), fault)
        self._unanswered += 1
        if self._due <= now and self._unanswered == 1:
            self._carry_out(delivery, published)
        else:
            server.timer.call_at(self._due, partial(self._carry_out, delivery, published))

    def _publish(self, published: Sequence[Published], fault: Fault | None) -> None:
        if published:
            self._server.hub.publish(published, fault if fault is not None and fault.kind in OF_DELIVERY else None)

    def _carry_out(self, delivery: Delivery, publish: Callable[[], None]) -> None:
        publish()
        if delivery.ending is Ending.STALL:
            self._unanswered -= 1
        elif delivery.ending is Ending.RESET:
            self._unanswered -= 1
            if not self._transport.is_closing():
                self._send(delivery.data)
                self._server.timer.call_at(self._server.clock() + RESET_AFTER_S, self._reset)
        else:
            self._send_due(delivery.data)

    def _reset(self) -> None:
        accepted: socket.socket | None = self._transport.get_extra_info("socket")
        if accepted is not None and not self._transport.is_closing():
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self._transport.abort()
