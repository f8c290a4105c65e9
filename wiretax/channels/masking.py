"""Hiding secrets in text that is kept or shown."""

from __future__ import annotations

import re
from urllib.parse import quote

from wiretax.channels.endpoint import Credentials

HIDDEN = "***"
URL_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@/\s]+@")


def without_secrets(text: str, app: Credentials) -> str:
    """Hide the app's secret, plain and URL-encoded, and the passwords in other URLs."""
    for secret in (app.secret, quote(app.secret, safe=""), quote(app.secret)):
        text = text.replace(secret, HIDDEN)
    return without_passwords(text)


def without_passwords(text: str) -> str:
    """Hide the passwords in URLs."""
    return URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
