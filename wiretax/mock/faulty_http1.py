"""HTTP/1.1 on one connection, with faults: the connection of a mock that was told to get some requests wrong."""

from __future__ import annotations

import socket
import struct
from functools import partial
from typing import TYPE_CHECKING

from wiretax.mock.faults import REFUSALS, Delivery, Ending, Fault, spoil
from wiretax.mock.http1 import Connection, response

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

# By closing at once, with nothing left to be sent, the kernel says RST.
NO_LINGER = struct.pack("ii", 1, 0)
# What was written before a reset has to have left, and inside TLS no buffer tells.
RESET_AFTER_S = 0.001


class FaultyConnection(Connection):
    """Draws a fault, or none, for each request it answers; all else is the plain connection's."""

    __slots__ = ("_asked", "_fault", "_number")

    def __init__(self, server: MockServer) -> None:
        super().__init__(server)
        self._number = -1  # among connections that publish; what reads the ledger has none
        self._asked = 0
        self._fault: Fault | None = None  # of the request that is being answered

    def _answer(self, method: bytes, target: bytes, body: bytes, close: bool) -> None:
        fault = self._fault = self._draw()
        if fault is None or not fault.refuses:
            super()._answer(method, target, body, close)
            return
        ledger = self._server.ledger
        ledger.requests += 1
        ledger.rejected[fault.kind] += 1
        self._deliver(response(*REFUSALS[fault.kind], close), 0, close)

    def _draw(self) -> Fault | None:
        server = self._server
        if self._number < 0:
            self._number = server.publishing
            server.publishing += 1
        asked = self._asked
        self._asked += 1
        faults = server.options.faults
        return None if server.ledger.requests < faults.spared else faults.draw(self._number, asked)

    def _deliver(self, answer: bytes, events: int, close: bool) -> None:
        """As the plain connection does, but for what the fault makes of the answer, its moment and its end."""
        fault, self._fault = self._fault, None
        server = self._server
        now = server.clock()
        due = now if server.queue is None else server.queue.due(now, events)
        delivery = Delivery(answer, Ending.KEEP)
        if fault is not None:
            server.ledger.faults[fault.kind] += 1
            delivery = spoil(fault, answer)
            if fault.kind == "slow":
                due += fault.wait_s
        self._closing = self._closing or close or delivery.ending is not Ending.KEEP
        # Answers on one connection keep the order of their requests.
        self._due = max(self._due, due)
        self._owed += 1
        if self._due <= now and self._owed == 1:
            self._hand_over(delivery)
        else:
            server.alarm.call_at(self._due, partial(self._hand_over, delivery))

    def _hand_over(self, delivery: Delivery) -> None:
        if delivery.ending is Ending.STALL:
            self._owed -= 1
        elif delivery.ending is Ending.RESET:
            self._owed -= 1
            if not self._transport.is_closing():
                self._send(delivery.data)
                self._server.alarm.call_at(self._server.clock() + RESET_AFTER_S, self._reset)
        else:
            self._pay(delivery.data)

    def _reset(self) -> None:
        accepted: socket.socket | None = self._transport.get_extra_info("socket")
        if accepted is not None and not self._transport.is_closing():
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self._transport.abort()
