"""What happened between two readings of a server's ledger; a generator whose requests are refused has no speed."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.cores import Cores
from benchmarks.peers.servers import PeerError
from benchmarks.peers.window import Reading, between, require_acceptance
from wiretax.channels.workload import Workload

BATCH = Workload.of("batch", 10)
CORES = Cores((0, 1))


def ledger(requests: int, cpu_s: float = 0.0, **more: Any) -> dict[str, Any]:
    counts = {"requests": requests, "events": 10 * requests, "request_bytes": 1956 * requests, "rejected": {}}
    return {**counts, "cpu_s": cpu_s, **more}


def test_rates_and_shares_are_of_the_time_between() -> None:
    before = Reading(10.0, ledger(100, 1.0), 5.0, 2.0, 20.0)
    after = Reading(12.0, ledger(2100, 2.0), 6.0, 2.5, 22.7)
    window = between(before, after, CORES, BATCH)
    assert (window.requests_per_s, window.request_bytes) == (1000, 1956)
    assert (window.server_cpu, window.user_cpu, window.system_cpu) == (0.5, 0.5, 0.25)
    assert (window.others_cpu, window.slack) == (pytest.approx(0.1), 0.25)
    assert not window.disturbed
    assert window.requests_per_cpu_s == pytest.approx(1000 / 0.75)


def test_refused_requests_are_told_by_reason() -> None:
    with pytest.raises(PeerError, match=r"refused 3 of its 100 requests \(3 for auth_signature\)"):
        require_acceptance(ledger(100, rejected={"auth_signature": 3}), BATCH)


def test_missing_events_are_told() -> None:
    with pytest.raises(PeerError, match="100 requests brought 100 events, expected 1000"):
        require_acceptance(ledger(100, events=100), BATCH)


def test_a_server_that_counts_no_events_is_believed() -> None:
    counts = ledger(100)
    del counts["events"]
    require_acceptance(counts, BATCH)
