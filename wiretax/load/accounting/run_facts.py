"""The part of ``run.json`` that is known before a run, plus its rounds and machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from wiretax import __version__
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.address import Address
from wiretax.channels.request.head import RequestHead
from wiretax.channels.request.head_lines import grouped, head_lines
from wiretax.channels.workload import Server
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import FaultList
from wiretax.runs.folder import SCHEMA
from wiretax.runs.machine import describe_machine
from wiretax.runs.mode import MODE, Mode
from wiretax.runs.provenance.provenance import NO_PROVENANCE, Provenance
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Facts that are known before a run begins.

    Attributes:
        targets: where events go.
        cost: of the run's own mock; None if a server was given.
        faults: injected by that mock.
        mode: how the load is driven.
        started: when the run was set up.
        provenance: its labels, and the version of the code that it was started in.
    """

    targets: Sequence[Target]
    cost: CostModel | None
    faults: FaultList
    mode: Mode
    started: datetime
    provenance: Provenance = NO_PROVENANCE

    def as_dict(self, record: RunRecord, plan: dict[str, Any]) -> dict[str, Any]:
        """As ``run.json`` keeps them."""
        clients = {row["client"] for row in record.slices}
        return {
            "schema": SCHEMA,
            "wiretax": __version__,
            MODE: self.mode,
            "started": self.started.isoformat(timespec="milliseconds"),
            "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **self.provenance.as_dict([each.endpoint.app for each in self.targets]),
            "plan": plan,
            "endpoint": self._urls("endpoint"),
            "against": self._urls("against") or None,
            "addresses": [
                {
                    "server": each.server,
                    "tls": each.tls,
                    "rtt_s": each.rtt_s,
                    **asdict(Address.of(each.endpoint)),
                }
                for each in self.targets
            ],
            "proxies": {each.server: each.proxy.url for each in self.targets if each.proxy is not None},
            "mock": None if self.cost is None else self.cost.as_dict(),
            "faults": [fault.as_dict() for fault in self.faults.faults],
            "environment": describe_machine(),
            "workers": 1,
            "profiles": {name: load_profile(name).versions for name in sorted(clients)},
            "heads": self._heads(record),
            "rounds_measured": record.rounds,
        }

    def _heads(self, record: RunRecord) -> list[dict[str, Any]]:
        """The header lines of each workload's calls, which its profile determines; not with HTTP/2, which
        compresses them."""
        endpoints = {(each.server, each.tls): each.endpoint for each in self.targets}
        sums: dict[str, tuple[int, int]] = {}
        described = {}
        for row in record.slices:
            requests, body = sums.get(row["workload"], (0, 0))
            sums[row["workload"]] = requests + row["requests"], body + row["body_bytes"]
            described[row["workload"]] = row
        lines = {}
        for name, row in described.items():
            requests, body = sums[name]
            place = row["server"], bool(row["tls"])
            if row["http"] == "1.1" and requests and place in endpoints:
                head = RequestHead(endpoints[place], load_profile(row["client"]), row["api"], row["connection"])
                lines[name] = head_lines([head.render(bytes(round(body / requests)), 0)])
        return grouped(lines)

    def _urls(self, server: Server) -> str:
        return " and ".join(each.endpoint.public_url for each in self.targets if each.server == server)
