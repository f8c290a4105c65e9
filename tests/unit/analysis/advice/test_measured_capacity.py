"""Advice says which share of a measured capacity a rate would use, if a saved run measured such a server."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from saved import run_json
from searched import BATCH, SEARCHES, TARGET, Search, record_of

from analysis.advice.advise import Demand, advise
from analysis.advice.measured_capacity import find_measured_capacity
from analysis.advice.saved_runs import SavedRuns
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload
from wiretax.runs.writer import write_run

ENDPOINT = Endpoint.parse("http://key:secret@192.0.2.1:6001/apps/1")
COSTS = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0004, "per_event_s": 0.00001}
FREE = {**COSTS, "per_request_s": 0.0, "per_event_s": 0.0}
THERE = {"mock": None, "endpoint": "http://192.0.2.1:6001/apps/1"}
# No round trip of its own: the endpoint has one.
PLAIN = tuple(replace(each, workload=each.workload.replace(rtt_s=None)) for each in SEARCHES)


def save(folder: Path, *searches: Search, **meta: Any) -> None:
    made = copy(record_of(searches or PLAIN))
    plan = {"name": "capacity", "users": 16, "capacity": TARGET}
    made.meta = run_json(made, **{"plan": plan, "mock": COSTS, **meta})
    folder.mkdir(parents=True)
    write_run(folder, made)


def said(results: Path, rate: float = 6_000.0, given: str | None = None, **changes: Any) -> list[str]:
    """The sentences of advice; batches of ten are advised if the budget allows."""
    demand = {"rtt_s": 0.001, "budget_s": 0.05, "limit": 10, **changes}
    workload = demand.pop("workload", Workload.of())
    advice = advise(Demand(workload, ENDPOINT, rate, **demand))
    found = find_measured_capacity(SavedRuns(results, given), advice)
    return [] if found is None else [*found.sentences(rate)]


def test_the_share_of_the_capacity_for_the_advised_call(tmp_path: Path) -> None:
    save(tmp_path / "found", **THERE)
    assert said(tmp_path, 1_500.0) == [
        "This rate is 17 % of the capacity found in found: 9,001 events/s by batch of 10 (99 % of events within "
        "20 ms, 16 connections)."
    ]


def test_above_80_percent_it_warns(tmp_path: Path) -> None:
    save(tmp_path / "found", **THERE)
    assert [line.partition(":")[0] for line in said(tmp_path, 7_100.0)][1:] == [
        "By trigger it would be 355 % of the capacity found there."
    ]
    share, caution, _ = said(tmp_path, 7_300.0)
    assert share.startswith("This rate is 81 %")
    assert caution.startswith("Caution: above 80 % of its capacity")


def test_a_trigger_is_compared_with_the_trigger(tmp_path: Path) -> None:
    save(tmp_path / "found", **THERE)
    [share] = said(tmp_path, 500.0, limit=1)
    assert share.startswith("This rate is 25 % of the capacity found in found: 2,000 events/s by trigger")


def test_of_a_lower_bound_the_rate_is_at_most_a_share_without_a_warning(tmp_path: Path) -> None:
    save(tmp_path / "found", replace(PLAIN[1], limited_by="generator"), **THERE)
    [share] = said(tmp_path, 8_000.0)
    assert share.startswith("This rate is less than 89 % of the capacity found in found: more than 8,955 events/s")


def test_the_newest_run_against_the_same_endpoint_or_a_mock_with_costs_counts(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere", started="2026-01-04", mock=None, endpoint="http://192.0.2.9:6001/apps/1")
    save(tmp_path / "free", started="2026-01-05", mock=FREE)
    assert said(tmp_path) == []
    save(tmp_path / "older", started="2026-01-01", **THERE)
    assert "found in older" in said(tmp_path)[0]
    save(tmp_path / "mock", started="2026-01-02", mock=COSTS)
    assert "found in mock: 9,001 events/s by batch of 10" in said(tmp_path)[0]
    assert "16 connections, mock: per_request 0.4 ms, per_event 0.01 ms, 1 server" in said(tmp_path)[0]


def test_a_run_that_is_named_counts_whatever_it_measured(tmp_path: Path) -> None:
    save(tmp_path / "free", mock=FREE)
    assert "found in free" in said(tmp_path, given="free")[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": Workload.of(payload_bytes=200)},
        {"workload": Workload.of(client="node")},
        {"workload": Workload.of(connection="close")},
        {"rtt_s": 0.04, "budget_s": 0.1},
        {"limit": 5},
        {"budget_s": 0.0001},
    ],
)
def test_only_a_comparable_search_counts(changes: dict[str, Any], tmp_path: Path) -> None:
    searches = (replace(each, workload=each.workload.replace(rtt_s=0.001)) for each in SEARCHES)
    save(tmp_path / "found", *searches)
    assert said(tmp_path)
    assert said(tmp_path, **changes) == []


def test_tls_that_differs_is_mentioned(tmp_path: Path) -> None:
    save(tmp_path / "found", **THERE)
    assert "16 connections, without TLS)." in said(tmp_path, workload=Workload.of(tls=True))[0]


def test_a_second_server_is_not_the_endpoint(tmp_path: Path) -> None:
    second = replace(PLAIN[1], workload=BATCH.replace(server="against", rtt_s=None))
    save(tmp_path / "found", second, **THERE)
    assert said(tmp_path) == []
