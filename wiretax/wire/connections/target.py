"""Whom a connection trusts: the endpoint, and what its certificate is verified with."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Server


class TrustError(ValueError):
    """A file of authorities that can't be used: one line that says which and why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and how it is to be trusted.

    Attributes:
        endpoint: where it is.
        ca: a file with certificates of authorities in PEM; None for the system's.
        insecure: whether any certificate is taken.
        context: the TLS settings of measured connections; None for plain HTTP.
        server: which workloads go there.
        rtt_s: the embedded mock's round trip (s), where it is for workloads that name one; else None.
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
        """The same trust for a client of another kind, which may offer other protocols; None for plain HTTP."""
        return client_context(self.ca, self.insecure) if self.tls else None


def target_of(
    endpoint: Endpoint, ca: Path | None = None, insecure: bool = False, server: Server = "endpoint"
) -> Target:
    """An endpoint with what it is verified by.

    Args:
        endpoint: where it is.
        ca: a file with certificates of authorities in PEM; None for the system's.
        insecure: whether any certificate is taken.
        server: which workloads go there.

    Raises:
        TrustError: where the file can't be used, or where there is nothing to verify.
    """
    if endpoint.scheme == "http":
        if ca is not None or insecure:
            raise TrustError(f"{endpoint.public_url}: --ca and --insecure go with https://; leave them out")
        return Target(endpoint, server=server)
    return Target(endpoint, ca, insecure, client_context(ca, insecure), server)


def client_context(ca: Path | None, insecure: bool) -> ssl.SSLContext:
    """The client's side of TLS: certificates and host names are verified unless ``insecure``.

    Raises:
        TrustError: where ``ca`` can't be read as certificates in PEM.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except ssl.SSLError as error:
        raise TrustError(f"--ca {ca}: not certificates in PEM ({error.reason or error})") from None
    except OSError as error:
        raise TrustError(f"--ca {ca}: can't be read ({error.strerror})") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
