"""Whether four byte counts agree: the model's parts, the sockets, the kernel and the mock's ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wiretax.wire.counters import TcpCounters, TlsCounters
from wiretax.wire.ledger import Tally


@dataclass(frozen=True, slots=True)
class Account:
    """One server of several.

    Attributes:
        sent: all exchanges with it.
        ledger: the server's own counts; None if it keeps no ledger.
    """

    sent: Tally
    ledger: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The outcome.

    Attributes:
        model: requests, events and bytes each way, by the sum of their parts.
        socket: bytes each way, as written to and read from the sockets, without TLS.
        tls: bytes each way that TLS added to those; 0 without it.
        kernel: bytes each way by ``TCP_INFO``, with TLS; None if the kernel keeps no count.
        server: the mock's counts; None if the endpoint, or one of two, keeps no ledger.
        by_server: each server's counts if there are two, None for one that keeps none.
        differences: a sentence for each pair that disagrees; empty if all agree.
        unfinished: exchanges without a response, which the server may have counted or not.
    """

    model: dict[str, int]
    socket: dict[str, int]
    tls: dict[str, int]
    kernel: dict[str, int] | None
    server: dict[str, int] | None
    by_server: dict[str, dict[str, int] | None]
    differences: tuple[str, ...]
    unfinished: int

    @property
    def agrees(self) -> bool:
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "agrees": self.agrees,
            "model": self.model,
            "socket": self.socket,
            "tls": self.tls,
            "kernel": self.kernel,
            "server": self.server,
            "by_server": self.by_server,
            "unfinished": self.unfinished,
            "differences": list(self.differences),
        }


def reconcile(
    total: Tally,
    socket_sent: int,
    socket_received: int,
    kernel: TcpCounters | None,
    server: dict[str, Any] | None,
    tls: TlsCounters = TlsCounters(),  # noqa: B008 - immutable
    accounts: Mapping[str, Account] | None = None,
) -> Reconciliation:
    """Compare a run's totals with what the sockets and the server counted.

    Args:
        total: all exchanges of the run, warm-up and boundary included.
        socket_sent: bytes written to sockets.
        socket_received: bytes read from sockets.
        kernel: the kernel's counters of the same connections, or None.
        server: the mock's ledger of the run, or None. It counts inside TLS.
        tls: what TLS added to the bytes of the sockets.
        accounts: by server, if there are several; each ledger is then compared with what was sent to that server.
    """
    model = _counts(total)
    socket = {"request_bytes": socket_sent, "response_bytes": socket_received}
    differences = [
        f"{name}: {model[name]} by the model, {count} by the sockets"
        for name, count in socket.items()
        if model[name] != count
    ]
    added = {"request_bytes": tls.sent, "response_bytes": tls.received}
    counted = None
    if kernel is not None:
        counted = {"request_bytes": kernel.sent, "response_bytes": kernel.received}
        differences += [
            f"{name}: {socket[name] + added[name]} by the sockets, {counted[name]} by the kernel"
            for name in socket
            if not _explained(name, counted[name] - socket[name] - added[name], total)
        ]
    seen = None if server is None else {name: int(server[name]) for name in model}
    by_server: dict[str, dict[str, int] | None] = {}
    if accounts is None:
        differences += _beside_ledger(model, seen, total, "the mock")
    else:
        for name, account in accounts.items():
            kept = None if account.ledger is None else {key: int(account.ledger[key]) for key in model}
            by_server[name] = kept
            differences += _beside_ledger(_counts(account.sent), kept, account.sent, f"the mock of --{name}")
    return Reconciliation(model, socket, added, counted, seen, by_server, tuple(differences), total.unfinished)


def _counts(tally: Tally) -> dict[str, int]:
    return {
        "requests": tally.requests,
        "events": tally.events,
        "request_bytes": tally.sent_bytes,
        "response_bytes": tally.received_bytes,
    }


def _beside_ledger(model: dict[str, int], seen: dict[str, int] | None, sent: Tally, whose: str) -> list[str]:
    """Where a ledger differs from the model of what was sent to its server."""
    if seen is None:
        return []
    return [
        f"{name}: {model[name]} by the client, {seen[name]} by {whose}"
        for name in model
        if not _explained(name, seen[name] - model[name], sent)
    ]


def _explained(name: str, surplus: int, total: Tally) -> bool:
    """Whether unfinished exchanges explain a surplus over the client's count; without any it has to be 0.

    A server may have answered a call that its client gave up on, or not have read all of it. A kernel may hold
    bytes that were never sent, and have received bytes that were never read.
    """
    if name == "request_bytes":
        return -total.unfinished_sent_bytes <= surplus <= 0
    return surplus == 0 or (surplus > 0 and total.unfinished > 0)
