"""The frame around a load: counters are read before and after it, and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from wiretax.load.accounting.evidence import Evidence
from wiretax.load.accounting.load_time import LoadTime
from wiretax.load.accounting.local_servers import LocalServers
from wiretax.load.accounting.run_facts import RunFacts
from wiretax.load.accounting.server_ledgers import Ledgers
from wiretax.load.sweep.executor import ALONE, ExecutorSummary
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList
from wiretax.mock.ledger import merge_ledgers
from wiretax.mock.process import READ_TIMEOUT_S
from wiretax.runs.mode import Mode
from wiretax.runs.provenance.labels import NO_LABELS
from wiretax.runs.provenance.provenance import Provenance
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target
from wiretax.wire.ledger import Witness


class Measurement:
    """Reads counters before a run, and concludes from them after it."""

    def __init__(
        self,
        targets: Sequence[Target],
        cost: CostModel | None,
        faults: FaultList = NO_FAULTS,
        mode: Mode = "sweep",
        timeout_s: float = READ_TIMEOUT_S,
        labels: Mapping[str, str] = NO_LABELS,
    ) -> None:
        """Read the targets' ledgers.

        Args:
            targets: where events go.
            cost: of the run's own mock; None if the endpoint was given.
            faults: injected by that mock; ignored if the endpoint was given.
            mode: how the load is driven.
            timeout_s: how long a call may take.
            labels: of the run.
        """
        faults = faults if cost is not None else NO_FAULTS
        self._facts = RunFacts(targets, cost, faults, mode, datetime.now(UTC), Provenance.detect(labels))
        # A mock that was started for the run has answered already, and a busy machine may take its time.
        most_s = READ_TIMEOUT_S if cost is not None else min(timeout_s, READ_TIMEOUT_S)
        self._ledgers = Ledgers(targets, most_s)
        self._time = LoadTime(LocalServers([each for each in targets if self._ledgers.keeps_none(each.server)]))

    def begin(self) -> None:
        """The load begins: processor time counts from here."""
        self._time.begin()

    def end(self) -> None:
        """The load ended; a second call changes nothing."""
        self._time.end()

    def paused(self) -> AbstractContextManager[None]:
        """Leave the processor time and the duration of this block out of the load's."""
        return self._time.paused()

    def delivery_ledger(self) -> dict[str, int] | None:
        """What the servers counted of subscribers' connections since then; None if one keeps no ledger."""
        counted = self._ledgers.since().values()
        ledgers = [each for each in counted if each is not None]
        if len(ledgers) < len(counted):
            return None
        found: dict[str, int] = merge_ledgers([{"delivery": each.get("delivery", {})} for each in ledgers])[
            "delivery"
        ]
        return found

    def so_far(self, record: RunRecord, plan: dict[str, Any]) -> dict[str, Any]:
        """``run.json`` as far as it is known during the load; it assumes a valid run."""
        return {
            **self._facts.as_dict(record, plan),
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
        own: Witness,
        plan: dict[str, Any],
        ended_early: str,
        interrupted: bool,
        notes: Sequence[str] = (),
        summary: ExecutorSummary = ALONE,
    ) -> None:
        """Compare the byte counts, and add ``record.server`` and ``record.meta``; all users have stopped.

        Args:
            record: of all processes.
            own: what the sockets of this process counted.
            plan: as ``run.json`` keeps it.
            ended_early: why the run ended before its plan was done; empty if it did not.
            interrupted: whether a signal or the user ended it.
            notes: further warnings.
            summary: of the workers.
        """
        ledgers = self._ledgers
        evidence = Evidence.of(record, self._facts.targets, summary, own, ledgers.before, ledgers.since())
        record.server = evidence.server
        here = evidence.complete and not summary.elsewhere
        subscribers_s = sum(row["subscriber_cpu_s"] for row in record.deliveries)
        busy = self._time.shares(summary.cpu_s, evidence.server, here, subscribers_s)
        invalid = evidence.invalid_because("" if interrupted else ended_early, bool(plan.get("once")))
        crowded = self._time.crowded(busy["others"])
        warnings = [*summary.warnings, *([crowded] if crowded else []), *evidence.warnings(interrupted), *notes]
        witness = evidence.witness
        record.meta = {
            **record.meta,
            **self._facts.as_dict(record, plan),
            "interrupted": interrupted,
            "workers": summary.count,
            "worker_states": list(summary.workers),
            "warnings": warnings,
            "valid": not invalid,
            "invalid_because": invalid,
            "outcome": evidence.outcome.as_dict(),
            "reconcile": evidence.reconciliation.as_dict(),
            "tcp": None if witness.tcp is None else witness.tcp._asdict(),
            "tls": witness.tls._asdict(),
            "connections": witness.connections._asdict(),
            "peers": [{**peer._asdict(), "connections": count} for peer, count in sorted(witness.peers.items())],
            "parts": {
                "aside": record.aside.counts(),
                "boundary": record.boundary.counts(),
                "total": record.total.counts(),
            },
            "busy": busy,
        }
