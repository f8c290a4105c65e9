"""The rules of the service: what it accepts and how it answers. No I/O: one request in, one verdict out.

Source: Pusher's HTTP API reference. Order of checks: path, authentication, then the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import orjson

from wiretax.channels.endpoint import Credentials
from wiretax.channels.limits import (
    Limits,
    Refusal,
    refuse_batch_size,
    refuse_channel,
    refuse_channel_count,
    refuse_data,
    refuse_event_name,
)
from wiretax.channels.request.signing import (
    AUTH_VERSION,
    QUERY,
    TIMESTAMP_WINDOW_S,
    Hmac,
    body_md5,
    string_to_sign,
)
from wiretax.mock.bodies import BAD_BODY, BatchBody, Body, TriggerBody, refuse_body

MEMO_SIZE = 4096
MD5_KEY = "body_md5="
SIGNATURE_KEY = "auth_signature="
MD5_DIGITS = 32
SIGNATURE_DIGITS = 64
TIMESTAMP_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Accepted:
    """The contents of an accepted request, and the JSON of its response."""

    events: int
    messages: int
    body: bytes


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """A request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class SignedTarget:
    """A parsed request target, apart from its md5 and signature."""

    sign: Callable[[bytes], str]
    timestamp: int
    accept: Callable[[Body], Accepted]


class Rules:
    """The checks that an app's requests must pass."""

    def __init__(
        self, app: Credentials, limits: Limits, prefix: str | None = "", signs_prefix: bool | None = False
    ) -> None:
        """``prefix`` and ``signs_prefix`` as in ``MockOptions``."""
        self._prefix = prefix
        self._signs_prefix = signs_prefix
        self._app = app
        self._limits = limits
        self._hmac = Hmac(app.secret.encode())
        self._channels = f"/apps/{app.app_id}/channels"
        self._apis: dict[str, Callable[[Body], Accepted]] = {
            f"/apps/{app.app_id}/events": self._accept_trigger,
            f"/apps/{app.app_id}/batch_events": self._accept_batch,
        }
        self._decode_trigger = msgspec.json.Decoder(TriggerBody).decode
        self._decode_batch = msgspec.json.Decoder(BatchBody).decode
        # Valid names and parsed targets, since publishers repeat both.
        self._valid_channels: set[str] = set()
        self._valid_names: set[str] = set()
        self._targets: dict[str, SignedTarget] = {}

    def check(self, method: bytes, target: str, body: Body, now: float) -> Accepted:
        """Check one request.

        Args:
            method: the HTTP method.
            target: path and query as sent.
            body: the decoded body.
            now: the server's clock in seconds since the epoch.

        Raises:
            Refused: with status, reason and message.
        """
        if method != b"POST":
            return self._check_reading(method.decode(), target, now)
        # A publisher's targets differ by md5 and signature only; the rest of a target is looked up.
        md5_at = target.find(MD5_KEY) + len(MD5_KEY)
        md5_end = md5_at + MD5_DIGITS
        signature_at = target.find(SIGNATURE_KEY) + len(SIGNATURE_KEY)
        signature_end = signature_at + SIGNATURE_DIGITS
        if md5_at < signature_at:
            skeleton = target[:md5_at] + target[md5_end:signature_at] + target[signature_end:]
        else:
            skeleton = target[:signature_at] + target[signature_end:md5_at] + target[md5_end:]
        md5, signature = target[md5_at:md5_end], target[signature_at:signature_end]
        known = self._targets.get(skeleton)
        if known is None or len(md5) + len(signature) != MD5_DIGITS + SIGNATURE_DIGITS:
            known = self._parse_target(target, md5, signature)
            if len(self._targets) >= MEMO_SIZE:
                self._targets.clear()
            self._targets[skeleton] = known
        if abs(now - known.timestamp) > TIMESTAMP_WINDOW_S:
            self._refuse(refuse_timestamp(known.timestamp, now))
        if known.sign(md5.encode()) != signature:
            raise Refused(INVALID_SIGNATURE)
        if md5 != body_md5(body):
            raise Refused(_unauthorized("body_md5", "body_md5 does not match the body"))
        # The decoder skips what it does not need, so it doesn't see all of the body.
        if not body.isascii():
            try:
                body.decode()
            except UnicodeDecodeError as error:
                raise Refused(refuse_body(error)) from None
        return known.accept(body)

    def _parse_target(self, target: str, md5: str, signature: str) -> SignedTarget:
        """Parse a target; done once for all targets that differ by md5 and signature only."""
        full_path, _, query = target.partition("?")
        path = self._without_prefix(full_path)
        accept = self._apis.get(path)
        if accept is None:
            raise Refused(self._unknown_path(path))
        given, timestamp = self._read_query(query, QUERY)
        if (given["body_md5"], given["auth_signature"]) != (md5, signature):
            raise Refused(INVALID_SIGNATURE)
        signed_path = self._signed_path("POST", full_path, path, given)
        before, _, after = string_to_sign("POST", signed_path, given.items()).partition(MD5_KEY + md5)
        started, tail = self._hmac.starting_with((before + MD5_KEY).encode()), after.encode()
        sign = started.hexdigest if not tail else lambda digits: started.hexdigest(digits + tail)
        return SignedTarget(sign, timestamp, accept)

    def _without_prefix(self, full_path: str) -> str:
        """The path after this mock's prefix; empty if it does not begin with it."""
        if self._prefix is None:
            before, mark, after = full_path.rpartition("/apps/")
            return mark + after if before.startswith("/") else full_path
        return full_path[len(self._prefix) :] if full_path.startswith(self._prefix) else ""

    def _signed_path(self, method: str, full_path: str, path: str, given: dict[str, str]) -> str:
        """The path that a signature has to cover; with either, the one that it does cover."""
        if self._signs_prefix is None:
            return full_path if self._is_signed(method, full_path, given) else path
        return full_path if self._signs_prefix else path

    def _is_signed(self, method: str, path: str, given: dict[str, str]) -> bool:
        signed = string_to_sign(method, path, given.items())
        return self._hmac.hexdigest(signed.encode()) == given["auth_signature"]

    def _read_query(self, query: str, needed: Iterable[str]) -> tuple[dict[str, str], int]:
        """The parameters and the timestamp of a query with this app's key; the signature is not checked."""
        pairs = parse_qsl(query, keep_blank_values=True)
        given = dict(pairs)
        missing = [key for key in sorted(needed) if not given.get(key)]
        if missing:
            raise Refused(_unauthorized("auth_missing", f"Missing {', '.join(missing)}"))
        if len(given) != len(pairs):
            raise Refused(_unauthorized("auth_query", "A query parameter is given twice"))
        if given["auth_key"] != self._app.key:
            raise Refused(_unauthorized("auth_key", "Unknown auth_key"))
        if given["auth_version"] != AUTH_VERSION:
            raise Refused(_unauthorized("auth_version", f"auth_version must be {AUTH_VERSION}"))
        timestamp = given["auth_timestamp"]
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS):
            raise Refused(_unauthorized("timestamp", "auth_timestamp must be a number of seconds"))
        return given, int(timestamp)

    def _check_reading(self, method: str, target: str, now: float) -> Accepted:
        """Check a request other than POST: a signed GET of the app's channels is accepted."""
        full_path, _, query = target.partition("?")
        path = self._without_prefix(full_path)
        if method != "GET" or not (path.startswith("/apps/") and path.endswith("/channels")):
            raise Refused(self._not_post(method, target))
        if path != self._channels:
            raise Refused(NO_APP)
        given, timestamp = self._read_query(query, QUERY - {"body_md5"})
        self._refuse(refuse_timestamp(timestamp, now))
        if not self._is_signed(method, self._signed_path(method, full_path, path, given), given):
            raise Refused(INVALID_SIGNATURE)
        return NO_CHANNELS

    def _accept_trigger(self, body: Body) -> Accepted:
        try:
            event = self._decode_trigger(body)
        except BAD_BODY as error:
            raise Refused(refuse_body(error, body)) from None
        if event.channels is None:
            if event.channel is None:
                raise Refused(Refusal(400, "body", "Object missing required field `channels`"))
            channels = [event.channel]
        else:
            channels = event.channels
        self._refuse(refuse_channel_count(len(channels), self._limits))
        for channel in channels:
            if channel not in self._valid_channels:
                self._check_channel(channel)
        if event.name not in self._valid_names:
            self._check_name(event.name)
        if len(body) > self._limits.data_bytes:
            self._refuse(refuse_data(event.data, self._limits))
        if event.info:
            return Accepted(1, len(channels), _info({"channels": {channel: {} for channel in channels}}))
        return ONE_MESSAGE if len(channels) == 1 else Accepted(1, len(channels), b"{}")

    def _accept_batch(self, body: Body) -> Accepted:
        try:
            batch = self._decode_batch(body).batch
        except BAD_BODY as error:
            raise Refused(refuse_body(error, body)) from None
        self._refuse(refuse_batch_size(len(batch), self._limits))
        valid_channels, valid_names = self._valid_channels, self._valid_names
        wants_info = False
        for event in batch:
            if event.channel not in valid_channels:
                self._check_channel(event.channel)
            if event.name not in valid_names:
                self._check_name(event.name)
            if event.info:
                wants_info = True
        # A JSON string is never shorter than its text, so data over the limit means a body over it.
        if len(body) > self._limits.data_bytes:
            for event in batch:
                self._refuse(refuse_data(event.data, self._limits))
        answer = _info({"batch": [{} for _ in batch]}) if wants_info else b"{}"
        return Accepted(len(batch), len(batch), answer)

    def _check_channel(self, channel: str) -> None:
        self._refuse(refuse_channel(channel, self._limits))
        if len(self._valid_channels) >= MEMO_SIZE:
            self._valid_channels.clear()
        self._valid_channels.add(channel)

    def _check_name(self, name: str) -> None:
        self._refuse(refuse_event_name(name, self._limits))
        if len(self._valid_names) >= MEMO_SIZE:
            self._valid_names.clear()
        self._valid_names.add(name)

    @staticmethod
    def _refuse(refusal: Refusal | None) -> None:
        if refusal is not None:
            raise Refused(refusal)

    def _not_post(self, method: str, target: str) -> Refusal:
        path = self._without_prefix(target.partition("?")[0])
        if path in self._apis:
            return Refusal(405, "method", f"{method} is not allowed here, only POST")
        return self._unknown_path(path)

    def _unknown_path(self, path: str) -> Refusal:
        if path.startswith("/apps/") and path.rpartition("/")[2] in ("events", "batch_events"):
            return NO_APP
        return Refusal(404, "path", "Not found")


def refuse_timestamp(timestamp: int, now: float) -> Refusal | None:
    """None for a timestamp that the service accepts."""
    if abs(now - timestamp) <= TIMESTAMP_WINDOW_S:
        return None
    message = (
        f"Timestamp expired: Given timestamp ({timestamp}) not within {TIMESTAMP_WINDOW_S}s of server time "
        f"({int(now)})"
    )
    return Refusal(401, "timestamp", message)


def _unauthorized(reason: str, message: str) -> Refusal:
    return Refusal(401, reason, message)


INVALID_SIGNATURE = _unauthorized("signature", "Invalid signature")
NO_APP = _unauthorized("app_id", "No app with this id")
ONE_MESSAGE = Accepted(1, 1, b"{}")
# The mock has no subscribers.
NO_CHANNELS = Accepted(0, 0, b'{"channels":{}}')


def _info(document: dict[str, Any]) -> bytes:
    # The mock has no subscribers, so the attributes of a channel are empty.
    return orjson.dumps(document)
