"""Detection of workloads and servers that no longer acknowledge any event."""

from __future__ import annotations

from collections import Counter

from wiretax.channels.answers import is_rejected
from wiretax.channels.workload import Server, Workload
from wiretax.load.sweep.executor import SliceResult
from wiretax.load.sweep.rounds import Step
from wiretax.runs.skipped import Skipped, kept, whose, words
from wiretax.wire.ledger import Failure

# After this many slices in a row without an acknowledged event the run ends, if the server did not reject the
# calls, or the workload is left out, if it did.
SILENT_SLICES = 3


class AcknowledgementMonitor:
    """Counts the slices in a row in which a workload or a server acknowledged nothing.

    Attributes:
        dropped: workloads that are not sent any more, and why.
    """

    def __init__(self, workloads: tuple[Workload, ...]) -> None:
        self._workloads = workloads
        self._of_server: Counter[Server] = Counter()
        self._of_workload: Counter[Workload] = Counter()
        self.dropped: dict[Workload, Skipped] = {}

    def check(self, step: Step, result: SliceResult) -> str:
        """Count a slice; why the run has to end after it, empty if it goes on."""
        workload, server = step.planned, step.planned.server
        if any(slice_.measured.events or slice_.boundary.events for slice_ in result.slices):
            self._of_server[server] = self._of_workload[workload] = 0
            return ""
        failure = _most_frequent(result)
        self._of_workload[workload] += 1
        if failure is None or not is_rejected(failure.kind, failure.status):
            self._of_server[server] += 1
        by = " by --against" if server == "against" else ""
        if self._of_server[server] == SILENT_SLICES:
            last = "" if failure is None else f"; the last calls failed: {words(failure)}"
            return f"no event was acknowledged{by} in {SILENT_SLICES} slices in a row{last}"
        if self._of_workload[workload] == SILENT_SLICES and failure is not None:
            return self.drop(Skipped(workload, failure, step.round, first_round=step.first_round))
        return ""

    def drop(self, skipped: Skipped) -> str:
        """Leave a workload out from now on; why the run has to end, empty if its server has others."""
        workload = skipped.workload
        self.dropped[workload] = skipped
        if any(each.server == workload.server for each in kept(self._workloads, self.dropped.values())):
            return ""
        if skipped.limit:
            return f"{whose(workload)} accepts no workload any more: {workload.name} met {skipped.limit}"
        return f"{whose(workload)} acknowledges no workload any more: {workload.name}: {words(skipped.failure)}"


def rate_failure(result: SliceResult) -> Failure:
    """How most calls failed in a slice in which the server limited the rate."""
    failure = _most_frequent(result)
    # A server may have answered 429 to a single one of them.
    return (
        failure if failure is not None and failure.status == 429 else Failure("rejected", 429, "Too Many Requests")
    )


def _most_frequent(result: SliceResult) -> Failure | None:
    """How most of a slice's failed calls failed; None if no call failed."""
    failed: Counter[Failure] = Counter()
    for slice_ in result.slices:
        failed.update(slice_.measured.failed)
        failed.update(slice_.boundary.failed)
    return failed.most_common(1)[0][0] if failed else None
