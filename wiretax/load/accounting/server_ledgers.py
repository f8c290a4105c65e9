"""What each server that keeps a ledger counted between two readings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wiretax.channels.workload import Server
from wiretax.mock.ledger import difference, merge_ledgers
from wiretax.mock.process import READ_TIMEOUT_S, read_ledger
from wiretax.wire.connections.target import Target
from wiretax.wire.reach.blocking import addresses_of

Counts = dict[str, Any]


class Ledgers:
    """Reads the ledgers when created, and again for ``since``.

    Attributes:
        before: the first reading, by server; None if it keeps no ledger. One server under two names has one
            entry, since its ledger can't tell them apart.
    """

    def __init__(self, targets: Sequence[Target], timeout_s: float = READ_TIMEOUT_S) -> None:
        """``timeout_s``: how long the first reading may take: for a server that does not answer within the timeout
        of a call, any longer would be in vain."""
        self._targets: dict[Server, list[Target]] = {}
        for target in targets:
            self._targets.setdefault(target.server, []).append(target)
        if _is_one_server(self._targets):
            del self._targets["against"]
        self.before = self._read(timeout_s)
        for server in [name for name, kept in self.before.items() if kept is None]:
            # Not asked again.
            del self._targets[server]

    def keeps_none(self, server: Server) -> bool:
        """Whether a server keeps no ledger."""
        return server in self.before and self.before[server] is None

    def since(self) -> dict[Server, Counts | None]:
        """What each counted since the first reading; None if it keeps none, or no longer answers."""
        after = self._read(READ_TIMEOUT_S)
        counted: dict[Server, Counts | None] = {}
        for server, before in self.before.items():
            now = after.get(server)
            counted[server] = None if before is None or now is None else difference(now, before)
        return counted

    def _read(self, timeout_s: float) -> dict[Server, Counts | None]:
        """A server with several addresses has its ledgers added up, or None if one of them keeps none."""
        read: dict[Server, Counts | None] = {}
        for server, targets in self._targets.items():
            ledgers = [
                read_ledger(target.endpoint, target.fresh_context(), target.tunnel, timeout_s)
                for target in targets
            ]
            kept = [ledger for ledger in ledgers if ledger is not None]
            read[server] = merge_ledgers(kept) if len(kept) == len(ledgers) else None
        return read


def _is_one_server(targets: dict[Server, list[Target]]) -> bool:
    """Whether the two are the same server, whatever its names, as when a build is measured against itself."""
    places = [{place for target in each for place in _places(target)} for each in targets.values()]
    return len(places) == 2 and not places[0].isdisjoint(places[1])


def _places(target: Target) -> set[tuple[object, ...]]:
    """The addresses and the port a target listens at."""
    endpoint = target.endpoint
    # Behind a proxy, only the proxy looks up the name.
    found = [] if target.proxy is not None else addresses_of(target.peer)
    if not found:
        return {(endpoint.host, endpoint.port)}
    return {each.place[:2] for each in found}
