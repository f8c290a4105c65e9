"""An exchange that ended without a whole response, and why."""

from __future__ import annotations

from wiretax.wire.ledger import Failure


class ExchangeError(Exception):
    """An exchange that ended without a whole response.

    Attributes:
        failure: how.
        sent: bytes of the request handed to the socket.
        received: bytes taken from it.
    """

    def __init__(self, failure: Failure, sent: int, received: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.sent = sent
        self.received = received
