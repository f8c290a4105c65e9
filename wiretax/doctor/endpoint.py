"""What stands between this machine and an endpoint: checks in order, up to the first that fails."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any

from wiretax.channels.answers import Answer
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.remedies import remedy
from wiretax.channels.request.signing import TIMESTAMP_WINDOW_S
from wiretax.doctor.batches import find_batch_limit
from wiretax.doctor.certificate import days_left, issuer
from wiretax.doctor.exchange import Told, ask, batch_target, channels_target, event_body, forged_target
from wiretax.doctor.finding import Finding
from wiretax.wire.connections.response import ResponseError
from wiretax.wire.connections.target import Target

TIMEOUT_S = 5.0
# A certificate that ends sooner is worth a word.
FEW_DAYS = 14
# Clocks this far apart leave little of the window that signatures are taken in.
MUCH_SKEW_S = 60
OFFERED = ["h2", "http/1.1"]
# What a server answers that can't be asked for channels.
NOT_ASKED = (404, 405, 501)

Step = Callable[[], Finding]


class Examination:
    """The checks of one endpoint. Each needs what those before it found."""

    def __init__(self, target: Target, timeout_s: float = TIMEOUT_S) -> None:
        """``timeout_s``: how long to wait for a connection, and for an answer."""
        self._target = target
        self._endpoint: Endpoint = target.endpoint
        self._timeout_s = timeout_s
        self._address: Any = None
        self._connection: socket.socket | None = None
        self._used = self._closes = self._closes_in_silence = False

    def findings(self, batch_limit: bool = False) -> Iterator[Finding]:
        """One check after the other; the last one is the first that failed.

        ``batch_limit``: whether the largest batch is looked for, which publishes real events.
        """
        steps: list[Step] = [self._url, self._dns, self._tcp]
        if self._target.tls:
            steps.append(self._tls)
        steps += [self._clock, self._credentials, self._keep_alive]
        if batch_limit:
            steps.append(self._batch_limit)
        try:
            for step in steps:
                began = perf_counter()
                found = step()
                took_ms = (perf_counter() - began) * 1000
                yield Finding(found.name, found.state, found.found, found.advice, took_ms)
                if found.state == "failed":
                    return
        finally:
            self._close()

    def _url(self) -> Finding:
        endpoint = self._endpoint
        if endpoint.scheme == "https" or endpoint.is_loopback:
            return Finding("URL", "ok", endpoint.public_url)
        return Finding(
            "URL",
            "note",
            endpoint.public_url,
            "plain HTTP to another machine: the key and all events can be read on the way; https:// if it has it",
        )

    def _dns(self) -> Finding:
        endpoint = self._endpoint
        try:
            found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        except OSError as error:
            return Finding(
                "DNS",
                "failed",
                f"{endpoint.host} has no address ({error.strerror or error})",
                "check the host's spelling and this machine's resolver",
            )
        self._address = found[0]
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if addresses == [endpoint.host]:
            return Finding("DNS", "ok", "an address needs none")
        return Finding("DNS", "ok", f"{endpoint.host} is {', '.join(addresses)}")

    def _tcp(self) -> Finding:
        try:
            self._connection = self._connect()
        except OSError as error:
            return Finding("TCP", "failed", f"no connection ({_said(error)})", self._who_listens(error))
        return Finding("TCP", "ok", f"connected to {self._place()}")

    def _tls(self) -> Finding:
        """On a connection of its own: one on which HTTP/2 is agreed to speaks nothing else."""
        context = self._target.fresh_context()
        assert context is not None
        context.set_alpn_protocols(OFFERED)
        assert self._connection is not None
        try:
            with context.wrap_socket(self._connection, server_hostname=self._endpoint.host) as session:
                certificate, alpn = session.getpeercert(), session.selected_alpn_protocol()
                version = session.version()
            self._connection = self._open()
        except ssl.SSLCertVerificationError as error:
            return Finding(
                "TLS",
                "failed",
                f"the certificate can't be trusted ({error.verify_message})",
                "name its authority with --ca FILE, use the name it was issued for, or see to its dates",
            )
        except (OSError, ssl.SSLError) as error:
            return Finding(
                "TLS", "failed", f"no handshake ({_said(error)})", "check the port: it may speak plain HTTP"
            )
        said = f"{version}, ALPN {alpn or 'not spoken'}"
        if not certificate:
            return Finding("TLS", "note", f"{said}, certificate not verified", "--insecure takes any certificate")
        days = days_left(certificate)
        said = f"{said}, certificate of {issuer(certificate)}, {days} days left"
        if days < FEW_DAYS:
            return Finding("TLS", "note", said, "it is to be renewed soon")
        return Finding("TLS", "ok", said)

    def _clock(self) -> Finding:
        """By the Date of any answer, whatever it says else."""
        try:
            told = self._ask("/")
        except (OSError, ResponseError) as error:
            return self._no_answer("HTTP", error)
        date = told.fields.get("date")
        if date is None:
            return Finding("clock", "note", "the server sends no Date", "a signature may show if clocks are apart")
        try:
            server = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return Finding("clock", "note", f"the server's Date can't be read ({date!r})")
        # A Date has whole seconds, and was written at some moment of the exchange; what that allows is nothing.
        apart = max(0.0, server - told.told_at) or min(0.0, server + 1 - told.asked_at)
        there = f"{datetime.fromtimestamp(server, UTC):%H:%M:%S} UTC"
        said = f"{abs(apart):.0f} s {'behind' if apart > 0 else 'ahead of'} the server's, {there}"
        if abs(apart) >= TIMESTAMP_WINDOW_S:
            return Finding(
                "clock",
                "failed",
                f"this machine is {said}",
                f"signatures are taken within {TIMESTAMP_WINDOW_S} s; set this clock by NTP, or the server's",
            )
        if abs(apart) >= MUCH_SKEW_S:
            return Finding(
                "clock", "note", f"this machine is {said}", f"signatures are taken within {TIMESTAMP_WINDOW_S} s"
            )
        return Finding("clock", "ok", "within a second of the server's" if abs(apart) < 1 else said)

    def _credentials(self) -> Finding:
        """One signed request that changes nothing."""
        try:
            told = self._ask(channels_target(self._endpoint))
        except (OSError, ResponseError) as error:
            return self._no_answer("credentials", error)
        answer = told.response.answer
        if answer.acknowledged:
            return Finding("credentials", "ok", f"app {self._endpoint.app.app_id} may be asked for its channels")
        said = answer.words
        if answer.status not in NOT_ASKED:
            return Finding("credentials", "failed", said, remedy(answer.kind, answer.status, answer.message))
        return self._publishing(said)

    def _publishing(self, said: str) -> Finding:
        """Of a server that answers 404 and the like where it is asked for channels: it may not know the question,
        or not know the app. How it rejects a publish that is not signed by the app's secret tells which."""
        body = event_body()
        try:
            answer = self._ask(forged_target(self._endpoint, body), body).response.answer
        except (OSError, ResponseError) as error:
            return self._no_answer("credentials", error)
        if answer.status in NOT_ASKED or answer.kind == "unreadable" or not 400 <= answer.status < 500:
            if answer.acknowledged:
                found = "the server accepts events whatever their signature; one was published"
                return Finding("credentials", "note", found, "anybody may publish to this app")
            found = answer.words
            return Finding("credentials", "failed", found, remedy(answer.kind, answer.status, answer.message))
        if answer.status == 429:
            return Finding("credentials", "failed", f"429: {answer.message}", remedy(answer.kind, 429, ""))
        return Finding(
            "credentials",
            "note",
            f"{said}, where it is asked for channels; the app may be published to",
            "the server does not answer the question that would show whether key and secret are right",
        )

    def _keep_alive(self) -> Finding:
        """The same request once more, on the same connection if it is still there."""
        if not self._closes:
            try:
                self._ask(channels_target(self._endpoint))
            except (OSError, ResponseError) as error:
                return self._no_answer("keep-alive", error)
        if self._closes_in_silence:
            return Finding(
                "keep-alive",
                "note",
                "the server closes the connection after an answer, and does not say so",
                "calls that are on their way then are lost; let it send Connection: close",
            )
        if self._closes:
            return Finding(
                "keep-alive",
                "note",
                "the server closes the connection after an answer",
                "each call then costs a connection, and with TLS a handshake; wiretax counts them, and wiretax "
                "advise takes --connection close",
            )
        return Finding("keep-alive", "ok", "the connection is kept, three requests on it so far")

    def _batch_limit(self) -> Finding:
        try:
            return find_batch_limit(self._publish)
        except (OSError, ResponseError) as error:
            return self._no_answer("batch limit", error)

    def _publish(self, body: bytes) -> Answer:
        return self._ask(batch_target(self._endpoint, body), body).response.answer

    def _ask(self, target: str, body: bytes = b"") -> Told:
        if self._closes_in_silence:
            self._close()
        if self._connection is None:
            self._connection = self._open()
            self._used = False
        try:
            told = ask(self._connection, self._endpoint, "POST" if body else "GET", target, body)
        except ConnectionError:
            # A question that changes nothing may be asked again, of a server that had closed before it came.
            if not self._used or body:
                raise
            self._closes = self._closes_in_silence = True
            return self._ask(target)
        self._used = True
        if not told.response.keeps_alive:
            self._closes = True
            self._close()
        return told

    def _open(self) -> socket.socket:
        """A connection to speak HTTP/1.1 on."""
        connection = self._connect()
        if self._target.context is None:
            return connection
        try:
            return self._target.context.wrap_socket(connection, server_hostname=self._endpoint.host)
        except OSError:
            connection.close()
            raise

    def _connect(self) -> socket.socket:
        family, kind, protocol, _, address = self._address
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(self._timeout_s)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _place(self) -> str:
        host, port = self._address[4][:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _who_listens(self, error: OSError) -> str:
        if isinstance(error, TimeoutError):
            return "check the address; a firewall may swallow it"
        if not isinstance(error, ConnectionRefusedError):
            return "check the address, and this machine's network"
        return f"nothing listens at {self._place()}: start the server (wiretax mock is one), or check the port"

    def _no_answer(self, name: str, error: Exception) -> Finding:
        self._close()
        if isinstance(error, TimeoutError):
            said, advice = f"no answer within {self._timeout_s:g} s", "check the port; the server may be stuck"
        elif isinstance(error, ResponseError):
            said, advice = str(error), "check the port, and whether the scheme is http or https"
        else:
            said, advice = _said(error), "check the port, and whether the scheme is http or https"
        return Finding(name, "failed", said, advice)


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
