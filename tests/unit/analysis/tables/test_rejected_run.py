"""Runs with workloads of which every call was rejected: no output warns or fails."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from judged import META as JUDGED
from judged import gates_of
from rich.console import Console
from saved import slice_

from analysis import figures
from analysis.advice.advise import Demand
from analysis.advice.call_cost import call_cost_of
from analysis.advice.measured_queue import nearest
from analysis.figures import Drawing
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.measured.metrics import METRICS
from analysis.measures.two_servers import compare_servers
from analysis.tables import notebook_queues as queue_page
from analysis.tables import notebook_tables as page
from analysis.tables.run_table import print_run
from wiretax.channels.endpoint import SERVICE
from wiretax.channels.workload import Workload
from wiretax.load.accounting.live.figures import Live
from wiretax.report import facts
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.wire.ledger import Failure, Tally
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

TRIGGER = Workload.of()
FIVE, TEN, TWENTY = (TRIGGER.replace(api="batch", batch_size=size) for size in (5, 10, 20))
MANY = TRIGGER.replace(api="multi_trigger", channels=10)
LIBRARY = TRIGGER.replace(client="python")
QUEUED = TRIGGER.replace(rate=1000.0, publishers=2, rtt_s=0.01)
QUEUED_TEN = QUEUED.replace(api="batch", batch_size=10, linger_s=0.005)
SHARED = [TRIGGER.replace(calls_per_connection=calls) for calls in (1, 10, 100)]
EVERYTHING = "".join(f'[[check]]\nid = "{name}"\nmetric = "{name}"\nmin = 0\n' for name in METRICS)
NO = Failure("rejected", 400, "20 events in one batch, expected 1 to 10")
PLANS: dict[str, list[Workload]] = {
    "sizes": [TRIGGER, FIVE, TEN, TWENTY, MANY],
    "libraries": [
        each
        for name in ("python", "go", "ruby")
        for each in (TRIGGER.replace(client=name), TEN.replace(client=name))
    ],
    "two servers": [each.replace(server=server) for each in (TRIGGER, TEN) for server in ("endpoint", "against")],
    "queues": [QUEUED, QUEUED_TEN],
    "connections": SHARED,
}
BATCHES = """
[[check]]
id = "sizes"
metric = "http.request.size.per_event"
where = { api = "batch" }
max = 1000
[[check]]
id = "gain"
metric = "gain"
min = 0.1
[[check]]
id = "ratio"
metric = "events_per_second"
compare = { of = { batch_size = 20 }, to = { batch_size = 10 }, as = "ratio" }
min = 0.1
[[check]]
id = "to"
metric = "events_per_second"
compare = { of = { batch_size = 10 }, to = { batch_size = 20 }, as = "ratio" }
min = 0.1
"""
META: dict[str, Any] = {
    **JUDGED,
    "finished": "2026-01-31T12:31:00.000+00:00",
    "plan": {"name": "rejected", "users": 4, "rounds": 6, "slice_s": 1.0},
    "mock": {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0},
    "rounds_measured": 6,
    "workers": 1,
    "interrupted": False,
    "warnings": [],
    "busy": {"generator": 0.5, "mock": 0.3, "others": 0.0},
    "parts": {"total": Tally().counts(), "boundary": Tally().counts(), "aside": Tally().counts()},
    "reconcile": {
        "agrees": True,
        "differences": [],
        "kernel": None,
        "server": None,
        "by_server": None,
        "model": {"requests": 1, "events": 1, "request_bytes": 1, "response_bytes": 1},
        "socket": {"request_bytes": 1, "response_bytes": 1},
    },
    "tcp": None,
    "tls": {},
}


def rejected(workload: Workload, round_: int) -> Slice:
    """A slice whose calls were all rejected."""
    made = slice_(workload, round_, 100, failures=100)
    made.measured.events = made.measured.messages = 0
    made.measured.latency = Tally().latency
    made.measured.latency.record_censored([1_000_000] * 100)
    made.measured.failed[NO] = 100
    if workload.queued:
        made.queue = QueueTally(intended=1000, arrived=1000, lost=1000)
        made.queue.depths = [(0.0, 0), (1.0, 0)]
    return made


def accepted(workload: Workload, round_: int) -> Slice:
    made = slice_(workload, round_, 1000, connections=1000 // (workload.transport.max_calls or 1000))
    if workload.queued:
        tally = made.queue = QueueTally(intended=1000, arrived=1000)
        for _ in range(100):
            tally.delivered([0.0], 0.001, 0.011)
        tally.depths = [(0.0, 0), (1.0, 1)]
        tally.settle()
    return made


def run_of(workloads: list[Workload], without: Callable[[Workload], bool], rounds: int = 6) -> Run:
    record, live = RunRecord(), Live(by_rounds=True)
    for round_ in range(rounds):
        for workload in workloads:
            record.add((rejected if without(workload) else accepted)(workload, round_), 4)
        live.sample(record)
    skipped = [Skipped(each, NO).as_row() for each in workloads if without(each)]
    against = "http://127.0.0.1:1/apps/1" if any(each.server == "against" for each in workloads) else None
    return as_read(record, Path("results/rejected"), {**META, "against": against, "skipped": skipped})


def _cases() -> Iterator[Any]:
    for name, workloads in PLANS.items():
        for out in (workloads[0], workloads[-1]):
            yield pytest.param(workloads, out.__eq__, id=f"{name} without {out.name}")
        if name in ("sizes", "queues"):
            yield pytest.param(workloads, lambda _: True, id=f"{name} without any")
    yield pytest.param(
        PLANS["libraries"], lambda each: each.call.api == "trigger", id="libraries without triggers"
    )


def shown(run: Run) -> None:
    """All that the commands and the report make of a run."""
    print_run(run, Console(file=io.StringIO(), width=200))
    for show in (
        page.in_brief,
        page.claimed,
        page.costs,
        page.libraries,
        page.bytes_model,
        page.time_model,
        page.monthly,
        page.warnings,
        queue_page.queues,
        queue_page.queues_in_brief,
        facts.headline,
        facts.banner,
        facts.failures,
    ):
        show(run)
    of_slices = (
        figures.bytes_by_batch_size,
        figures.connections,
        figures.gain_by_batch_size,
        figures.heads_by_client,
        figures.layer_waterfall,
        figures.overhead_by_payload,
    )
    for figure in (
        figures.latency_by_bytes(run),
        figures.latency_distributions(run.latency, run.slices),
        *(draw(run.slices) for draw in of_slices),
    ):
        if isinstance(figure, Drawing):
            figure.figure.draw_without_rendering()
    compare_servers(run.slices)
    call_cost_of(run, TEN)
    nearest(run, Demand(QUEUED_TEN, SERVICE, 1000.0, 0.01, 0.1, 10))
    evaluate(run, gates_of(EVERYTHING))


@pytest.mark.parametrize(("workloads", "without"), list(_cases()))
def test_a_workload_without_acknowledged_events_causes_no_warnings(
    workloads: list[Workload], without: Callable[[Workload], bool]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown(run_of(workloads, without))


def test_a_check_of_a_skipped_workload_fails_with_the_reason() -> None:
    run = run_of([TRIGGER, TEN], lambda _: False)
    run.meta["skipped"] = [Skipped(TWENTY, NO).as_row()]
    said = (
        "batch20-100B-chat-reference was skipped: the endpoint answered 400: 20 events in one batch, expected 1 to"
    )
    result = evaluate(run, gates_of(BATCHES))
    assert result.exit_code == 3
    found = {(case.check, case.workload): case for case in result.cases}
    assert {key: case.verdict for key, case in found.items()} == {
        ("sizes", TEN.name): "pass",
        ("sizes", TWENTY.name): "fail",
        ("gain", TEN.name): "pass",
        ("gain", TWENTY.name): "fail",
        ("ratio", TWENTY.name): "fail",
        ("to", TEN.name): "fail",
    }
    assert all(said in case.message for case in result.cases if case.verdict == "fail")


def test_a_check_of_a_workload_abandoned_midway_fails_with_the_reason() -> None:
    """It has rounds that went well, which are not the ones that were asked for."""
    run = run_of([TRIGGER, TEN, TWENTY], lambda _: False)
    run.meta["skipped"] = [Skipped(TRIGGER, NO, after=4).as_row(), Skipped(TWENTY, NO, after=4).as_row()]
    found = {(case.check, case.workload): case for case in evaluate(run, gates_of(BATCHES)).cases}
    assert found["sizes", TEN.name].verdict == "pass"
    for check in ("sizes", "gain", "ratio"):
        assert found[check, TWENTY.name].verdict == "fail"
        assert "was skipped after round 4: " in found[check, TWENTY.name].message
    assert found["gain", TEN.name].verdict == "fail"
    assert "nothing to compare it with: trigger-100B-chat-reference was skipped" in found["gain", TEN.name].message
