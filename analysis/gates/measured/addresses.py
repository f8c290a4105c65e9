"""A run's sizes as they would be at another endpoint, with other lengths of Host, app id and key.

A head names its endpoint: one more digit in the port is one more byte in each request, and says nothing about the
client. So exact sizes are stated for one address. HTTP/2 compresses heads, so its sizes stay as sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pandas as pd

from analysis.gates.measured.delivery_counts import DeliveryCounts, of_deliveries
from analysis.gates.measured.metrics import Metric
from analysis.gates.measured.run_counts import NOTHING_LEFT_OUT, LeftOut, Measured
from analysis.gates.measured.search_counts import Searched
from analysis.measures.counts import SERVER, Row
from analysis.measures.queues import without_probes
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
    def of(cls, run: Run, as_sent: Measured) -> Addresses:
        """Those in ``run.json``. Older runs name their endpoint, and their counts show their key's length."""
        kept = run.meta.get("addresses")
        if kept is None:
            # A recording names the server behind the proxy, not the proxy to which the publisher sent.
            return cls(() if "observed" in run.meta else _by_url(run.meta, as_sent))
        lengths = {each.name for each in fields(Address)}
        return cls(
            (
                (each["server"], each["tls"]),
                Address(**{name: length for name, length in each.items() if name in lengths}),
            )
            for each in kept
            # A mock with a round trip belongs to a queue, whose sizes gates don't check.
            if each["rtt_s"] is None
        )

    def find(self, row: Row) -> Address | None:
        """The address of a workload or a slice; None if it is unknown."""
        return self._known.get((row["server"], bool(row["tls"])))

    def longer_head(self, workload: Row, to: Address) -> dict[str, int]:
        """How many bytes longer each part of a request's head would be at another address, by column; empty if
        that is unknown."""
        own = self.find(workload)
        if own is None or own == to or workload["http"] != "1.1":
            return {}
        name = PROFILE_OF.get(workload["client"], workload["client"])
        profile = load_profile(name) if name in profile_names() else None
        there, here = to.in_head(profile), own.in_head(profile)
        return {
            "request_line_bytes": there.request_line - here.request_line,
            "auth_query_bytes": there.auth_query - here.auth_query,
            "header_bytes": there.headers - here.headers,
        }


class Views:
    """A run's counts, restated for any address.

    Attributes:
        queues: the counts of workloads whose events arrive in a queue.
        searches: those of workloads whose capacity was searched.
        deliveries: those of workloads whose deliveries were counted.
        addresses: those of all other workloads.
    """

    def __init__(self, run: Run) -> None:
        skipped = run.meta.get("skipped") or ()
        plan = run.meta.get("plan") or {}
        left_out = LeftOut.of(plan)
        searched = left_out if plan.get("capacity") else NOTHING_LEFT_OUT
        sent = NOTHING_LEFT_OUT if plan.get("capacity") else left_out.only(lambda row: not row["rate"])
        self._as_sent = Measured(
            run.slices, run.latencies, (row for row in skipped if not row.get("rate")), left_out=sent
        )
        rtt_s = (run.meta.get("mock") or {}).get("rtt_s")
        queued, queue = (without_probes(each, run.capacity) for each in (run.queued, run.queue))
        self.queues = Measured(
            queued,
            run.wait_times,
            (row for row in skipped if row.get("rate")),
            queue,
            rtt_s,
            left_out.only(lambda row: bool(row["rate"])),
        )
        self.searches = Searched(run, rtt_s, searched)
        self.deliveries = _deliveries(run, rtt_s, left_out.only(lambda row: bool(row["subscribers"])))
        self.addresses = Addresses.of(run, self._as_sent)
        self._made: dict[Address, Measured] = {}

    def at(self, address: Address | None) -> Measured:
        """The counts as if everything was sent to this address; None for the counts as sent."""
        if address is None:
            return self._as_sent
        if address not in self._made:
            workloads = self._as_sent.workloads
            longer = {name: self.addresses.longer_head(each, address) for name, each in workloads.items()}
            self._made[address] = self._as_sent.with_longer_heads(longer)
        return self._made[address]

    def of(self, metric: Metric, address: Address | None = None) -> Measured:
        """The counts of the workloads that have a metric, as if they were sent to this address; None for the
        counts as sent."""
        if metric.capacity is not None:
            return self.searches
        if metric.queue is not None and metric.queue.of_subscribers:
            return self.deliveries
        return self.at(address) if metric.queue is None else self.queues

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


def _deliveries(run: Run, rtt_s: float | None, left_out: LeftOut) -> Measured:
    slices, queued, queue = (of_deliveries(each, run.delivery) for each in (run.slices, run.queued, run.queue))
    both = pd.concat([each for each in (slices, queued) if len(each)]) if len(slices) or len(queued) else slices
    counts = DeliveryCounts(run.delivery, queue)
    return Measured(both, run.delays if len(run.delivery) else pd.DataFrame(), (), counts, rtt_s, left_out)


def _by_url(meta: Mapping[str, Any], as_sent: Measured) -> Iterator[tuple[Place, Address]]:
    endpoints: list[tuple[Place, Endpoint]] = []
    for server in (SERVER, "against"):
        for url in str(meta.get(server) or "").split(" and "):
            try:
                endpoint = Endpoint.parse(url.replace("://", "://KEY:SECRET@", 1))
            except EndpointError:
                continue
            endpoints.append(((server, endpoint.scheme == "https"), endpoint))
    keys = _key_lengths(as_sent)
    for place, endpoint in endpoints:
        if place in keys:
            yield place, replace(Address.of(endpoint), key=keys[place])


def _key_lengths(as_sent: Measured) -> dict[Place, int]:
    """The length of each place's key: the signed query minus the parts that every library sends."""
    known = {*profile_names(), *PROFILE_OF}
    lengths: dict[Place, set[float]] = {}
    for name, workload in as_sent.workloads.items():
        if workload["http"] == "1.1" and workload["client"] in known:
            bytes_per_request = as_sent.ratios(name, "auth_query_bytes", "requests").values()
            place = (workload["server"], bool(workload["tls"]))
            lengths.setdefault(place, set()).update(each - QUERY_BYTES for each in bytes_per_request)
    whole = {place: each.pop() for place, each in lengths.items() if len(each) == 1}
    return {place: int(length) for place, length in whole.items() if length == int(length) > 0}
