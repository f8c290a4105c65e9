"""Who may call: the path of the app, and the signed query."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from wiretax.channels.endpoint import Credentials
from wiretax.channels.limits import Refusal
from wiretax.channels.request.signing import AUTH_VERSION, TIMESTAMP_WINDOW_S, Hmac, string_to_sign
from wiretax.mock.rules.verdict import Refused

TIMESTAMP_DIGITS = 12


class Authentication:
    """Checks that requests are for an app and signed with its secret."""

    def __init__(self, app: Credentials, prefix: str | None = "", signs_prefix: bool | None = False) -> None:
        """``prefix`` and ``signs_prefix`` as in ``MockOptions``."""
        self._app = app
        self._prefix = prefix
        self._signs_prefix = signs_prefix
        self.hmac = Hmac(app.secret.encode())

    def without_prefix(self, full_path: str) -> str:
        """The path after this mock's prefix; empty if it does not begin with it."""
        if self._prefix is None:
            before, mark, after = full_path.rpartition("/apps/")
            return mark + after if before.startswith("/") else full_path
        return full_path[len(self._prefix) :] if full_path.startswith(self._prefix) else ""

    def signed_path(self, method: str, full_path: str, path: str, given: dict[str, str]) -> str:
        """The path that a signature has to cover; with either, the one that it does cover."""
        if self._signs_prefix is None:
            return full_path if self.is_signed(method, full_path, given) else path
        return full_path if self._signs_prefix else path

    def is_signed(self, method: str, path: str, given: dict[str, str]) -> bool:
        """Whether the query has the signature of this method, path and query."""
        signed = string_to_sign(method, path, given.items())
        return self.hmac.hexdigest(signed.encode()) == given["auth_signature"]

    def read_query(self, query: str, needed: Iterable[str]) -> tuple[dict[str, str], int]:
        """The parameters and the timestamp of a query with this app's key; the signature is not checked.

        Raises:
            Refused: a parameter is missing, given twice or not what it has to be.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        given = dict(pairs)
        missing = [key for key in sorted(needed) if not given.get(key)]
        if missing:
            raise Refused(unauthorized("auth_missing", f"Missing {', '.join(missing)}"))
        if len(given) != len(pairs):
            raise Refused(unauthorized("auth_query", "A query parameter is given twice"))
        if given["auth_key"] != self._app.key:
            raise Refused(unauthorized("auth_key", "Unknown auth_key"))
        if given["auth_version"] != AUTH_VERSION:
            raise Refused(unauthorized("auth_version", f"auth_version must be {AUTH_VERSION}"))
        timestamp = given["auth_timestamp"]
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS):
            raise Refused(unauthorized("timestamp", "auth_timestamp must be a number of seconds"))
        return given, int(timestamp)


def refuse_timestamp(timestamp: int, now: float) -> Refusal | None:
    """None for a timestamp that the service accepts."""
    if abs(now - timestamp) <= TIMESTAMP_WINDOW_S:
        return None
    message = (
        f"Timestamp expired: Given timestamp ({timestamp}) not within {TIMESTAMP_WINDOW_S}s of server time "
        f"({int(now)})"
    )
    return Refusal(401, "timestamp", message)


def unauthorized(reason: str, message: str) -> Refusal:
    """Why a request is not authenticated."""
    return Refusal(401, reason, message)


INVALID_SIGNATURE = unauthorized("signature", "Invalid signature")
WRONG_MD5 = unauthorized("body_md5", "body_md5 does not match the body")
NO_APP = unauthorized("app_id", "No app with this id")
