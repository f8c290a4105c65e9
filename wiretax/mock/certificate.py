"""The certificate a mock speaks TLS with: signed by an authority of its own, made anew each time it starts."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

KeyType = Literal["rsa", "ecdsa"]
KEY_TYPES: tuple[KeyType, ...] = get_args(KeyType)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::")
# What clients are offered by ALPN, best first; one that asks for nothing gets HTTP/1.1, too.
PROTOCOLS = ("h2", "http/1.1")
HTTP_1 = ("http/1.1",)


@dataclass(frozen=True, slots=True)
class MockTls:
    """How a mock speaks TLS.

    Attributes:
        key_type: of its certificate: "rsa" (2,048 bits) or "ecdsa" (P-256). Most of a handshake is its.
        authority: the file its authority's certificate is written to, for clients to verify with.
    """

    key_type: KeyType
    authority: Path


def server_context(host: str, tls: MockTls, protocols: Sequence[str] = PROTOCOLS) -> ssl.SSLContext:
    """The TLS side of a mock that is called by the names of loopback and by ``host``; ``protocols`` by ALPN.

    Raises:
        OSError: where the authority's file can't be written.
    """
    # Only a mock that speaks TLS needs it, and it takes a while to load.
    import trustme

    key_type = {"rsa": trustme.KeyType.RSA, "ecdsa": trustme.KeyType.ECDSA}[tls.key_type]
    authority = trustme.CA(key_type=key_type)
    own = [] if host in (*LOOPBACK, *EVERYWHERE) else [host]
    issued = authority.issue_cert(*LOOPBACK, *own, key_type=key_type)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(protocols)
    issued.configure_cert(context)
    authority.cert_pem.write_to_path(str(tls.authority))
    return context
