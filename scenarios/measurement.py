"""What a sweep and a free run have in common: the witnesses read before and after, and what is concluded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from scenarios.session import Session
from wiretax import __version__
from wiretax.channels.profiles import load_profile
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import difference, together
from wiretax.mock.process import read_ledger
from wiretax.runs.machine import busy_s, crowding, describe_machine
from wiretax.runs.reconcile import reconcile
from wiretax.runs.record import RunRecord
from wiretax.runs.schema import SCHEMA
from wiretax.wire.trust import Target


class Measurement:
    """The frame around a load.

    Attributes:
        started: when it was set up.
    """

    def __init__(self, targets: Sequence[Target], cost: CostModel | None) -> None:
        """Read the targets' ledgers; ``cost`` is the embedded mock's, None where the endpoint was given."""
        self.started = datetime.now(UTC)
        self._targets = targets
        self._cost = cost
        self._ledger_before = self._read_ledgers()
        self._busy_from = self._busy = 0.0
        self._machine_from = self._machine = 0.0
        self._wall_from = self._wall = 0.0

    def begin(self) -> None:
        """The load begins: processor time counts from here."""
        self._busy_from, self._machine_from, self._wall_from = sum(os.times()[:2]), busy_s(), perf_counter()

    def end(self) -> None:
        """The load ended."""
        self._busy, self._machine = sum(os.times()[:2]) - self._busy_from, busy_s() - self._machine_from
        self._wall = perf_counter() - self._wall_from

    def conclude(
        self, record: RunRecord, session: Session, plan: dict[str, Any], ended_early: str, interrupted: bool
    ) -> None:
        """Compare the witnesses and write ``record.server`` and ``record.meta``; all users have stopped."""
        ledger_after = self._read_ledgers()
        if self._ledger_before is not None and ledger_after is not None:
            record.server = difference(ledger_after, self._ledger_before)
        busy = self._shares(record.server)
        outcome = reconcile(
            record.total, session.sent_bytes, session.received_bytes, session.tcp, record.server, session.tls
        )
        invalid = [f"the witnesses disagree: {each}" for each in outcome.differences]
        if not any(row["events"] for row in record.slices):
            invalid.append("no event was acknowledged in any whole slice")
        if self._ledger_before is not None and record.server is None:
            invalid.append("the mock kept a ledger when the run began and does not answer any more")
        if ended_early and not interrupted:
            invalid.append(f"ended early, with {record.rounds} rounds begun: {ended_early}")
        clients = {row["client"] for row in record.slices}
        record.meta = {
            "schema": SCHEMA,
            "wiretax": __version__,
            "started": self.started.isoformat(timespec="milliseconds"),
            "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "plan": plan,
            "endpoint": " and ".join(target.endpoint.public_url for target in self._targets),
            "mock": None if self._cost is None else self._cost.as_dict(),
            "environment": describe_machine(),
            "workers": 1,
            "profiles": {name: load_profile(name).versions for name in sorted(clients)},
            "interrupted": interrupted,
            "rounds_measured": record.rounds,
            "warnings": self._warnings(record, session, interrupted, busy),
            "valid": not invalid,
            "invalid_because": invalid,
            "reconcile": outcome.as_dict(),
            "tcp": None if session.tcp is None else session.tcp._asdict(),
            "tls": session.tls._asdict(),
            "parts": {
                "aside": record.aside.counts(),
                "boundary": record.boundary.counts(),
                "total": record.total.counts(),
            },
            "busy": busy,
        }

    def _read_ledgers(self) -> dict[str, Any] | None:
        """What the targets' mocks counted, all together; None where one is no mock."""
        ledgers = [read_ledger(target.endpoint, target.fresh_context()) for target in self._targets]
        return together([ledger for ledger in ledgers if ledger is not None]) if all(ledgers) else None

    def _shares(self, server: dict[str, Any] | None) -> dict[str, float | None]:
        """Who kept how many cores busy while the load lasted; None where the server's own part is not known."""
        generator = self._busy / self._wall
        mock = others = None
        if server is not None:
            mock = server["cpu_s"] / self._wall
            others = round(max(0.0, self._machine / self._wall - generator - mock), 4)
        return {"generator": round(generator, 4), "mock": mock and round(mock, 4), "others": others}

    def _warnings(
        self, record: RunRecord, session: Session, interrupted: bool, busy: dict[str, float | None]
    ) -> list[str]:
        warnings = []
        crowded = busy["others"] and crowding(busy["others"], self._machine / self._wall, os.cpu_count() or 1)
        if crowded:
            warnings.append(crowded)
        if interrupted:
            warnings.append(f"interrupted with {record.rounds} rounds begun; what was measured is kept")
        if any(target.insecure for target in self._targets):
            warnings.append("--insecure: the endpoint's certificate was not verified; anyone may have answered")
        if session.tcp is None:
            warnings.append("the kernel's count can't be read here: tcp_ip and cable are unknown")
        if self._ledger_before is None:
            warnings.append("the endpoint keeps no ledger: bytes are the client's word alone")
        if record.total.failures:
            exchanges = record.total.requests + record.total.unfinished
            kinds = ", ".join(f"{count} {name}" for name, count in record.failures_by_kind().most_common())
            warnings.append(f"{record.total.failures} of {exchanges} exchanges failed ({kinds})")
        return warnings
