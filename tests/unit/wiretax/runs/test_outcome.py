"""sent = acknowledged + rejected + failed + unknown, or the run says that it is not so."""

from __future__ import annotations

import pytest
from saved import record, slice_

from wiretax.channels.workload import Workload
from wiretax.runs.outcome import Outcome, outcome
from wiretax.runs.record import RunRecord
from wiretax.wire.ledger import Failure


def mixed() -> RunRecord:
    """50 acknowledged, 3 rejected, 2 never left, 4 without an answer, one of them cut off by its own user."""
    one = slice_(Workload.of(), 0, 50)
    one.measured.requests += 3
    one.measured.failures = 8
    one.measured.failed[Failure("rejected", 429, "slow down")] = 1
    one.measured.failed[Failure("error_body", 400, "no")] = 1
    one.measured.failed[Failure("unreadable", 200, "what?")] = 1
    one.measured.failed[Failure("connect", 0, "refused")] = 2
    one.measured.failed[Failure("lost", 0, "reset")] = 2
    one.measured.failed[Failure("timeout", 0, "no answer")] = 1
    one.boundary.unfinished = one.boundary.unknown = 1
    one.measured.unfinished, one.measured.unknown = 5, 3
    return record(one, slice_(Workload.of(), -1, 7))


def test_every_exchange_has_one_end_the_warm_ups_too() -> None:
    found = outcome(mixed())
    assert found.as_dict() == {
        "sent": 66,
        "acknowledged": 57,
        "rejected": 3,
        "failed": 2,
        "unknown": 4,
        "adds_up": True,
    }
    assert found.differences == ()


@pytest.mark.parametrize("lost", ["a latency", "a rejection", "a request"])
def test_a_count_that_went_missing_is_said(lost: str) -> None:
    run = mixed()
    match lost:
        case "a latency":
            run.total.latency.counts[run.total.latency.counts.nonzero()[0][0]] -= 1
        case "a rejection":
            run.failed[Workload.of().name, Failure("rejected", 429, "slow down")] -= 1
        case _:
            run.total.requests -= 1
    found = outcome(run)
    assert not found.as_dict()["adds_up"]
    (said,) = found.differences
    assert said.startswith(f"{found.sent} sent, but {found.acknowledged} acknowledged + {found.rejected} rejected")


@pytest.mark.parametrize(("taken", "adds_up"), [(59, False), (60, True), (64, True), (65, False)])
def test_the_mock_may_have_read_what_is_unknown_and_no_more(taken: int, adds_up: bool) -> None:
    found = outcome(mixed(), taken)
    assert found.as_dict()["adds_up"] is adds_up
    if not adds_up:
        assert found.differences == (
            f"the mock read {taken} requests, expected 60 that were answered and up to 4 more",
        )


def test_nothing_sent_adds_up() -> None:
    assert outcome(RunRecord()) == Outcome(0, 0, 0, 0, 0)
