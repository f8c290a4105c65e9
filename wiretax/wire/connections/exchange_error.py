"""An exchange that ended without a whole response, and why."""

from __future__ import annotations

import ssl

from wiretax.wire.connections.generator_limit import generator_limit
from wiretax.wire.connections.response import ResponseError
from wiretax.wire.ledger import GENERATOR, Failure

# The user was stopped in the middle of a call, which tells nothing about the endpoint.
CUT = Failure("cut", 0, "the user was stopped before the answer came")


class ExchangeError(Exception):
    """An exchange that ended without a whole response.

    Attributes:
        failure: why.
        sent: bytes of the request handed to the socket.
        received: bytes of the response read from it.
    """

    def __init__(self, failure: Failure, sent: int, received: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.sent = sent
        self.received = received


def failure_of(error: Exception, connecting: bool) -> Failure:
    """Why an exchange failed, other than by its deadline.

    Args:
        error: what was raised in it.
        connecting: whether the connection was not established yet.
    """
    limit = generator_limit(error)
    if limit is not None:
        return Failure(GENERATOR, 0, limit)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure("certificate", 0, error.verify_message or error.reason or str(error))
    if isinstance(error, ssl.SSLError):
        return Failure("tls", 0, error.reason or str(error))
    if isinstance(error, ResponseError):
        return Failure("malformed", 0, str(error))
    message = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Failure("connect" if connecting else "lost", 0, message)
