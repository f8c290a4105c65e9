"""What a sweep and a free run have in common: the witnesses read before and after, and what is concluded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from wiretax import __version__
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.address import Address
from wiretax.channels.workload import Server
from wiretax.load.accounting.server_ledgers import Counts, Ledgers
from wiretax.load.client.session import Session
from wiretax.load.sweep.executor import ExecutorSummary
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList
from wiretax.mock.ledger import merge_ledgers
from wiretax.runs.machine import busy_s, crowding, describe_machine
from wiretax.runs.mode import MODE, Mode
from wiretax.runs.outcome import outcome
from wiretax.runs.reconcile import Account, Reconciliation, reconcile
from wiretax.runs.record import RunRecord
from wiretax.runs.schema import SCHEMA
from wiretax.wire.connections.target import Target
from wiretax.wire.ledger import Tally, Witness

ALONE = ExecutorSummary(Witness())


class Measurement:
    """The frame around a load.

    Attributes:
        started: when it was set up.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        cost: CostModel | None,
        faults: FaultList = NO_FAULTS,
        mode: Mode = "sweep",
    ) -> None:
        """Read the targets' ledgers.

        Args:
            targets: where events go.
            cost: the embedded mock's; None where the endpoint was given.
            faults: what the embedded mock gets wrong; of no account where the endpoint was given.
            mode: how the load is driven.
        """
        self.started = datetime.now(UTC)
        self._targets = targets
        self._cost = cost
        self._mode = mode
        self._faults = faults if cost is not None else NO_FAULTS
        self._ledgers = Ledgers(targets)
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

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done meanwhile is no load: its processor time and its duration do not count."""
        busy, machine, wall = sum(os.times()[:2]), busy_s(), perf_counter()
        try:
            yield
        finally:
            self._busy_from += sum(os.times()[:2]) - busy
            self._machine_from += busy_s() - machine
            self._wall_from += perf_counter() - wall

    def so_far(self, record: RunRecord, plan: dict[str, Any]) -> dict[str, Any]:
        """``run.json`` as far as it is known while the load goes on: as if nothing was wrong."""
        return {
            **self._facts(record, plan),
            "interrupted": False,
            "warnings": [],
            "valid": True,
            "invalid_because": [],
            "reconcile": {"agrees": True, "differences": []},
            "busy": {},
        }

    def conclude(
        self,
        record: RunRecord,
        session: Session,
        plan: dict[str, Any],
        ended_early: str,
        interrupted: bool,
        notes: Sequence[str] = (),
        summary: ExecutorSummary = ALONE,
    ) -> None:
        """Compare the witnesses and write ``record.server`` and ``record.meta``; all users have stopped.

        ``notes``: further warnings. ``summary``: that of the workers; their
        exchanges are in ``record`` already.
        """
        witness = session.witness().plus(summary.witness)
        counted = self._ledgers.since()
        kept = [counts for counts in counted.values() if counts is not None]
        whole = merge_ledgers(kept) if len(kept) == len(counted) else None
        if kept:
            by_server = {"by_server": counted} if len(counted) > 1 else {}
            record.server = {**merge_ledgers(kept), **by_server}
        self._busy += summary.cpu_s
        busy = self._shares(record.server, whole is not None and not summary.elsewhere)
        witnesses = reconcile(
            record.total,
            witness.sent_bytes,
            witness.received_bytes,
            witness.tcp,
            whole,
            witness.tls,
            _accounts(record, counted) if len(counted) > 1 else None,
        )
        invalid = [*summary.lost, _unexplained(witnesses)] if summary.lost else []
        invalid += [f"the witnesses disagree: {each}" for each in witnesses.differences]
        ends = outcome(record, None if whole is None else int(whole["requests"]))
        invalid += [f"the exchanges do not add up: {each}" for each in ends.differences]
        heard = {row["server"] for row in record.slices if row["events"]}
        if not heard:
            invalid.append("no event was acknowledged in any whole slice")
        elif unheard := {target.server for target in self._targets} - heard:
            invalid.append(f"no event was acknowledged by --{unheard.pop()} in any whole slice")
        for server, before in self._ledgers.before.items():
            if before is not None and counted[server] is None:
                whose = f"the mock of --{server}" if len(counted) > 1 else "the mock"
                invalid.append(f"{whose} kept a ledger when the run began and does not answer any more")
        if ended_early and not interrupted:
            invalid.append(f"ended early, with {record.rounds} rounds begun: {ended_early}")
        record.meta = {
            **self._facts(record, plan),
            "interrupted": interrupted,
            "workers": summary.count,
            "worker_states": list(summary.workers),
            "warnings": [*summary.warnings, *self._warnings(record, witness, interrupted, busy), *notes],
            "valid": not invalid,
            "invalid_because": invalid,
            "outcome": ends.as_dict(),
            "reconcile": witnesses.as_dict(),
            "tcp": None if witness.tcp is None else witness.tcp._asdict(),
            "tls": witness.tls._asdict(),
            "connections": witness.connections._asdict(),
            "parts": {
                "aside": record.aside.counts(),
                "boundary": record.boundary.counts(),
                "total": record.total.counts(),
            },
            "busy": busy,
        }

    def _facts(self, record: RunRecord, plan: dict[str, Any]) -> dict[str, Any]:
        """What needs no witness."""
        clients = {row["client"] for row in record.slices}
        return {
            "schema": SCHEMA,
            "wiretax": __version__,
            MODE: self._mode,
            "started": self.started.isoformat(timespec="milliseconds"),
            "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
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
                for each in self._targets
            ],
            "mock": None if self._cost is None else self._cost.as_dict(),
            "faults": [fault.as_dict() for fault in self._faults.faults],
            "environment": describe_machine(),
            "workers": 1,
            "profiles": {name: load_profile(name).versions for name in sorted(clients)},
            "rounds_measured": record.rounds,
        }

    def _urls(self, server: Server) -> str:
        return " and ".join(each.endpoint.public_url for each in self._targets if each.server == server)

    def _shares(self, server: Counts | None, complete: bool) -> dict[str, float | None]:
        """Who kept how many cores busy while the load lasted; None where a server's own part is not known."""
        generator = self._busy / self._wall
        mock = others = None
        if server is not None:
            mock = server["cpu_s"] / self._wall
            if complete:
                others = round(max(0.0, self._machine / self._wall - generator - mock), 4)
        return {"generator": round(generator, 4), "mock": mock and round(mock, 4), "others": others}

    def _warnings(
        self, record: RunRecord, witness: Witness, interrupted: bool, busy: dict[str, float | None]
    ) -> list[str]:
        warnings = []
        crowded = busy["others"] and crowding(busy["others"], self._machine / self._wall, os.cpu_count() or 1)
        if crowded:
            warnings.append(crowded)
        if interrupted:
            warnings.append(f"interrupted with {record.rounds} rounds begun; what was measured is kept")
        if any(target.insecure for target in self._targets):
            warnings.append("--insecure: the endpoint's certificate was not verified; anyone may have answered")
        if witness.tcp is None:
            warnings.append("the kernel's count can't be read here: tcp_ip and cable are unknown")
        before = self._ledgers.before
        for server in (server for server, ledger in before.items() if ledger is None):
            whose, which = ("the endpoint", "bytes")
            if len(before) > 1:
                whose, which = f"--{server}", "bytes to and from it"
            warnings.append(f"{whose} keeps no ledger: {which} are the client's word alone")
        injected = (record.server or {}).get("faults")
        if injected:
            kinds = ", ".join(f"{count} {name}" for name, count in sorted(injected.items()))
            warnings.append(f"Injected faults: {kinds}")
        if record.total.failures:
            exchanges = record.total.requests + record.total.unfinished
            kinds = ", ".join(f"{count} {name}" for name, count in record.failures_by_kind().most_common())
            warnings.append(f"{record.total.failures} of {exchanges} exchanges failed ({kinds})")
        return warnings


def _accounts(record: RunRecord, counted: dict[Server, Counts | None]) -> dict[str, Account]:
    """What was sent to each server, beside what it counted."""
    return {server: Account(record.sent_to.get(server, Tally()), counts) for server, counts in counted.items()}


def _unexplained(outcome: Reconciliation) -> str:
    """What lost workers sent after their last reports, as far as anybody knows."""
    if outcome.server is None:
        return "what lost workers sent after their last report is in no figure, and nobody else counted it"
    more = {name: outcome.server[name] - count for name, count in outcome.model.items()}
    return (
        f"what lost workers sent after their last report is in no figure: by the mock {more['requests']:,} "
        f"requests, {more['request_bytes']:,} B sent and {more['response_bytes']:,} B received"
    )
