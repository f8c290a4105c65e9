"""What failed in a running test, by kind, with the message of the server or of the system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from wiretax.escaping import visible
from wiretax.runs.record import RunRecord
from wiretax.wire.failures import Failure
from wiretax.wire.slices import Slice

# Rows of the page, the most frequent failures; failures.parquet has all of them.
MOST_ROWS = 30
MEANINGS = {
    "connect": "no connection",
    "tls": "TLS handshake failed",
    "certificate": "certificate not trusted",
    "alpn": "HTTP version not offered",
    "timeout": "no response in time",
    "lost": "connection closed before the whole response",
    "malformed": "response is not HTTP",
    "generator": "limit of this machine",
    "rejected": "rejected by the server",
    "error_body": "2xx with an error in its body",
    "unreadable": "2xx whose body can't be read",
}


class LiveFailures:
    """The failures of a test so far, the warm-up's included, as in ``failures.parquet``.

    Attributes:
        total: how many calls failed.
    """

    def __init__(self) -> None:
        self.total = 0
        self._counts: Counter[Failure] = Counter()
        self._workloads: dict[Failure, list[str]] = {}
        self._last_s: dict[Failure, float] = {}

    def read(self, at_s: float, record: RunRecord, still_open: Iterable[Slice] = ()) -> None:
        """Read all failures of a record, and of slices that are not in it yet.

        Args:
            at_s: seconds since the test began.
            record: the run's.
            still_open: settled slices.
        """
        found = Counter(record.failed)
        for slice_ in still_open:
            for tally in (slice_.measured, slice_.boundary):
                for failure, count in tally.failed.items():
                    found[slice_.workload.name, failure] += count
        counts: Counter[Failure] = Counter()
        workloads: dict[Failure, list[str]] = {}
        for (name, failure), count in found.items():
            counts[failure] += count
            workloads.setdefault(failure, []).append(name)
        self._last_s = {
            failure: at_s if count > self._counts[failure] else self._last_s[failure]
            for failure, count in counts.items()
        }
        self._counts, self._workloads, self.total = counts, workloads, counts.total()

    def rows(self) -> list[dict[str, Any]]:
        """The most frequent failures first: ``kind``, ``meaning``, ``status`` (0 without a response), ``message``
        (on one line), ``count``, ``workloads`` (names) and ``last_s`` (when it was last counted, in seconds since
        the test began)."""
        return [
            {
                "kind": failure.kind,
                "meaning": MEANINGS.get(failure.kind, failure.kind),
                "status": failure.status,
                "message": visible(failure.message),
                "count": count,
                "workloads": self._workloads[failure],
                "last_s": self._last_s[failure],
            }
            for failure, count in self._counts.most_common(MOST_ROWS)
        ]

    @property
    def different(self) -> int:
        """How many different failures there are, of which ``rows`` has the first."""
        return len(self._counts)
