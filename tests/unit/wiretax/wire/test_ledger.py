"""Tallies add up, and reconciling them with the other witnesses lets nothing pass."""

from __future__ import annotations

from typing import Any

import pytest

from wiretax.mock.ledger import merge_ledgers
from wiretax.runs.reconcile import Account, Reconciliation, reconcile
from wiretax.wire.counters import TcpCounters
from wiretax.wire.ledger import COUNTS, Failure, Tally


def tally(**counts: int) -> Tally:
    return Tally(**counts)  # type: ignore[arg-type]


def test_merging_adds_every_count() -> None:
    total = Tally()
    one = tally(**{name: position for position, name in enumerate(COUNTS, 1)})
    one.failed[Failure("lost", 0, "reset")] = 2
    one.latency.record([1000, 2000])
    one.latency.record_censored([3000])
    total.merge(one)
    total.merge(one)
    assert total.counts() == {name: 2 * position for position, name in enumerate(COUNTS, 1)}
    assert total.failed == {Failure("lost", 0, "reset"): 4}
    assert total.latency.total == 4
    assert total.latency.censored.sum() == 2


def test_bytes_each_way_are_the_sums_of_their_parts() -> None:
    one = tally(
        request_line_bytes=35,
        auth_query_bytes=195,
        header_bytes=226,
        body_bytes=81,
        unfinished_sent_bytes=10,
        response_head_bytes=70,
        response_body_bytes=2,
        unfinished_received_bytes=5,
    )
    assert one.sent_bytes == 35 + 195 + 226 + 81 + 10
    assert one.received_bytes == 77


WHOLE = {"requests": 10, "events": 10, "body_bytes": 900, "response_head_bytes": 70}
SERVER: dict[str, Any] = {"requests": 10, "events": 10, "request_bytes": 900, "response_bytes": 70}
KERNEL = TcpCounters(sent=900, received=70, segments_out=20, segments_in=20)


def test_witnesses_that_agree() -> None:
    outcome = reconcile(tally(**WHOLE), 900, 70, KERNEL, SERVER)
    assert outcome.agrees
    assert outcome.as_dict()["server"] == SERVER


@pytest.mark.parametrize("name", list(SERVER))
@pytest.mark.parametrize("by", [-1, 1])
def test_one_off_at_the_server_is_a_difference_that_names_both_counts(name: str, by: int) -> None:
    outcome = reconcile(tally(**WHOLE), 900, 70, KERNEL, {**SERVER, name: SERVER[name] + by})
    assert outcome.differences == (f"{name}: {SERVER[name]} by the client, {SERVER[name] + by} by the mock",)


@pytest.mark.parametrize(("sent", "received"), [(901, 70), (899, 70), (900, 71)])
def test_one_byte_between_model_and_socket_is_a_difference(sent: int, received: int) -> None:
    assert not reconcile(tally(**WHOLE), sent, received, None, None).agrees


def test_what_a_lost_exchange_leaves_open_is_no_difference_and_no_more_than_that() -> None:
    cut = tally(**WHOLE, unfinished=1, unfinished_sent_bytes=90)

    def agrees(**server: int) -> bool:
        return reconcile(cut, 990, 70, None, {**SERVER, **server}).agrees

    assert agrees(request_bytes=990)
    assert agrees(request_bytes=940)
    assert agrees(request_bytes=990, requests=11, events=11, response_bytes=142)
    assert not agrees(request_bytes=991)
    assert not agrees(request_bytes=899)
    assert not agrees(request_bytes=990, requests=9)


@pytest.mark.parametrize(("sent", "received"), [(901, 70), (899, 70), (900, 69), (900, 71)])
def test_one_byte_between_sockets_and_kernel_is_a_difference(sent: int, received: int) -> None:
    outcome = reconcile(tally(**WHOLE), 900, 70, TcpCounters(sent, received), None)
    assert len(outcome.differences) == 1
    assert "by the kernel" in outcome.differences[0]


def test_the_kernel_may_hold_back_what_was_never_answered() -> None:
    cut = tally(**WHOLE, unfinished=1, unfinished_sent_bytes=90)
    assert reconcile(cut, 990, 70, TcpCounters(sent=950, received=71), None).agrees
    assert not reconcile(cut, 990, 70, TcpCounters(sent=899, received=70), None).agrees


def test_without_a_server_the_other_two_still_have_to_agree() -> None:
    outcome = reconcile(tally(**WHOLE), 900, 70, None, None)
    assert outcome.agrees
    assert outcome.server is None


def by_server(**ledgers: dict[str, Any] | None) -> Reconciliation:
    """Two servers that were each sent the same, beside what they counted."""
    both = tally(**WHOLE)
    both.merge(tally(**WHOLE))
    accounts = {name: Account(tally(**WHOLE), ledger) for name, ledger in ledgers.items()}
    kept = [ledger for ledger in ledgers.values() if ledger is not None]
    server = merge_ledgers(kept) if len(kept) == len(ledgers) else None
    return reconcile(both, 1800, 140, None, server, accounts=accounts)


def test_of_two_servers_each_ledger_is_held_to_what_was_sent_there() -> None:
    ledger = {**SERVER, "rejected": {}}
    outcome = by_server(endpoint=ledger, against=ledger)
    assert outcome.agrees
    assert outcome.server is not None
    assert outcome.server["requests"] == 2 * SERVER["requests"]
    assert outcome.as_dict()["by_server"] == {"endpoint": SERVER, "against": SERVER}
    # What is missing at the one is not made up for by the other.
    more, less = ({**ledger, "request_bytes": SERVER["request_bytes"] + by} for by in (1, -1))
    differences = by_server(endpoint=more, against=less).differences
    assert [each.rpartition(" by the mock of ")[2] for each in differences] == ["--endpoint", "--against"]


def test_of_two_servers_one_may_keep_a_ledger_and_the_other_none() -> None:
    ledger = {**SERVER, "rejected": {}}
    outcome = by_server(endpoint=None, against=ledger)
    assert outcome.agrees
    assert outcome.server is None
    assert outcome.by_server == {"endpoint": None, "against": SERVER}
    [difference] = by_server(endpoint={**ledger, "events": 9}, against=None).differences
    assert difference == "events: 10 by the client, 9 by the mock of --endpoint"
