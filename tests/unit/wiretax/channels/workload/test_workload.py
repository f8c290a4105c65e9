"""Workloads, their columns, their names and their keys."""

from __future__ import annotations

import pytest

from wiretax.channels.workload import (
    ATTRIBUTES,
    COMPARISON_KEY,
    LIBRARY,
    Arrivals,
    Call,
    Payload,
    Transport,
    Workload,
    columns_of,
    workload_of,
)

QUEUED = Workload.of("batch", 10, rate=500.0, linger_s=0.02, arrivals="burst", publishers=3, rtt_s=0.01)


def test_columns_set_the_nested_values() -> None:
    made = Workload.of("batch", 10, payload_bytes=200, client="php", tls=True, rate=500.0, server="against")
    assert made == Workload(
        Call("batch", 10), Payload(200), Transport("php", tls=True), "against", Arrivals(rate=500.0)
    )
    assert made.replace(server="endpoint", payload_bytes=100) == Workload.of(
        "batch", 10, client="php", tls=True, rate=500.0
    )
    with pytest.raises(KeyError):
        Workload.of(payload_size=3)


@pytest.mark.parametrize("workload", [Workload(), QUEUED, QUEUED.replace(server="against", http="2", tls=True)])
def test_a_workload_round_trips_through_its_columns(workload: Workload) -> None:
    assert Workload.of(**workload.columns()) == workload
    assert workload_of({**workload.columns(), "round": 3, "requests": 10}) == workload


def test_columns_missing_in_an_older_run_have_defaults() -> None:
    row = {each.column: each.value(QUEUED) for each in ATTRIBUTES if not each.later}
    assert workload_of(row) == Workload.of("batch", 10)
    assert workload_of({**row, "rtt_s": float("nan")}) == Workload.of("batch", 10)


@pytest.mark.parametrize(
    ("workload", "name"),
    [
        (Workload(), "trigger-100B-chat-reference"),
        (Workload.of("multi_trigger", channels=5), "multi_trigger5-100B-chat-reference"),
        (Workload.of("batch", 10, connection="close", tls=True), "batch10-100B-chat-reference-close-tls"),
        (
            Workload.of(client=LIBRARY, calls_per_connection=5, http="2", tls=True, server="against"),
            "trigger-100B-chat-httpx-library-5calls-http2-tls-against",
        ),
        (QUEUED, "batch10-100B-chat-reference-500ps-burst-3pub-linger20ms-rtt10ms"),
        (Workload.of("batch", 2, rate=0.5), "batch2-100B-chat-reference-0.5ps-poisson-linger0ms"),
        (Workload.of(rate=10.0, server="against"), "trigger-100B-chat-reference-10ps-poisson-against"),
        # A search looks for the rate of a queue with these publishers.
        (Workload.of(publishers=3, rtt_s=0.01), "trigger-100B-chat-reference-poisson-3pub-rtt10ms"),
    ],
)
def test_a_name_contains_what_is_not_the_default(workload: Workload, name: str) -> None:
    assert workload.name == name


def test_compared_workloads_differ_only_in_the_call_and_its_size() -> None:
    assert tuple(columns_of("payload", "transport", "server", "names", "subscribers")) == COMPARISON_KEY
    assert Workload.of("batch", 10).comparison_key == Workload().comparison_key
    assert Workload.of(tls=True).comparison_key != Workload().comparison_key


def test_workloads_share_a_connection_unless_it_must_differ() -> None:
    alike = [Workload(), Workload.of("batch", 10), Workload.of(payload_bytes=9), Workload.of(connection="close")]
    assert len({each.connection_key for each in alike}) == 1
    apart = [{"tls": True}, {"http": "2"}, {"server": "against"}, {"rtt_s": 0.01}, {"client": LIBRARY}]
    assert len({Workload.of(**each).connection_key for each in apart} | {Workload().connection_key}) == 6
    kept, closed = (Workload.of(client=LIBRARY, connection=each) for each in ("keep-alive", "close"))
    assert kept.connection_key != closed.connection_key
