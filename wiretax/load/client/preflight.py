"""One call of each workload before a run: is there a server, and which workloads does it accept?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING

import gevent

from wiretax.channels.answers import is_final, read_retry_after
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.remedies import CLOCK, FORWARD, HELD_BACK, NOT_THE_API, prefix_remedy, remedy
from wiretax.channels.workload import Server, Workload
from wiretax.load.client.error_policy import MOST_WAIT_S
from wiretax.load.client.session import Session
from wiretax.runs.skipped import Skipped, words
from wiretax.wire.connections.response import Response
from wiretax.wire.connections.target import Target
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers.caller import MessageLimitError
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Listener
from wiretax.wire.reach.client_certificate import ADVICE
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from wiretax.wire.publishers.httpx_publisher import HttpxPublisher

# Called with the requests of a workload before a call; returns those to send, and what hears how the call ended.
Watch = Callable[[RequestSource], tuple[RequestSource, Listener]]
# How often a workload is tried if the server asks to wait.
MOST_TRIES = 4
# No call can connect.
UNREACHABLE = ("connect", "tls", "certificate", "generator")
# Every call of this app is rejected.
NOT_THIS_APP = (401, 403, 404)


class EndpointRefusedError(RuntimeError):
    """The endpoint can't be measured: one line with the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """The results of the calls before a run.

    Attributes:
        slices: one for each call, settled.
        skipped: workloads that the server does not accept.
    """

    slices: tuple[Slice, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def preflight(
    session: Session, workloads: Sequence[Workload], round_: int, watch: Watch | None = None
) -> Preflight:
    """Send one request of each workload; workloads with the same connection settings share a connection.

    A workload is skipped if the server would reject it again (``is_final``) or does not offer its version of HTTP.
    Any other failure may pass, so that workload stays in. ``watch``: of each call; None for nobody.

    Raises:
        EndpointRefusedError: a server can't be reached, rejects the app, accepts no workload, or fails in all.
    """
    trial = _Trial(session, round_, watch)
    before, session.on_rejected = session.on_rejected, trial.on_rejected
    try:
        for alike in _by_connection(workloads):
            trial.send(alike)
    finally:
        session.on_rejected = before
    for server in dict.fromkeys(each.server for each in workloads):
        if server not in trial.accepting:
            raise _refused(session, *trial.failed[server][0], of=len(trial.failed[server]))
    skipped = [
        Skipped(workload, failure)
        for failed in trial.failed.values()
        for workload, failure in failed
        if failure.kind == "alpn" or is_final(failure.kind, failure.status)
    ]
    return Preflight(tuple(trial.slices), tuple(skipped))


class _Trial:
    """Sends the calls, and keeps the results.

    Attributes:
        slices: one for each call.
        accepting: the servers that acknowledged anything.
        failed: workloads without an acknowledged call, by server, and how the last call of each failed.
    """

    def __init__(self, session: Session, round_: int, watch: Watch | None) -> None:
        self._session = session
        self._round = round_
        self._watch = watch
        self._answer: Response | None = None
        self.slices: list[Slice] = []
        self.accepting: set[Server] = set()
        self.failed: dict[Server, list[tuple[Workload, Failure]]] = {}

    def on_rejected(self, _: Workload, response: Response) -> None:
        """Keep a response that acknowledged nothing."""
        self._answer = response

    def send(self, alike: Sequence[Workload]) -> None:
        """Try workloads that share a connection.

        Raises:
            EndpointRefusedError: further calls would fail, too.
        """
        connection = self._session.connect(alike[0])
        try:
            publisher = self._session.publisher(connection, alike[0])
            for workload in alike:
                failure = self._try(publisher, workload)
                if failure is None:
                    self.accepting.add(workload.server)
                    continue
                self.failed.setdefault(workload.server, []).append((workload, failure))
                silent = failure.kind == "timeout" and workload.server not in self.accepting
                if silent or failure.kind in UNREACHABLE or failure.status in (*NOT_THIS_APP, 429):
                    raise _refused(self._session, workload, failure)
        finally:
            self._session.disconnect(connection)

    def _try(self, publisher: Publisher | HttpxPublisher, workload: Workload) -> Failure | None:
        """Send one call, and again after each 429; how the last one failed, None if it was acknowledged."""
        failure = self._call(publisher, workload)
        if failure is not None and failure.kind == "lost":
            # A server may close a connection after a response without announcing it. The next call opens another.
            failure = self._call(publisher, workload)
        tries = 1
        while True:
            if failure is None or failure.status != 429 or tries == MOST_TRIES or self._answer is None:
                return failure
            wait_s = read_retry_after(self._answer.retry_after, time())
            if wait_s > MOST_WAIT_S:
                return failure
            gevent.sleep(wait_s)
            failure = self._call(publisher, workload)
            tries += 1

    def _call(self, publisher: Publisher | HttpxPublisher, workload: Workload) -> Failure | None:
        slice_ = Slice(workload, self._round)
        source, listener = self._session.source(workload), None
        if self._watch is not None:
            source, listener = self._watch(source)
        try:
            publisher.publish(source, slice_, until_ns=0, listener=listener)
        except MessageLimitError:
            raise EndpointRefusedError(
                "--max-messages leaves no room for a call of each workload; raise it"
            ) from None
        slice_.close()
        slice_.settle()
        self.slices.append(slice_)
        return None if slice_.measured.events else next(iter(slice_.measured.failed))


def _by_connection(workloads: Sequence[Workload]) -> list[list[Workload]]:
    groups: dict[tuple[object, ...], list[Workload]] = {}
    for workload in workloads:
        groups.setdefault(workload.connection_key, []).append(workload)
    return list(groups.values())


def _refused(session: Session, workload: Workload, failure: Failure, of: int = 1) -> EndpointRefusedError:
    target = session.target(workload)
    how = words(failure)
    certificate = _about_certificate(target, failure, session.timeout_s)
    if certificate is not None:
        return EndpointRefusedError(certificate)
    if target.proxy is not None and failure.kind in ("connect", "timeout"):
        through = "" if how.startswith(str(target.proxy)) else f" through {target.proxy}"
        advice = "" if ";" in how else f"; check that proxy, or add {target.endpoint.host} to NO_PROXY"
        return EndpointRefusedError(f"no call to {target.endpoint.public_url}{through}: {how}{advice}")
    return EndpointRefusedError(_say(target.endpoint, f"--{workload.server}", workload, failure, of))


def _about_certificate(target: Target, failure: Failure, timeout_s: float) -> str | None:
    """One line for a call that failed for its client certificate; None for any other."""
    if not target.tls or failure.kind not in ("tls", "lost"):
        return None
    asked = target.ask_for_certificate(timeout_s)
    url, how = target.endpoint.public_url, asked.alert or words(failure)
    if not asked.asks:
        return None
    if target.certificates.cert is None:
        return f"{url} asks for a client certificate ({how}); {ADVICE}"
    if asked.alert:
        return f"{url} does not accept the client certificate ({how}); check --cert: its authority and dates"
    return None


def _say(endpoint: Endpoint, option: str, workload: Workload, failure: Failure, of: int) -> str:
    """One line for a failed call: cause and remedy. ``of``: how many workloads failed, this one first."""
    url, how = endpoint.public_url, words(failure)
    match failure.kind:
        case "generator":
            return f"no call to {url}: {how}"
        case "connect" if "refused" in how:
            return f"nothing listens at {url} ({how}); start a mock with: wiretax mock, or name another {option}"
        case "connect":
            return f"{url} can't be reached ({how}); check the host of {option}, and this machine's network"
        case "certificate":
            return (
                f"the certificate of {url} can't be trusted ({how}); name its authority with --ca FILE, use the "
                "name it was issued for, or check its validity dates"
            )
        case "timeout" | "tls" if failure.kind == "tls" or "handshake" in how:
            return f"{url} made no TLS handshake ({how}); check the port of {option}: it may speak plain HTTP"
        case "alpn":
            return f'{url} does not offer HTTP/2 ({how}); turn it on at the server, or leave http = "2" out'
        case "timeout":
            return f"{url} did not answer ({how}); check the address, or raise timeout in the plan"
        case "lost":
            return f"{url} closed the connection ({how}); check port, scheme (http or https) and path of {option}"
        case "malformed":
            return f"{url} does not speak HTTP/1.1 ({how}); check host, port and scheme of {option}"
        case "unreadable":
            advice = remedy(failure.kind, failure.status, failure.message)
            if advice != NOT_THE_API:
                return f"{url} sent a response that can't be understood ({how}); {advice}"
            return f"{url} does not speak the HTTP API ({how}); {FORWARD} of {option}"
    advice = remedy(failure.kind, failure.status, failure.message)
    prefix = prefix_remedy(endpoint, failure.status)
    if advice == NOT_THE_API:
        return f"{url} is not a server of the HTTP API ({how}); {FORWARD} of {option}{prefix}"
    if advice == HELD_BACK:
        return f"{url} can't be published to ({how}); {advice}"
    match failure.status:
        case 401:
            cure = advice if advice == CLOCK else f"check app id, key and secret of {option}"
            return f"{url} does not accept these credentials ({how}); {cure}{prefix}"
        case 403:
            return f"{url} does not let this app publish ({how}); {advice}"
        case 404:
            return f"{url} has no app with this id ({how}); {advice.replace('the URL', option)}{prefix}"
        case 429:
            return f"{url} accepts no more calls for now ({how}); {advice}"
        case status if 300 <= status < 400:
            return f"{url} redirects calls ({how}); {advice}; wiretax doctor shows where to"
        case status if status >= 500:
            return f"{url} did not accept a call of {workload.name} ({how}); {advice}"
    which = workload.name if of == 1 else f"all {of} workloads, {workload.name} first"
    return f"{url} rejected {which} ({how}); {advice}"
