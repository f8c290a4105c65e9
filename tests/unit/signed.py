"""Signed targets, with the standard library: what checks signatures is not checked against itself."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

from wiretax.channels.endpoint import DEMO

NOW = 1_800_000_000


def signed(
    method: str, path: str, body: bytes = b"", secret: str = DEMO.secret, covers: str | None = None, **changes: str
) -> str:
    """Path and query of a request at ``NOW``; ``changes`` of the query are signed, too.

    ``covers``: the path that the signature covers, if it isn't ``path``.
    """
    md5 = {"body_md5": hashlib.md5(body, usedforsecurity=False).hexdigest()} if body else {}
    given = {"auth_key": DEMO.key, "auth_timestamp": str(NOW), "auth_version": "1.0", **md5, **changes}
    text = "&".join(f"{key}={value}" for key, value in sorted(given.items()))
    message = f"{method}\n{covers or path}\n{text}".encode()
    signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in given.items())
    return f"{path}?{query}&auth_signature={signature}"
