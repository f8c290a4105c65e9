"""Whether a server asks for a client certificate, which a failed call alone does not tell."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from wiretax.wire.reach.blocking import addresses_of, open_socket
from wiretax.wire.reach.proxy import Tunnel

ADVICE = "pass one with --cert FILE and --key FILE"
HANDSHAKE, CERTIFICATE_REQUEST = 22, 13
# How long an alert is awaited after a handshake.
ALERT_S = 1.0


class Request:
    """Notes whether the servers of a TLS context ask for a certificate.

    Attributes:
        seen: whether one did.
    """

    __slots__ = ("seen",)

    def __init__(self, context: ssl.SSLContext) -> None:
        self.seen = False
        # The ssl module has no public way to see it. A context that is measured has none of this.
        context._msg_callback = self._note  # type: ignore[attr-defined]

    def _note(
        self, _connection: object, direction: str, _version: object, content: Any, message: Any, _data: bytes
    ) -> None:
        if direction == "read" and content == HANDSHAKE and message == CERTIFICATE_REQUEST:
            self.seen = True


@dataclass(frozen=True, slots=True)
class Asked:
    """How a server treats client certificates.

    Attributes:
        asks: whether it asks for one.
        alert: why it does not accept the one that was sent, or none; empty if it does, or closed without a word.
    """

    asks: bool
    alert: str


def ask(
    context: ssl.SSLContext, host: str, peer: tuple[str, int], tunnel: Tunnel | None, timeout_s: float
) -> Asked:
    """Connect, and see whether a server asks for a client certificate.

    Args:
        context: TLS settings with the certificate, if there is one; used for this connection alone.
        host: the server's name.
        peer: the host and the port to connect to: the server's, or its proxy's.
        tunnel: the way to it through a proxy.
        timeout_s: how long each step may take.
    """
    request, alert = Request(context), ""
    for address in addresses_of(peer):
        try:
            plain = open_socket(address, timeout_s, tunnel)
        except OSError:
            continue
        with plain:
            try:
                with context.wrap_socket(plain, server_hostname=host) as session:
                    # TLS 1.3 servers look at the certificate after the client is done; sending nothing lets the
                    # alert arrive.
                    session.settimeout(min(timeout_s, ALERT_S))
                    session.recv(1)
            except ssl.SSLError as error:
                alert = error.reason or ""
            except OSError:
                pass
        break
    return Asked(request.seen, alert if "ALERT" in alert else "")
