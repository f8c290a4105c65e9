"""An endpoint, and how its certificate is verified."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Server
from wiretax.documents import read_regular


class TrustError(ValueError):
    """Certificate authorities that can't be used; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and how its certificate is verified.

    Attributes:
        endpoint: where it is.
        ca: a file of certificate authorities in PEM; None for the system's.
        insecure: whether certificate verification is skipped.
        context: the TLS settings of measured connections; None for plain HTTP.
        server: which workloads go there.
        rtt_s: the built-in mock's round trip in seconds, if it serves workloads with an ``rtt``; else None.
    """

    endpoint: Endpoint
    ca: Path | None = None
    insecure: bool = False
    context: ssl.SSLContext | None = None
    server: Server = "endpoint"
    rtt_s: float | None = None

    @property
    def tls(self) -> bool:
        return self.context is not None

    def fresh_context(self) -> ssl.SSLContext | None:
        """A new context that verifies alike, for a client that offers other protocols; None for plain HTTP."""
        return client_context(self.ca, self.insecure) if self.tls else None


def target_of(
    endpoint: Endpoint, ca: Path | None = None, insecure: bool = False, server: Server = "endpoint"
) -> Target:
    """Make a target.

    Args:
        endpoint: where it is.
        ca: a file of certificate authorities in PEM; None for the system's.
        insecure: whether certificate verification is skipped.
        server: which workloads go there.

    Raises:
        TrustError: the file can't be used, or the endpoint has no certificate to verify.
    """
    if endpoint.scheme == "http":
        if ca is not None or insecure:
            raise TrustError(f"{endpoint.public_url}: --ca and --insecure go with https://; leave them out")
        return Target(endpoint, server=server)
    return Target(endpoint, ca, insecure, client_context(ca, insecure), server)


def client_context(ca: Path | None, insecure: bool) -> ssl.SSLContext:
    """Make the client's TLS context, which verifies certificates and host names unless ``insecure``.

    Raises:
        TrustError: ``ca`` can't be read as certificates in PEM.
    """
    try:
        if ca is not None:
            read_regular(ca)
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except ssl.SSLError as error:
        raise TrustError(f"--ca {ca}: not certificates in PEM ({error.reason or error})") from None
    except OSError as error:
        raise TrustError(f"--ca {ca}: can't be read ({error.strerror})") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
