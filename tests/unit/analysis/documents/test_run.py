"""The document of a run has the figures of its tables, and the blocks of what it measured."""

from __future__ import annotations

from functools import cache
from math import isnan
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from documented import document_in
from judged import judged
from measured_starts import start
from saved import record as record_of
from saved import run_json, slice_
from searched import TRIGGER, Search
from searched import run_of as searched

from analysis.documents.run import run_document
from analysis.measures.capacity import capacities
from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.queues import queue_frontier
from analysis.measures.summary import summarise
from docs.reference import reference, references
from wiretax.channels.workload import Workload
from wiretax.json_output import encoded
from wiretax.load.starts.merging import merge
from wiretax.runs.reader import Run, as_read

AGAINST = Workload.of(server="against")
ENDED = {"finished": "2026-01-31T12:30:09.000+00:00"}
BLOCKS = {
    "servers",
    "starts",
    "stages",
    "recoveries",
    "capacity_target",
    "capacities",
    "queues",
    "deliveries",
    "gate",
}
REFERENCES = [each.folder.name for each in references()]


@cache
def document_of(name: str) -> dict[str, Any]:
    """The document of a reference run."""
    return made(reference(name))


def made(run: Run, code: int = 0, **more: Any) -> dict[str, Any]:
    """The document as a program reads it."""
    return document_in(encoded(run_document(run, code, **more)), "run")


def blocks(document: dict[str, Any]) -> set[str]:
    return BLOCKS & set(document)


@pytest.mark.parametrize("name", REFERENCES)
def test_each_reference_run_has_a_valid_document_with_the_blocks_that_it_has(name: str) -> None:
    document = document_of(name)
    assert blocks(document) == {
        "capacity": {"capacity_target", "capacities"},
        "delivery": {"queues", "deliveries"},
        "tradeoff": {"queues"},
    }.get(name, set())
    assert document["run"] == name
    assert (document["valid"], document["byte_counts_agree"]) == (True, True)


def test_workloads_have_the_figures_of_the_table() -> None:
    run = reference("quick")
    table = summarise(run.slices, run.latencies)
    rows = document_of("quick")["workloads"]
    assert [row["workload"] for row in rows] == table["workload"].tolist()
    for row, figures in zip(rows, table.to_dict("records"), strict=True):
        assert row["sent_bytes_per_event"] == figures["sent_per_event"]
        assert row["cable_bytes_per_event"] == figures["cable_per_event"]
        assert row["p99_s"] == figures["p99_s"]
        assert row["calls_on_connection"] is None  # each user kept its own
        for name in ("gain", "gain_low", "gain_high", "saving"):
            assert row[name] == (None if isnan(figures[name]) else figures[name])
    assert rows[0]["gain"] is None
    assert rows[1]["gain_low"] < rows[1]["gain"] < rows[1]["gain_high"]


def test_queues_capacities_and_deliveries_have_the_figures_of_their_tables() -> None:
    queues = document_of("tradeoff")["queues"]
    table = queue_frontier(reference("tradeoff"))
    assert [row["total_p50_s"] for row in queues] == table["total_p50_s"].tolist()
    assert [row["is_on_frontier"] for row in queues] == table["frontier"].tolist()
    assert [row["arrived_events"] for row in queues] == table["arrived"].tolist()
    first = document_of("capacity")["capacities"][0]
    found = capacities(reference("capacity")).iloc[0]
    assert first["capacity_per_second_low"] == found["capacity_low"]
    assert {each["share"]: each["p99_s"] for each in first["levels"]}[0.8] == found["p99_s_at_80"]
    deliveries = document_of("delivery")["deliveries"]
    arrived = summarise_deliveries(reference("delivery"))
    assert [row["delivered_deliveries"] for row in deliveries] == arrived["delivered"].tolist()
    assert [row["cable_bytes_per_delivery"] for row in deliveries] == arrived["cable"].tolist()


def test_an_end_that_nothing_limits_is_null() -> None:
    [row] = made(searched(Search(TRIGGER, 2_000.0, rates=(0.1, 0.4, 0.8)), **ENDED))["capacities"]
    assert (row["limited_by"], row["capacity_is_lower_bound"]) == (None, True)
    assert row["capacity_per_second_high"] is None
    assert row["capacity_per_second"] > 0


def test_several_starts_have_their_differences() -> None:
    merged = merge([start(batches=50), start(batches=60), start(batches=70)], {"name": "p", "users": 4}, [])
    [row] = made(as_read(merged, Path("by-hand"), merged.meta))["starts"]
    assert (row["ratio"], row["starts"], row["rounds"]) == (Workload.of("batch", 10).name, 3, 18)
    assert (row["estimate"], row["between_sd"], row["within_sd"]) == pytest.approx((6.0, 1.0, 0.0))
    assert row["estimate_low"] < row["new_start_high"]


def test_two_servers_are_compared() -> None:
    calls = [
        each for number in range(6) for each in (slice_(Workload.of(), number, 100), slice_(AGAINST, number, 50))
    ]
    record = record_of(*calls)
    run = as_read(record, Path("by-hand"), run_json(record, against="http://127.0.0.1:8080/apps/1", **ENDED))
    [row] = made(run)["servers"]
    assert (row["workload"], row["rounds"]) == (Workload.of().name, 6)
    assert (row["endpoint_messages_per_second"], row["against_messages_per_second"]) == (100, 50)
    assert (row["ratio"], row["sent_bytes_per_call_difference"]) == (0.5, 0)


def test_an_invalid_run_says_why() -> None:
    record = record_of(slice_(Workload.of(), 0, 0))
    why = {"valid": False, "invalid_because": ["no event was acknowledged"], "interrupted": True}
    run = as_read(record, Path("by-hand"), run_json(record, **why, **ENDED), is_saved=False)
    document = made(run, 130, problem="the disk is full")
    assert document["invalid_because"] == ["no event was acknowledged"]
    assert (document["valid"], document["interrupted"], document["exit_code"]) == (False, True, 130)
    assert (document["folder"], document["not_saved_because"]) == (None, "the disk is full")
    [row] = document["workloads"]
    assert (row["sent_bytes_per_event"], row["p50_s"]) == (None, None)


@pytest.mark.parametrize(
    "spoil", [{"schema": 2}, {"run": None}, {"new": 1}, {"workloads": [{"workload": "w"}]}, {"valid": "yes"}]
)
def test_the_schema_rejects_other_documents(spoil: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        document_in(encoded({**document_of("quick"), **spoil}), "run")


def test_the_verdict_of_gates_is_the_content_of_gate_json() -> None:
    run = reference("quick")
    verdict = judged(run, '[[check]]\nid = "a"\nmetric = "http.request.size.per_event"\nmax = 1\n')
    gate = made(run, 3, verdict=verdict)["gate"]
    assert (gate["exit_code"], gate["counts"]) == (3, {"fail": len(gate["cases"])})
