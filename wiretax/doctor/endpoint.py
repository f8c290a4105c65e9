"""Checks of the connection to an endpoint, in order, up to the first that fails."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter

from wiretax.channels.answers import Answer
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.remedies import prefix_remedy, remedy
from wiretax.channels.request.signing import TIMESTAMP_WINDOW_S
from wiretax.doctor.batches import find_batch_limit
from wiretax.doctor.certificate import days_left, issuer
from wiretax.doctor.deadline import Deadline
from wiretax.doctor.exchange import batch_target, channels_target, event_body, forged_target
from wiretax.doctor.finding import Finding
from wiretax.doctor.server_connection import ServerConnection
from wiretax.wire.connections.response import ResponseError
from wiretax.wire.connections.target import Target
from wiretax.wire.reach.client_certificate import ADVICE as CERTIFICATE_ADVICE
from wiretax.wire.reach.proxy import TunnelError

TIMEOUT_S = 5.0
# A certificate that expires sooner gets a note.
EXPIRES_SOON_DAYS = 14
# A larger clock difference gets a note: it uses up much of the window in which signatures are valid.
LARGE_SKEW_S = 60
# The search for the largest batch makes a dozen calls, and takes as long as this many steps at most.
SEARCH_STEPS = 6
# Statuses of a server that does not implement GET /channels.
NOT_IMPLEMENTED = (404, 405, 501)
SIGNATURE_WINDOW = f"signatures are valid for {TIMESTAMP_WINDOW_S} s"

Step = Callable[[], Finding]


class Examination:
    """The checks of one endpoint. Each check needs the results of those before it."""

    def __init__(self, target: Target, timeout_s: float = TIMEOUT_S) -> None:
        """``timeout_s`` limits each step; the search for the largest batch takes up to six times as long."""
        self._target = target
        self._endpoint: Endpoint = target.endpoint
        self._timeout_s = timeout_s
        self._server = ServerConnection(target, timeout_s)

    def findings(self, batch_limit: bool = False) -> Iterator[Finding]:
        """Run the checks one by one, up to the first that fails.

        Args:
            batch_limit: also find the largest batch, which publishes real events.
        """
        steps: list[Step] = [self._url, self._dns, self._tcp]
        if self._target.proxy is not None:
            steps.append(self._proxy)
        if self._target.tls:
            steps.append(self._tls)
        steps += [self._clock, self._credentials, self._keep_alive]
        if batch_limit:
            steps.append(self._batch_limit)
        try:
            for step in steps:
                self._server.begin_step(self._timeout_s)
                began = perf_counter()
                found = step()
                took_ms = (perf_counter() - began) * 1000
                yield Finding(found.name, found.state, found.found, found.advice, took_ms)
                if found.state == "failed":
                    return
        finally:
            self._server.close()

    def _url(self) -> Finding:
        endpoint = self._endpoint
        if endpoint.scheme == "https" or endpoint.is_loopback:
            return Finding("URL", "ok", endpoint.public_url)
        return Finding(
            "URL",
            "note",
            endpoint.public_url,
            "plain HTTP to another machine exposes the key and all events; use https:// if the server supports it",
        )

    def _dns(self) -> Finding:
        host, _ = self._target.peer
        try:
            addresses = self._server.resolve()
        except OSError as error:
            return Finding(
                "DNS",
                "failed",
                f"{host} has no address ({error.strerror or error})",
                "check the host's spelling and this machine's resolver",
            )
        if addresses == [host]:
            whose = "the host" if self._target.proxy is None else "the proxy's host"
            return Finding("DNS", "ok", f"not needed: {whose} is an IP address")
        return Finding("DNS", "ok", f"{host} resolves to {', '.join(addresses)}")

    def _tcp(self) -> Finding:
        try:
            self._server.connect()
        except OSError as error:
            tried = f" to any of {len(self._server.failed)} addresses" if len(self._server.failed) > 1 else ""
            return Finding(
                "TCP", "failed", f"can't connect{tried} ({_reason(error)})", self._connect_advice(error)
            )
        found = f"connected to {self._server.peer}"
        if self._server.failed:
            failed = ", ".join(f"{each} ({_reason(error)})" for each, error in self._server.failed.items())
            advice = "clients try such addresses first; make the server listen at them, or use another host name"
            return Finding("TCP", "note", f"{found}, but not to {failed}", advice)
        return Finding("TCP", "ok", found)

    def _connect_advice(self, error: OSError) -> str:
        if self._target.proxy is not None:
            return f"check {self._target.proxy}, or add {self._endpoint.host} to NO_PROXY"
        if isinstance(error, TimeoutError):
            return "check the address; a firewall may drop the packets"
        if not isinstance(error, ConnectionRefusedError):
            return "check the address and this machine's network"
        return f"nothing listens at {self._server.peer}: start the server (wiretax mock is one), or check the port"

    def _proxy(self) -> Finding:
        """Ask the environment's proxy for a tunnel to the server."""
        try:
            self._server.open_tunnel()
        except TunnelError as error:
            return Finding("proxy", "failed", error.what, error.advice or f"check {self._target.proxy}")
        except OSError as error:
            return Finding("proxy", "failed", _reason(error), f"check {self._target.proxy}")
        return Finding("proxy", "ok", f"{self._target.proxy} opened a tunnel to {self._endpoint.full_authority}")

    def _tls(self) -> Finding:
        try:
            done = self._server.handshake()
        except ssl.SSLCertVerificationError as error:
            return Finding(
                "TLS",
                "failed",
                f"the certificate can't be trusted ({error.verify_message})",
                "pass its authority with --ca FILE, use the host name in the certificate, or check its dates",
            )
        except (OSError, ssl.SSLError) as error:
            if self._server.wants_certificate:
                return _lacks_certificate("TLS", error)
            return Finding(
                "TLS",
                "failed",
                f"the handshake failed ({_reason(error)})",
                "check the port: it may be a plain HTTP port",
            )
        found = f"{done.version}, ALPN {done.alpn or 'not supported'}"
        if self._server.wants_certificate:
            found += ", asks for a client certificate"
        if not done.certificate:
            return Finding("TLS", "note", f"{found}, certificate not verified", "--insecure disables verification")
        days = days_left(done.certificate)
        found = f"{found}, certificate by {issuer(done.certificate)}, expires in {days} days"
        if days < EXPIRES_SOON_DAYS:
            return Finding("TLS", "note", found, "renew it soon")
        if self._server.wants_certificate:
            return Finding("TLS", "note", found, f"{CERTIFICATE_ADVICE} if it requires one")
        return Finding("TLS", "ok", found)

    def _clock(self) -> Finding:
        """Compare clocks by the Date header of any response, whatever its status."""
        try:
            done = self._server.exchange("/")
        except (OSError, ResponseError) as error:
            return self._no_response("HTTP", error)
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

    def _credentials(self) -> Finding:
        """List the app's channels: a signed request that changes nothing."""
        try:
            done = self._server.exchange(channels_target(self._endpoint))
        except (OSError, ResponseError) as error:
            return self._no_response("credentials", error)
        answer = done.response.answer
        if answer.acknowledged:
            return Finding("credentials", "ok", f"accepted for app {self._endpoint.app.app_id}")
        if answer.status not in NOT_IMPLEMENTED:
            return _rejected("credentials", answer, self._endpoint)
        return self._publishing(answer)

    def _publishing(self, channels_answer: Answer) -> Finding:
        """Tell a server that does not implement GET /channels from one that does not know the app.

        Both answer 404 or similar; the response to a publish with a wrong signature tells which it is.
        """
        body = event_body()
        try:
            answer = self._server.exchange(forged_target(self._endpoint, body), body).response.answer
        except (OSError, ResponseError) as error:
            return self._no_response("credentials", error)
        if answer.acknowledged:
            return Finding(
                "credentials",
                "note",
                "the server accepts events with a wrong signature; one was published",
                "anyone can publish to this app",
            )
        client_error = 400 <= answer.status < 500 and answer.status not in (*NOT_IMPLEMENTED, 429)
        if answer.kind == "unreadable" or not client_error:
            return _rejected("credentials", answer, self._endpoint)
        return Finding(
            "credentials",
            "note",
            f"GET /channels: {channels_answer.words}; the app accepts publishing",
            "without GET /channels, key and secret can't be checked before a run",
        )

    def _keep_alive(self) -> Finding:
        """Repeat the last request, on the same connection if it is still open."""
        if not self._server.closes:
            try:
                self._server.exchange(channels_target(self._endpoint))
            except (OSError, ResponseError) as error:
                return self._no_response("keep-alive", error)
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

    def _batch_limit(self) -> Finding:
        self._search = Deadline(SEARCH_STEPS * self._timeout_s)
        try:
            return find_batch_limit(self._publish)
        except (OSError, ResponseError) as error:
            return self._no_response("batch limit", error)

    def _publish(self, body: bytes) -> Answer:
        # A call that is stuck ends the search, and so do slow ones.
        left_s = self._search.left_s("no batch limit found")
        self._server.begin_step(min(self._timeout_s, left_s))
        return self._server.exchange(batch_target(self._endpoint, body), body).response.answer

    def _no_response(self, name: str, error: Exception) -> Finding:
        if self._server.wants_certificate and not isinstance(error, TimeoutError):
            return _lacks_certificate(name, error)
        if isinstance(error, TimeoutError):
            return Finding(name, "failed", _reason(error), "check the port; the server may be stuck")
        return Finding(name, "failed", _reason(error), "check the port, and whether the scheme is http or https")


def _lacks_certificate(name: str, error: Exception) -> Finding:
    return Finding(
        name, "failed", f"the server asks for a client certificate ({_reason(error)})", CERTIFICATE_ADVICE
    )


def _rejected(name: str, answer: Answer, endpoint: Endpoint) -> Finding:
    advice = remedy(answer.kind, answer.status, answer.message) + prefix_remedy(endpoint, answer.status)
    return Finding(name, "failed", answer.words, advice)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return str(error) or "timed out"
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
