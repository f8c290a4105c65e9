"""The checks that a request must pass, and which part of the API it is for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from wiretax.channels.endpoint import Credentials
from wiretax.channels.limits import Limits, Refusal
from wiretax.channels.request.signing import QUERY, TIMESTAMP_WINDOW_S, body_md5, string_to_sign
from wiretax.mock.protocols.bodies import Body, refuse_body
from wiretax.mock.rules.authentication import (
    INVALID_SIGNATURE,
    NO_APP,
    WRONG_MD5,
    Authentication,
    refuse_timestamp,
)
from wiretax.mock.rules.publishing import MEMO_SIZE, Publishing
from wiretax.mock.rules.questions import Questions
from wiretax.mock.rules.verdict import Accepted, Refused, refuse

MD5_KEY = "body_md5="
SIGNATURE_KEY = "auth_signature="
MD5_DIGITS = 32
SIGNATURE_DIGITS = 64


@dataclass(frozen=True, slots=True)
class SignedTarget:
    """A parsed request target, apart from its md5 and signature."""

    sign: Callable[[bytes], str]
    timestamp: int
    accept: Callable[[Body], Accepted]


class Rules:
    """The checks that an app's requests must pass."""

    def __init__(
        self,
        app: Credentials,
        limits: Limits,
        prefix: str | None = "",
        signs_prefix: bool | None = False,
        watched: Collection[str] = (),
    ) -> None:
        """``prefix`` and ``signs_prefix`` as in ``MockOptions``; ``watched``: the channels with subscribers
        at any time."""
        self._authentication = Authentication(app, prefix, signs_prefix)
        self._questions = Questions(app.app_id, self._authentication)
        publishing = Publishing(limits, watched)
        self._apis: dict[str, Callable[[Body], Accepted]] = {
            f"/apps/{app.app_id}/events": publishing.accept_trigger,
            f"/apps/{app.app_id}/batch_events": publishing.accept_batch,
        }
        # Parsed targets, since publishers repeat them.
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
            return self._check_other(method.decode(), target, body, now)
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
            if known is None:
                return self._check_other("POST", target, body, now)
            if len(self._targets) >= MEMO_SIZE:
                self._targets.clear()
            self._targets[skeleton] = known
        if abs(now - known.timestamp) > TIMESTAMP_WINDOW_S:
            refuse(refuse_timestamp(known.timestamp, now))
        if known.sign(md5.encode()) != signature:
            raise Refused(INVALID_SIGNATURE)
        if md5 != body_md5(body):
            raise Refused(WRONG_MD5)
        # The decoder skips what it does not need, so it doesn't see all of the body.
        if not body.isascii():
            try:
                body.decode()
            except UnicodeDecodeError as error:
                raise Refused(refuse_body(error)) from None
        return known.accept(body)

    def _parse_target(self, target: str, md5: str, signature: str) -> SignedTarget | None:
        """Parse a target; done once for all targets that differ by md5 and signature only. None if it doesn't
        publish."""
        full_path, _, query = target.partition("?")
        path = self._authentication.without_prefix(full_path)
        accept = self._apis.get(path)
        if accept is None:
            return None
        given, timestamp = self._authentication.read_query(query, QUERY)
        if (given["body_md5"], given["auth_signature"]) != (md5, signature):
            raise Refused(INVALID_SIGNATURE)
        signed_path = self._authentication.signed_path("POST", full_path, path, given)
        before, _, after = string_to_sign("POST", signed_path, given.items()).partition(MD5_KEY + md5)
        started, tail = self._authentication.hmac.starting_with((before + MD5_KEY).encode()), after.encode()
        sign = started.hexdigest if not tail else lambda digits: started.hexdigest(digits + tail)
        return SignedTarget(sign, timestamp, accept)

    def _check_other(self, method: str, target: str, body: Body, now: float) -> Accepted:
        """Check a request that publishes nothing."""
        path = self._authentication.without_prefix(target.partition("?")[0])
        if path in self._apis:
            raise Refused(Refusal(405, "method", f"{method} is not allowed here, only POST"))
        answer = self._questions.check(method, target, path, body, now)
        if answer is not None:
            return answer
        if path.startswith("/apps/") and path.rpartition("/")[2] in ("events", "batch_events"):
            raise Refused(NO_APP)
        raise Refused(Refusal(404, "path", "Not found"))
