"""Fields of a server's certificate, as the ssl module reads it."""

from __future__ import annotations

import ssl
from time import time
from typing import Any

DAY_S = 86_400


def days_left(certificate: dict[str, Any]) -> int:
    """Whole days until the certificate expires; negative if it has expired."""
    return int((ssl.cert_time_to_seconds(certificate["notAfter"]) - time()) // DAY_S)


def issuer(certificate: dict[str, Any]) -> str:
    """The name of the authority that signed the certificate."""
    fields = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    return str(fields.get("organizationName") or fields.get("commonName") or "an unnamed authority")
