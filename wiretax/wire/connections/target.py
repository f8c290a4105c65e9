"""An endpoint, and how it is reached: its certificate, the client's, and a proxy."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.master_key import with_master_key
from wiretax.channels.workload import Server
from wiretax.documents import read_regular
from wiretax.wire.reach.client_certificate import Asked, ask
from wiretax.wire.reach.proxy import Proxy, Tunnel


class TrustError(ValueError):
    """Certificates that can't be used; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """How the two sides of a TLS connection identify themselves.

    Attributes:
        ca: a file of certificate authorities in PEM; None for the system's.
        insecure: whether verification of the server's certificate is skipped.
        cert: a file with the client's certificate in PEM; None for none.
        key: a file with its private key; None if it is in the same file.
    """

    ca: Path | None = None
    insecure: bool = False
    cert: Path | None = None
    key: Path | None = None

    @property
    def given(self) -> bool:
        """Whether they differ from what every client has."""
        return self != Certificates()

    def absolute(self) -> list[str | None]:
        """The files' paths, which mean the same in any folder: of the authorities, the certificate and the key."""
        return [None if each is None else str(each.absolute()) for each in (self.ca, self.cert, self.key)]

    def context(self) -> ssl.SSLContext:
        """Make the client's TLS context.

        Raises:
            TrustError: a file can't be used.
        """
        context = client_context(self.ca, self.insecure)
        if self.cert is None:
            if self.key is not None:
                raise TrustError(f"--key {self.key} goes with --cert; name the certificate, too")
            return context
        key = self.cert if self.key is None else self.key
        for option, file in (("--cert", self.cert), ("--key", key)):
            try:
                read_regular(file)
            except OSError as error:
                raise TrustError(f"{option} {file}: can't be read ({error.strerror})") from None
        try:
            # Without a password, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(self.cert, key, password=_no_password)
        except EncryptedKeyError:
            raise TrustError(
                f"--key {key} is encrypted; decrypt it first: openssl pkey -in {key} -out plain.pem"
            ) from None
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise TrustError(f"--key {key} does not belong to --cert {self.cert}") from None
            raise TrustError(
                f"--cert {self.cert}, --key {key}: not a certificate and its private key in PEM "
                f"({error.reason or error})"
            ) from None
        return context


class EncryptedKeyError(Exception):
    """A private key needs a password."""


def _no_password() -> str:
    raise EncryptedKeyError


SYSTEMS = Certificates()


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and how it is reached.

    Attributes:
        endpoint: where it is.
        certificates: how both sides identify themselves.
        context: the TLS settings of measured connections; None for plain HTTP.
        server: which workloads go there.
        rtt_s: the built-in mock's round trip in seconds, if it serves workloads with an ``rtt``; else None.
        proxy: what connections go through; None for direct ones.
    """

    endpoint: Endpoint
    certificates: Certificates = SYSTEMS
    context: ssl.SSLContext | None = None
    server: Server = "endpoint"
    rtt_s: float | None = None
    proxy: Proxy | None = None

    @property
    def tls(self) -> bool:
        return self.context is not None

    @property
    def peer(self) -> tuple[str, int]:
        """The host and the port that connections are opened to."""
        reached = self.endpoint if self.proxy is None else self.proxy
        return reached.host, reached.port

    @property
    def tunnel(self) -> Tunnel | None:
        """What connections go through; None for direct ones."""
        return None if self.proxy is None else Tunnel(self.proxy, self.proxy.request(self.endpoint))

    def fresh_context(self) -> ssl.SSLContext | None:
        """A new context that verifies alike, for a client that offers other protocols; None for plain HTTP."""
        return self.certificates.context() if self.tls else None

    def with_master_key(self, environment: Mapping[str, str]) -> Target:
        """The same, with the master key of encrypted channels that an environment has.

        Raises:
            MasterKeyError: it has none, or an invalid one.
        """
        return replace(self, endpoint=with_master_key(self.endpoint, environment))

    def ask_for_certificate(self, timeout_s: float) -> Asked:
        """Connect once more, and see whether the server asks for a client certificate.

        Args:
            timeout_s: how long each step may take.
        """
        context = self.fresh_context()
        if context is None:
            return Asked(False, "")
        return ask(context, self.endpoint.host, self.peer, self.tunnel, timeout_s)


def target_of(
    endpoint: Endpoint,
    ca: Path | None = None,
    insecure: bool = False,
    server: Server = "endpoint",
    cert: Path | None = None,
    key: Path | None = None,
    proxy: Proxy | None = None,
) -> Target:
    """Make a target.

    Args:
        endpoint: where it is.
        ca, insecure, cert, key: as in ``Certificates``.
        server: which workloads go there.
        proxy: what connections go through.

    Raises:
        TrustError: a file can't be used, or the endpoint has no certificate to verify.
    """
    certificates = Certificates(ca, insecure, cert, key)
    if endpoint.scheme == "http":
        if certificates.given:
            raise TrustError(
                f"{endpoint.public_url}: --ca, --insecure, --cert and --key go with https://; leave them out"
            )
        return Target(endpoint, server=server)
    return Target(endpoint, certificates, certificates.context(), server, proxy=proxy)


def client_context(ca: Path | None, insecure: bool) -> ssl.SSLContext:
    """Make a TLS context, which verifies certificates and host names unless ``insecure``.

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
