"""Turns a recording into a run: slices by kind of call, totals, and whether the witnesses agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter_ns, time
from typing import Any

from wiretax import __version__
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.masking import without_secrets
from wiretax.channels.profiles.batching import WithoutBatches, without_batches
from wiretax.channels.request.address import Address
from wiretax.channels.request.head_lines import grouped
from wiretax.channels.workload import Habit, Workload
from wiretax.mock.cost import CostModel
from wiretax.observe.call_kind import connection_habit, encoded_twice, lines_by_kind, observed_workload, recognised
from wiretax.observe.delivered import ObservedDeliveries, count_deliveries
from wiretax.observe.forwarding.exchange import REFUSED, Exchange
from wiretax.observe.forwarding.gate import UNCOUNTABLE
from wiretax.observe.forwarding.recording import Recording
from wiretax.observe.other_calls import other_calls
from wiretax.observe.publisher import ExitStatus
from wiretax.observe.subscriptions import ObservedSubscriptions
from wiretax.observe.unpublished import checklist, did_instead, stray_words
from wiretax.runs.folder import SCHEMA
from wiretax.runs.machine import describe_machine
from wiretax.runs.mode import MODE, OBSERVED, UNKNOWN
from wiretax.runs.provenance.provenance import NO_PROVENANCE, Provenance
from wiretax.runs.reconcile import reconcile
from wiretax.runs.record import RunRecord
from wiretax.wire.counters import TcpCounters, TlsCounters, add_counters
from wiretax.wire.ledger import Failure, Tally
from wiretax.wire.publishers.message_limit import MessageLimit
from wiretax.wire.slices import Slice

ASIDE = Workload.of(payload_bytes=0, payload_kind=OBSERVED, client=UNKNOWN)


@dataclass(frozen=True, slots=True)
class Observation:
    """One observed command and its traffic.

    Attributes:
        command: the command, its secret replaced.
        target: the server behind the proxy.
        cost: the built-in mock's cost model; None for an upstream server.
        recording: the traffic through the proxy.
        ending: how the command ended.
        server: the mock's ledger of this run; None if the server keeps no ledger.
        started: when the command started.
        finished: when it ended.
        busy: processor time as cores: the command ("generator"), the mock and others; None if unknown.
        cautions: warnings about the setup.
        given: the names of the variables that told the command where to publish.
        listened: the proxy's host and port.
        limit: how many messages could be forwarded, and were; None for no limit.
        subscriptions: the subscriber that counted deliveries; None if nothing did.
        provenance: its labels, and the version of the code that it was started in.
    """

    command: tuple[str, ...]
    target: Endpoint
    cost: CostModel | None
    recording: Recording
    ending: ExitStatus
    server: dict[str, Any] | None
    started: datetime
    finished: datetime
    busy: dict[str, float | None]
    cautions: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    listened: str = ""
    limit: MessageLimit | None = None
    subscriptions: ObservedSubscriptions | None = None
    provenance: Provenance = NO_PROVENANCE

    @property
    def publications(self) -> list[Exchange]:
        """Exchanges that publish, acknowledged or not."""
        return [each for each in self.recording.exchanges if each.publication is not None]

    @property
    def nothing_published(self) -> str:
        """The message if nothing was published: what the command did instead, in one line."""
        return f"CMD published nothing: {did_instead(self.recording)}"

    def to_check(self, environment: Mapping[str, str], folder: Path) -> list[str]:
        """What to check, in order, if the command never connected; empty if it did: its message names the cause.

        Args:
            environment: what the command inherited.
            folder: where it ran.
        """
        if self.recording.connections:
            return []
        ending = str(self.ending).replace("CMD", "It", 1)
        return list(checklist(ending, self.given, self.listened, environment, folder))

    def record(self) -> RunRecord:
        """The run, ready to be written."""
        record = RunRecord(server=self.server)
        habit = connection_habit(self.publications)
        kinds: dict[Workload | None, list[Exchange]] = defaultdict(list)
        for exchange in self.recording.exchanges:
            kinds[_kind(exchange, habit)].append(exchange)
        tcp = self._tcp_by_kind(habit)
        seen: set[int] = set()
        for workload, exchanges in kinds.items():
            piece = self._slice(workload, exchanges, seen)
            piece.tcp = tcp.get(workload, TcpCounters())
            record.add(piece, max(1, self.recording.peak))
        record.add(self._remainder(seen), 1)
        deliveries = None
        if self.subscriptions is not None:
            deliveries = count_deliveries(self.subscriptions, self.recording.exchanges, habit, self.server)
            for counted in deliveries.slices:
                counted.add_to(record)
        record.meta = self._meta(record, deliveries)
        return record

    def _slice(self, workload: Workload | None, exchanges: list[Exchange], seen: set[int]) -> Slice:
        """The exchanges of one kind; those that publish nothing count only in the totals, like a warm-up."""
        piece = Slice(workload or ASIDE, -1 if workload is None else 0)
        began = min(each.began_ns for each in exchanges)
        piece.open = False
        piece.started_at = time() - (perf_counter_ns() - began) / 1e9
        piece.duration_s = (max(each.ended_ns for each in exchanges) - began) / 1e9
        for exchange in exchanges:
            self._add(exchange, piece.measured)
            if exchange.connection not in seen:
                seen.add(exchange.connection)
                piece.measured.connections += 1
                by_server = self.recording.closings[exchange.connection].by_server
                piece.measured.closed_by_server += by_server
                piece.measured.closed_by_client += not by_server
            age_ns = exchange.ended_ns - exchange.began_ns - exchange.held_ns
            if exchange.answer is not None and exchange.answer.acknowledged:
                piece.latencies_ns.append(age_ns)
            else:
                piece.measured.latency.record_censored([age_ns])
        piece.settle()
        return piece

    def _add(self, exchange: Exchange, tally: Tally) -> None:
        if exchange.failure is not None:
            tally.failures += 1
            words = without_secrets(exchange.failure.message, self.target.app)
            tally.failed.add(exchange.failure._replace(message=words))
        if exchange.answer is None:
            tally.unfinished += 1
            tally.unfinished_sent_bytes += len(exchange.head) + exchange.body_bytes
            tally.unfinished_received_bytes += exchange.response_body_bytes
            return
        tally.requests += 1
        tally.request_line_bytes += exchange.request_line_bytes
        tally.auth_query_bytes += exchange.query_bytes
        tally.header_bytes += exchange.header_bytes
        tally.body_bytes += exchange.body_bytes
        tally.response_head_bytes += exchange.response_head_bytes
        tally.response_body_bytes += exchange.response_body_bytes
        published = exchange.publication
        if published is not None:
            tally.payload_bytes += published.payload_bytes
            tally.encryption_bytes += published.encryption_bytes
            if exchange.answer.acknowledged:
                tally.events += published.events
                tally.messages += published.events * published.channels

    def _remainder(self, seen: set[int]) -> Slice:
        """What belongs to no exchange: unused connections, and bytes that form no request or response."""
        piece = Slice(ASIDE, -1)
        tally, seen_all = piece.measured, self.recording
        tally.connections = seen_all.connections - len(seen)
        if seen_all.stray or seen_all.unrequested:
            tally.unfinished = max(1, len(seen_all.stray_connections))
            tally.unfinished_sent_bytes = seen_all.stray
            tally.unfinished_received_bytes = seen_all.unrequested
        if seen_all.stray:
            tally.failures = len(seen_all.stray_connections)
            tally.failed[Failure("malformed", 0, stray_words(seen_all))] = tally.failures
        return piece

    def _tcp_by_kind(self, habit: Habit) -> dict[Workload | None, TcpCounters | None]:
        """The kernel's counts by kind; None without kernel counters, or if kinds overlapped."""
        counts: dict[Workload | None, TcpCounters | None] = {}
        for reading in self.recording.readings:
            kinds = {_kind(each, habit) for each in reading.exchanges}
            tcp = reading.tcp if len(kinds) == 1 else None
            for kind in kinds:
                counts[kind] = add_counters(counts.get(kind, TcpCounters()), tcp)
        return counts

    def _meta(self, record: RunRecord, deliveries: ObservedDeliveries | None) -> dict[str, Any]:
        seen = self.recording
        outcome = reconcile(record.total, seen.sent, seen.received, seen.tcp, self._as_sent(self.server))
        invalid = [f"the byte counts disagree: {each}" for each in outcome.differences]
        if deliveries is not None:
            invalid += deliveries.invalid_because
        if not any(row["events"] for row in record.slices):
            invalid.append("no event was acknowledged")
        if self.cost is not None and self.server is None:
            invalid.append("the mock ended before its ledger could be read")
        return {
            "schema": SCHEMA,
            "wiretax": __version__,
            MODE: "observe",
            "started": self.started.isoformat(timespec="milliseconds"),
            "finished": self.finished.isoformat(timespec="milliseconds"),
            **self.provenance.as_dict([self.target.app]),
            "plan": {
                "schema": SCHEMA,
                "name": "observe",
                "command": list(self.command),
                "rounds": 1,
                "users": max(1, seen.peak),
                "workloads": [row["workload"] for row in record.slices],
            },
            "endpoint": self.target.public_url,
            "addresses": [
                {"server": "endpoint", "tls": False, "rtt_s": None, **asdict(each)} for each in self._addresses()
            ],
            "peers": [{**peer._asdict(), "connections": count} for peer, count in sorted(seen.peers.items())],
            "mock": None if self.cost is None else self.cost.as_dict(),
            "environment": describe_machine(),
            "workers": 1,
            "interrupted": self.ending.interrupted,
            "heads": grouped(lines_by_kind(self.publications, self.target.app)),
            "rounds_measured": record.rounds,
            "warnings": self._warnings(record),
            "valid": not invalid,
            "invalid_because": invalid,
            "reconcile": outcome.as_dict(),
            "tcp": None if seen.tcp is None else seen.tcp._asdict(),
            "tls": TlsCounters()._asdict(),
            "parts": {
                "aside": record.aside.counts(),
                "boundary": record.boundary.counts(),
                "total": record.total.counts(),
            },
            "busy": self.busy,
            "budget": None if self.limit is None else self.limit.as_dict(),
            **({} if deliveries is None else {"delivery": deliveries.as_dict()}),
            "observed": {
                "exit_code": self.ending.code,
                "variables": list(self.given),
                "connections": seen.connections,
                "closed_by": dict(seen.closed_by.most_common()),
                "stray_bytes": seen.stray,
                "host_growth_bytes": seen.host_growth,
                "withheld_requests": seen.withheld,
                "other_requests": len(seen.exchanges) - len(self.publications),
                "without_batches": [asdict(each) for each in self._without_batches()],
                "other_calls": other_calls(seen.exchanges),
                "encoded_twice": encoded_twice(self.publications),
                "recognised": recognised(self.publications, self.target.app),
            },
        }

    def _without_batches(self) -> list[WithoutBatches]:
        """The libraries that are too old to publish batches."""
        heads = {each.head.partition(b"\n")[2] for each in self.publications}  # without the query, which changes
        return list({found: None for head in sorted(heads) if (found := without_batches(head)) is not None})

    def _addresses(self) -> set[Address]:
        """Lengths of the parts that name the endpoint; empty if publications differ or a head lacks a part."""
        read = [Address.read(each.head) for each in self.publications]
        known = {each for each in read if each is not None}
        return known if len(known) == 1 and None not in read else set()

    def _as_sent(self, server: dict[str, Any] | None) -> dict[str, Any] | None:
        """The server's counts, as if Host had not been rewritten and it had answered what was withheld from it."""
        if server is None:
            return None
        seen = self.recording
        return {
            **server,
            "requests": server["requests"] + seen.withheld,
            "request_bytes": server["request_bytes"] - seen.host_growth + seen.unforwarded,
            "response_bytes": server["response_bytes"] + seen.unasked,
        }

    def _warnings(self, record: RunRecord) -> list[str]:
        warnings = list(self.cautions)
        if self.ending.interrupted:
            warnings.append("interrupted; what was recorded is kept")
        withheld = self.recording.withheld
        if self.limit is not None and withheld:
            why = str(self.limit) if self.limit.spent else UNCOUNTABLE
            calls = f"{withheld:,} call{'s were' if withheld > 1 else ' was'}"
            warnings.append(f"{why}; {calls} answered with {REFUSED} instead")
        if self.server is None and self.cost is None:
            warnings.append("the endpoint keeps no ledger: only the proxy and the kernel counted bytes")
        unread = sum(not each.publication.events for each in self.recording.exchanges if each.publication)
        if unread:
            warnings.append(f"{unread} bodies could not be parsed; their events are not counted")
        if record.total.failures:
            exchanges = record.total.requests + record.total.unfinished
            warnings.append(f"{record.total.failures} of {exchanges} exchanges failed")
        return warnings


def _kind(exchange: Exchange, habit: Habit) -> Workload | None:
    """The kind of call; None if it publishes nothing, or nothing was published as it was withheld."""
    return None if exchange.withheld else observed_workload(exchange, habit)
