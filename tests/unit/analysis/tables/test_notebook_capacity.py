"""Capacities in notebooks and reports."""

from __future__ import annotations

from dataclasses import replace

from queued import Drain
from queued import run_of as queues_of
from searched import BATCH, SEARCHES, TRIGGER, Search, run_of

from analysis.figures import latency_by_bytes
from analysis.tables.notebook_capacity import capacities_in_brief, capacity, latencies
from analysis.tables.notebook_queues import queues, queues_in_brief

TRIGGERS, BATCHES = SEARCHES


def test_in_sentences() -> None:
    assert [*capacities_in_brief(run_of()).lines] == [
        "Trigger: 2,000 events/s [1,973, 2,028] with 99 % of events within 20 ms, in 2,000 calls/s and 900 kB/s. "
        "The server was the limit.",
        "Batch of 10, linger 2 ms: 9,001 events/s [8,880, 9,128] with 99 % of events within 20 ms, in 1,125 "
        "calls/s and 1.29 MB/s; 4.50x [4.41, 4.59] the trigger's capacity. The server was the limit.",
    ]


def test_bounds_and_what_is_undecided_in_sentences() -> None:
    few = Search(
        BATCH.replace(batch_size=2), 3_000.0, fill=2, rates=(0.8, 1.2, 0.9, 1.1), limited_by="connections"
    )
    said = capacities_in_brief(run_of(TRIGGERS, few, replace(BATCHES, limited_by="generator"))).lines
    assert said[1].endswith(
        "The connections were the limit, and the search ended before its interval was as narrow as planned."
    )
    assert said[2].startswith("Batch of 10, linger 2 ms: more than 8,955 events/s with 99 %")
    assert said[2].endswith("more than 4.41x the trigger's capacity. The generator was the limit.")


def test_searches_of_several_payloads_are_told_apart() -> None:
    other = replace(TRIGGERS, workload=TRIGGER.replace(payload_bytes=1_000))
    assert [line.partition(":")[0] for line in capacities_in_brief(run_of(TRIGGERS, other)).lines] == [
        "Trigger, 100 B",
        "Trigger, 1,000 B",
    ]


def test_the_tables_have_a_row_per_search_and_per_share() -> None:
    run = run_of()
    assert [row[1] for row in capacity(run).rows] == ["2,000 [1,973, 2,028]", "9,001 [8,880, 9,128]"]
    assert [row[1:4] for row in latencies(run).rows][:4] == [
        ("50 %", "1.1", "2.2"),
        ("80 %", "4.4", "8.8"),
        ("95 %", "8.2", "16.5"),
        ("100 %", "10.0", "20.0"),
    ]


def test_a_report_of_a_search_leaves_out_the_section_of_queues() -> None:
    for shown in (queues_in_brief(run_of()), queues(run_of()), latency_by_bytes(run_of())):
        assert shown._repr_mimebundle_()[1] == {"wiretax": {"absent": True}}


def test_a_report_leaves_them_out_for_a_run_without_a_search() -> None:
    run = queues_of(Drain(TRIGGER.replace(rate=100.0)))
    for shown in (capacities_in_brief(run), capacity(run), latencies(run)):
        assert shown._repr_mimebundle_()[1] == {"wiretax": {"absent": True}}
