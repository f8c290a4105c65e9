"""Checks of the connection to an endpoint, in order, up to the first that fails."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter

from wiretax.channels.endpoint import Endpoint
from wiretax.doctor.certificate import days_left, issuer
from wiretax.doctor.finding import Finding
from wiretax.doctor.http_checks import HttpChecks
from wiretax.doctor.limit_search.limits import LimitChecks
from wiretax.doctor.rejections import lacks_certificate, reason
from wiretax.doctor.server_connection import ServerConnection
from wiretax.doctor.subscription import subscription
from wiretax.wire.connections.target import Target
from wiretax.wire.reach.client_certificate import ADVICE as CERTIFICATE_ADVICE
from wiretax.wire.reach.proxy import TunnelError

TIMEOUT_S = 5.0
# A certificate that expires sooner gets a note.
EXPIRES_SOON_DAYS = 14

Step = Callable[[], Finding]


class Examination:
    """The checks of one endpoint. Each check needs the results of those before it."""

    def __init__(self, target: Target, timeout_s: float = TIMEOUT_S) -> None:
        """``timeout_s`` limits each step; the search for a limit takes up to six times as long."""
        self._target = target
        self._endpoint: Endpoint = target.endpoint
        self._timeout_s = timeout_s
        self._server = ServerConnection(target, timeout_s)

    def findings(self, limits: bool = False) -> Iterator[Finding]:
        """Run the checks one by one, up to the first that fails.

        Args:
            limits: also find the largest batch, event and request, which publishes real events.
        """
        steps: list[Step] = [self._url, self._dns, self._tcp]
        if self._target.proxy is not None:
            steps.append(self._proxy)
        if self._target.tls:
            steps.append(self._tls)
        http = HttpChecks(self._target, self._server, self._timeout_s)
        steps += [http.clock, http.credentials, http.keep_alive]
        steps.append(lambda: subscription(self._target, self._timeout_s))
        if limits:
            search = LimitChecks(self._endpoint, self._server, self._timeout_s)
            steps += [search.batch, search.data, search.request]
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
            return Finding("TCP", "failed", f"can't connect{tried} ({reason(error)})", self._connect_advice(error))
        found = f"connected to {self._server.peer}"
        if self._server.failed:
            failed = ", ".join(f"{each} ({reason(error)})" for each, error in self._server.failed.items())
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
            return Finding("proxy", "failed", reason(error), f"check {self._target.proxy}")
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
                return lacks_certificate("TLS", error)
            found = f"the handshake failed ({reason(error)})"
            self._server.begin_step(self._timeout_s)
            if not self._server.speaks_plain_http():
                return Finding("TLS", "failed", found, "check the port, and that the server serves TLS at it")
            plain = replace(self._endpoint, scheme="http")
            return Finding(
                "TLS",
                "failed",
                f"{found}: the port speaks plain HTTP",
                f"use {plain.template_url}, or the port that speaks TLS",
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
