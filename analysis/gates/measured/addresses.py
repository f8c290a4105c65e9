"""A run's sizes as they would be at another endpoint, with other lengths of Host, app id and key.

A head names its endpoint: one more digit in the port is one more byte in each request, and says nothing about the
client. So exact sizes are stated for one address. HTTP/2 compresses heads, so its sizes stay as sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pandas as pd

from analysis.gates.measured.run_counts import Measured
from analysis.measures.counts import SERVER, Row, rows_of
from wiretax.channels.endpoint import Endpoint, EndpointError
from wiretax.channels.profiles import PROFILE_OF, load_profile, profile_names
from wiretax.channels.request.address import STANDARD, Address
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run

Place = tuple[str, bool]
# The signed query without its key, the same in every library.
QUERY_BYTES = request_sizes(Workload.of()).auth_query - STANDARD.key


class Addresses:
    """The addresses to which a run's workloads were sent, as far as they are known."""

    def __init__(self, known: Iterable[tuple[Place, Address]]) -> None:
        """``known``: by server and TLS. A place with several addresses has no known one."""
        found: dict[Place, set[Address]] = {}
        for place, address in known:
            found.setdefault(place, set()).add(address)
        self._known = {place: addresses.pop() for place, addresses in found.items() if len(addresses) == 1}

    @classmethod
    def of(cls, run: Run) -> Addresses:
        """Those in ``run.json``. Older runs name their endpoint, and show their key's length."""
        kept = run.meta.get("addresses")
        if kept is None:
            # A recording names the server behind the proxy, not the proxy to which the publisher sent.
            return cls(() if "observed" in run.meta else _by_url(run.meta, run.slices))
        lengths = [each.name for each in fields(Address)]
        return cls(
            ((each["server"], each["tls"]), Address(*(each[length] for length in lengths)))
            for each in kept
            # A mock with a round trip belongs to a queue, which gates don't check.
            if each["rtt_s"] is None
        )

    def find(self, row: Row) -> Address | None:
        """The address of a workload or a slice; None if it is unknown."""
        return self._known.get((row["server"], bool(row["tls"])))

    def moved(self, row: Row, to: Address) -> Row:
        """A row of ``slices.parquet`` as if sent to another address; unchanged if its own is unknown."""
        own = self.find(row)
        if own is None or own == to or row["http"] != "1.1":
            return row
        name = PROFILE_OF.get(row["client"], row["client"])
        profile = load_profile(name) if name in profile_names() else None
        there, here = to.in_head(profile), own.in_head(profile)
        line = there.request_line - here.request_line
        query = there.auth_query - here.auth_query
        headers = there.headers - here.headers
        return {
            **row,
            "request_line_bytes": row["request_line_bytes"] + line * row["requests"],
            "auth_query_bytes": row["auth_query_bytes"] + query * row["requests"],
            "header_bytes": row["header_bytes"] + headers * row["requests"],
            "boundary_sent_bytes": row["boundary_sent_bytes"]
            + (line + query + headers) * row["boundary_requests"],
        }


class Views:
    """A run's counts, restated for any address.

    Attributes:
        addresses: those of its workloads.
    """

    def __init__(self, run: Run) -> None:
        self.addresses = Addresses.of(run)
        self._run = run
        self._made: dict[Address | None, Measured] = {}

    def at(self, address: Address | None) -> Measured:
        """The counts as if everything was sent to this address; None for the counts as sent."""
        if address not in self._made:
            moved = None if address is None else lambda row: self.addresses.moved(row, address)
            self._made[address] = Measured(
                self._run.slices, self._run.latency, self._run.meta.get("skipped") or (), moved
            )
        return self._made[address]

    def sent_to(self, names: Iterable[str]) -> set[Address | None]:
        """The addresses of these workloads."""
        workloads = self.at(None).workloads
        return {self.addresses.find(workloads[name]) for name in names}

    def stated_for(self, names: Iterable[str]) -> Address | None:
        """The address for which the sizes of these workloads can be stated; None if they can only be stated as
        sent."""
        names = list(names)
        sent_to = self.sent_to(names)
        if None in sent_to:
            return None
        if all(self.at(None).workloads[name]["http"] == "1.1" for name in names):
            return STANDARD
        return next(iter(sent_to)) if len(sent_to) == 1 else None

    def note(self) -> str | None:
        """A note for readers if sizes are not stated as sent; None if they are."""
        names = [name for name, columns in self.at(None).workloads.items() if columns["http"] == "1.1"]
        apart = sorted({str(each) for each in self.sent_to(names) if each not in (None, STANDARD)})
        if not apart:
            return None
        return (
            f"request sizes are normalised to {STANDARD}, so that they compare across endpoints; "
            f"this run has {' and '.join(apart)}"
        )


def _by_url(meta: Mapping[str, Any], slices: pd.DataFrame) -> Iterator[tuple[Place, Address]]:
    endpoints: list[tuple[Place, Endpoint]] = []
    for server in (SERVER, "against"):
        for url in str(meta.get(server) or "").split(" and "):
            try:
                endpoint = Endpoint.parse(url.replace("://", "://KEY:SECRET@", 1))
            except EndpointError:
                continue
            endpoints.append(((server, endpoint.scheme == "https"), endpoint))
    keys = _key_lengths(slices)
    for place, endpoint in endpoints:
        if place in keys:
            yield place, replace(Address.of(endpoint), key=keys[place])


def _key_lengths(slices: pd.DataFrame) -> dict[Place, int]:
    """The length of each place's key: the signed query minus the parts that every library sends."""
    known = {*profile_names(), *PROFILE_OF}
    lengths: dict[Place, set[float]] = {}
    columns = ["http", "client", "requests", "auth_query_bytes", "tls"]
    for row in rows_of(slices, [*columns, *({"server"} & set(slices))]):
        if row["http"] == "1.1" and row["client"] in known and row["requests"]:
            place = (str(row.get("server", SERVER)), bool(row["tls"]))
            lengths.setdefault(place, set()).add(row["auth_query_bytes"] / row["requests"] - QUERY_BYTES)
    whole = {place: each.pop() for place, each in lengths.items() if len(each) == 1}
    return {place: int(length) for place, length in whole.items() if length == int(length) > 0}
