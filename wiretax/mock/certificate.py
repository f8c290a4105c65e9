"""The mock's TLS certificate, signed by an authority that is created at each start."""

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
# Offered by ALPN, preferred first. A client without ALPN gets HTTP/1.1.
PROTOCOLS = ("h2", "http/1.1")
HTTP_1 = ("http/1.1",)


@dataclass(frozen=True, slots=True)
class MockTls:
    """How a mock speaks TLS.

    Attributes:
        key_type: key type of its certificate: "rsa" (2,048 bits) or "ecdsa" (P-256). It dominates a handshake's
            cost.
        authority: the file for its authority's certificate, with which clients verify it.
    """

    key_type: KeyType
    authority: Path


def server_context(host: str, tls: MockTls, protocols: Sequence[str] = PROTOCOLS) -> ssl.SSLContext:
    """The TLS context of a mock.

    Args:
        host: a name of the mock, besides those of loopback.
        tls: key type, and the authority's file.
        protocols: offered by ALPN.

    Raises:
        OSError: if the authority's file can't be written.
    """
    # Slow to import, and only a mock with TLS needs it.
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
