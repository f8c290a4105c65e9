"""Checks by requests that publish nothing: the clock, the credentials, and whether connections stay open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from wiretax.channels.answers import Answer
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.pages import tells_of_page
from wiretax.channels.request.signing import TIMESTAMP_WINDOW_S
from wiretax.doctor.exchange import channels_target, forged_target, root_target
from wiretax.doctor.finding import Finding
from wiretax.doctor.limit_search.bodies import trigger_body
from wiretax.doctor.rejections import no_response, reason, rejected
from wiretax.doctor.server_connection import ServerConnection
from wiretax.wire.connections.response import ResponseError
from wiretax.wire.connections.target import Target

# A larger clock difference gets a note: it uses up much of the window in which signatures are valid.
LARGE_SKEW_S = 60
# Statuses of a server that does not implement GET /channels.
NOT_IMPLEMENTED = (404, 405, 501)
SIGNATURE_WINDOW = f"signatures are valid for {TIMESTAMP_WINDOW_S} s"


class HttpChecks:
    """The checks of a server that can be connected to, in this order."""

    def __init__(self, target: Target, server: ServerConnection, timeout_s: float) -> None:
        """``timeout_s`` limits each step."""
        self._target = target
        self._endpoint: Endpoint = target.endpoint
        self._server = server
        self._timeout_s = timeout_s

    def clock(self) -> Finding:
        """Compare clocks by the Date header of any response under the URL's prefix, whatever its status."""
        try:
            done = self._server.exchange(root_target(self._endpoint))
        except (OSError, ResponseError) as error:
            return self._other_scheme(reason(error)) or no_response(self._server, "HTTP", error)
        if done.response.answer.status == HTTPStatus.BAD_REQUEST:
            refused = self._other_scheme(done.response.answer.words)
            if refused is not None:
                return refused
        date = done.fields.get("date")
        if date is None:
            return Finding(
                "clock", "note", "the server sends no Date", "clock skew may show up as signature errors"
            )
        try:
            server = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return Finding("clock", "note", f"the server's Date is invalid ({date!r})")
        # A Date has whole seconds, and was written at some moment of the exchange: a difference within that is 0.
        skew = max(0.0, server - done.ended_at) or min(0.0, server + 1 - done.began_at)
        server_time = f"{datetime.fromtimestamp(server, UTC):%H:%M:%S} UTC"
        found = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the server's ({server_time})"
        if abs(skew) >= TIMESTAMP_WINDOW_S:
            return Finding(
                "clock",
                "failed",
                f"this machine's clock is {found}",
                f"{SIGNATURE_WINDOW}; set this clock by NTP, or the server's",
            )
        if abs(skew) >= LARGE_SKEW_S:
            return Finding("clock", "note", f"this machine's clock is {found}", SIGNATURE_WINDOW)
        return Finding("clock", "ok", "within a second of the server's" if abs(skew) < 1 else found)

    def _other_scheme(self, what: str) -> Finding | None:
        """The finding if a plain request got no answer of a server of plain HTTP because the port speaks TLS.

        Args:
            what: what it got.
        """
        if self._target.tls:
            return None
        self._server.begin_step(self._timeout_s)
        if not self._server.speaks_tls():
            return None
        secure = replace(self._endpoint, scheme="https")
        return Finding(
            "HTTP",
            "failed",
            f"the port speaks TLS ({what})",
            f"use {secure.template_url}, or the port that speaks plain HTTP",
        )

    def credentials(self) -> Finding:
        """List the app's channels: a signed request that changes nothing."""
        try:
            done = self._server.exchange(channels_target(self._endpoint))
        except (OSError, ResponseError) as error:
            return no_response(self._server, "credentials", error)
        answer = done.response.answer
        if answer.acknowledged:
            return Finding("credentials", "ok", f"accepted for app {self._endpoint.app.app_id}")
        if answer.status not in NOT_IMPLEMENTED:
            return rejected("credentials", done, self._endpoint)
        return self._publishing(answer)

    def _publishing(self, channels_answer: Answer) -> Finding:
        """Tell a server that does not implement GET /channels from one that does not know the app.

        Both answer 404 or similar; the response to a publish with a wrong signature tells which it is.
        """
        body = trigger_body()
        try:
            done = self._server.exchange(forged_target(self._endpoint, body), body)
        except (OSError, ResponseError) as error:
            return no_response(self._server, "credentials", error)
        answer = done.response.answer
        if answer.acknowledged:
            return Finding(
                "credentials",
                "note",
                "the server accepts events with a wrong signature; one was published",
                "anyone can publish to this app",
            )
        client_error = 400 <= answer.status < 500 and answer.status not in (*NOT_IMPLEMENTED, 429)
        if answer.kind == "unreadable" or not client_error or tells_of_page(answer.message):
            return rejected("credentials", done, self._endpoint)
        return Finding(
            "credentials",
            "note",
            f"GET /channels: {channels_answer.words}; the app accepts publishing",
            "without GET /channels, key and secret can't be checked before a run",
        )

    def keep_alive(self) -> Finding:
        """Repeat the last request, on the same connection if it is still open."""
        if not self._server.closes:
            try:
                self._server.exchange(channels_target(self._endpoint))
            except (OSError, ResponseError) as error:
                return no_response(self._server, "keep-alive", error)
        if self._server.closes_silently:
            return Finding(
                "keep-alive",
                "note",
                "the server closes the connection after a response without sending Connection: close",
                "calls sent at that moment are lost; make the server send Connection: close",
            )
        if self._server.closes:
            return Finding(
                "keep-alive",
                "note",
                "the server closes the connection after a response",
                "each call needs a new connection, and with TLS a handshake; wiretax counts them; use "
                "--connection close with wiretax advise",
            )
        return Finding("keep-alive", "ok", "the connection stayed open for three requests")
