"""The comparison of a run's byte counts when it is over: whether it is valid, and what a reader has to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wiretax.channels.workload import Server
from wiretax.load.accounting.server_ledgers import Counts
from wiretax.load.sweep.executor import ExecutorSummary
from wiretax.mock.ledger import merge_ledgers
from wiretax.runs.outcome import Outcome, outcome
from wiretax.runs.reconcile import Account, Reconciliation, reconcile
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target
from wiretax.wire.ledger import Tally, Witness

# Why a run that tried its plan out is not valid.
SENT_ONCE = "each workload was sent once, to try the plan out (--once): nothing was measured"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The counts of client, sockets, kernel and servers, side by side.

    Attributes:
        record: what the client counted.
        targets: where it was sent.
        summary: what workers reported.
        witness: what all sockets and kernels counted.
        before: each server's ledger before the run; None if it keeps none.
        counted: what each server counted since; None if it keeps no ledger, or no longer answers.
        server: the sum over servers; None if no server keeps a ledger.
        complete: whether every server keeps a ledger and still answers.
        reconciliation: whether the counts agree.
        outcome: how all calls ended.
    """

    record: RunRecord
    targets: Sequence[Target]
    summary: ExecutorSummary
    witness: Witness
    before: dict[Server, Counts | None]
    counted: dict[Server, Counts | None]
    server: Counts | None
    complete: bool
    reconciliation: Reconciliation
    outcome: Outcome

    @classmethod
    def of(
        cls,
        record: RunRecord,
        targets: Sequence[Target],
        summary: ExecutorSummary,
        own: Witness,
        before: dict[Server, Counts | None],
        counted: dict[Server, Counts | None],
    ) -> Evidence:
        """Compare the byte counts; ``own``: those of this process."""
        witness = own.plus(summary.witness)
        kept = [counts for counts in counted.values() if counts is not None]
        server = merge_ledgers(kept) if kept else None
        complete = len(kept) == len(counted)
        whole = server if complete else None
        several = len(counted) > 1
        reconciliation = reconcile(
            record.total,
            witness.sent_bytes,
            witness.received_bytes,
            witness.tcp,
            whole,
            witness.tls,
            _accounts(record, counted) if several else None,
        )
        ends = outcome(record, None if whole is None else int(whole["requests"]))
        if server is not None and several:
            server = {**server, "by_server": counted}
        return cls(record, targets, summary, witness, before, counted, server, complete, reconciliation, ends)

    def invalid_because(self, ended_early: str, once: bool = False) -> list[str]:
        """A sentence for each reason not to trust the run; empty if it is valid.

        Args:
            ended_early: why it ended before its plan was done; empty if it did not.
            once: whether each workload was sent once, so that nothing was to be measured.
        """
        lost = self.summary.lost
        reasons = [*lost, _unexplained(self.reconciliation)] if lost else []
        reasons += [f"this machine's own limit stopped {calls}" for calls in self.record.generator_failures()]
        reasons += [f"the byte counts disagree: {each}" for each in self.reconciliation.differences]
        reasons += [f"the counts of deliveries disagree: {each}" for each in self.summary.differences]
        reasons += [f"the exchanges do not add up: {each}" for each in self.outcome.differences]
        acknowledging = {row["server"] for row in self.record.slices if row["events"]}
        if once:
            reasons.append(SENT_ONCE)
        elif not acknowledging:
            reasons.append("no event was acknowledged in any whole slice")
        elif silent := {target.server for target in self.targets} - acknowledging:
            reasons.append(f"no event was acknowledged by --{silent.pop()} in any whole slice")
        for server, before in self.before.items():
            if before is not None and self.counted[server] is None:
                whose = f"the mock of --{server}" if len(self.counted) > 1 else "the mock"
                reasons.append(f"{whose} kept a ledger when the run began and no longer answers")
        if ended_early:
            reasons.append(f"ended early, with {self.record.rounds} rounds begun: {ended_early}")
        return reasons

    def warnings(self, interrupted: bool) -> list[str]:
        """A sentence for each thing that a reader has to know, besides the reasons above."""
        record = self.record
        warnings = []
        if interrupted:
            warnings.append(f"interrupted with {record.rounds} rounds begun; what was measured is kept")
        if any(target.certificates.insecure for target in self.targets):
            warnings.append("--insecure: the endpoint's certificate was not verified; anyone may have answered")
        proxies = dict.fromkeys(target.proxy for target in self.targets if target.proxy is not None)
        warnings += [
            f"sent through {proxy}: CONNECT counts as part of the handshake, and times include the proxy's"
            for proxy in proxies
        ]
        if self.witness.tcp is None:
            warnings.append("the kernel's count can't be read here: tcp_ip and cable are unknown")
        for server in (server for server, ledger in self.before.items() if ledger is None):
            whose, which = ("the endpoint", "bytes")
            if len(self.before) > 1:
                whose, which = f"--{server}", "bytes to and from it"
            warnings.append(f"{whose} keeps no ledger: {which} were counted by the client only")
        injected = (self.server or {}).get("faults")
        if injected:
            kinds = ", ".join(f"{count} {name}" for name, count in sorted(injected.items()))
            warnings.append(f"Injected faults: {kinds}")
        if record.total.failures:
            exchanges = record.total.requests + record.total.unfinished
            kinds = ", ".join(f"{count} {name}" for name, count in record.failures_by_kind().most_common())
            warnings.append(f"{record.total.failures} of {exchanges} exchanges failed ({kinds})")
        return warnings


def _accounts(record: RunRecord, counted: dict[Server, Counts | None]) -> dict[str, Account]:
    """What was sent to each server, and what it counted."""
    return {server: Account(record.sent_to.get(server, Tally()), counts) for server, counts in counted.items()}


def _unexplained(outcome: Reconciliation) -> str:
    """What lost workers sent after their last reports, as far as a ledger shows it."""
    if outcome.server is None:
        return (
            "what lost workers sent after their last report is missing from all figures, and no server counted it"
        )
    more = {name: outcome.server[name] - count for name, count in outcome.model.items()}
    return (
        f"what lost workers sent after their last report is missing from all figures: by the mock's count "
        f"{more['requests']:,} requests, {more['request_bytes']:,} B sent and "
        f"{more['response_bytes']:,} B received"
    )
