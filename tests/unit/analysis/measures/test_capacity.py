"""Capacities from the probes of a search, and what else is read from them."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan
from typing import Any

import pandas as pd
import pytest
from queued import Drain
from queued import run_of as queues_of
from searched import BATCH, SHARES, TARGET, TRIGGER, Search, run_of

from analysis.measures.capacity import SEARCHED, capacities, found_by_search, levels
from analysis.measures.queues import queue_frontier
from wiretax.runs.reader import Run

TRIGGERS, BATCHES = Search(TRIGGER, 2_000.0), Search(BATCH, 9_000.0, fill=8)
BY_GENERATOR = replace(BATCHES, limited_by="generator")


def only(*searches: Search) -> dict[str, Any]:
    """The last row of the table of these searches."""
    return capacities(run_of(*searches)).iloc[-1].to_dict()


def with_probes(run: Run, changed: pd.DataFrame) -> Run:
    return replace(run, capacity=changed)


def test_a_run_without_a_search_has_no_rows() -> None:
    found = capacities(queues_of(Drain(BATCH.replace(rate=100.0))))
    assert found.empty
    assert list(found) == ["search", *SEARCHED]


def test_the_capacity_is_where_probes_begin_to_break() -> None:
    table = capacities(run_of())
    assert table["search"].tolist() == [TRIGGER.name, BATCH.name]
    assert table["capacity"].tolist() == pytest.approx([2_000, 9_000], rel=0.01)
    assert (table["capacity_low"] < table["capacity"]).all()
    assert (table["capacity_high"] > table["capacity"]).all()
    assert table["decided"].all()
    assert table["probes"].tolist() == [21, 21]
    assert table["limited_by"].tolist() == ["server", "server"]
    assert not table[["is_lower_bound", "is_upper_bound"]].any(axis=None)


def test_a_plan_that_asks_for_more_leaves_the_same_probes_undecided() -> None:
    plan = {"name": "capacity", "users": 16, "capacity": {**TARGET, "within": 0.002}}
    assert not capacities(run_of(plan=plan))["decided"].any()


def test_the_gain_is_the_ratio_of_capacities_and_as_uncertain_as_both() -> None:
    trigger, batch = capacities(run_of()).to_dict("records")
    assert isnan(trigger["gain"])
    assert batch["gain"] == pytest.approx(4.5, rel=0.02)
    assert batch["gain_low"] < batch["capacity_low"] / trigger["capacity"]
    assert batch["gain_high"] > batch["capacity_high"] / trigger["capacity"]


@pytest.mark.parametrize(
    "change",
    [{"publishers": 4}, {"payload_bytes": 200}, {"client": "node"}, {"arrivals": "constant"}, {"rtt_s": 0.01}],
)
def test_only_searches_with_the_same_connections_and_payload_have_a_gain(change: dict[str, Any]) -> None:
    other = replace(BATCHES, workload=BATCH.replace(**change))
    assert capacities(run_of(TRIGGERS, other))["gain"].isna().all()


def test_what_only_the_generator_limited_is_a_lower_bound() -> None:
    row = only(TRIGGERS, BY_GENERATOR)
    assert row["limited_by"] == "generator"
    assert row["is_lower_bound"]
    assert row["capacity"] == row["capacity_low"] < 9_000
    assert row["capacity_high"] == inf
    assert row["gain_is_lower_bound"]
    assert row["gain_low"] == row["gain"] < 4.5


def test_probes_that_the_generator_broke_far_below_do_not_lower_the_bound() -> None:
    run = run_of(BY_GENERATOR)
    early = run.capacity.iloc[:6].assign(rate=100.0, held=False, limited_by="generator", reason="generator")
    [row] = capacities(with_probes(run, pd.concat([early, run.capacity]))).to_dict("records")
    assert row["is_lower_bound"]
    assert row["capacity"] > 8_500


def test_against_a_trigger_that_the_generator_limited_the_gain_is_an_upper_bound() -> None:
    row = only(replace(TRIGGERS, limited_by="generator"), BATCHES)
    assert row["gain_is_upper_bound"]
    assert not row["is_lower_bound"]
    assert row["gain"] == row["gain_high"] > 4.5


def test_two_lower_bounds_have_no_gain() -> None:
    assert isnan(only(replace(TRIGGERS, limited_by="generator"), BY_GENERATOR)["gain"])


def test_the_generator_far_above_the_capacity_takes_no_blame() -> None:
    run = run_of(TRIGGERS)
    probes = run.capacity
    far = probes["rate"] > 1.5 * 2_000
    assert far.any()
    probes = probes.assign(limited_by=probes["limited_by"].mask(far, "generator"))
    assert capacities(with_probes(run, probes))["limited_by"].tolist() == ["server"]


def test_if_half_of_the_broken_probes_are_the_generators_the_server_is_not_blamed() -> None:
    run = run_of(TRIGGERS)
    broken = run.capacity.index[~run.capacity["held"] & (run.capacity["rate"] < 1.25 * 2_000)]
    half = run.capacity.index.isin(broken[: (len(broken) + 1) // 2])
    probes = run.capacity.assign(limited_by=run.capacity["limited_by"].mask(half, "generator"))
    assert capacities(with_probes(run, probes))["is_lower_bound"].all()


def test_if_all_probes_held_the_capacity_is_at_least_the_highest_rate() -> None:
    row = only(replace(TRIGGERS, rates=(0.1, 0.2, 0.4, 0.8)))
    assert row["capacity"] == pytest.approx(1_600)
    assert row["capacity_high"] == inf
    assert (row["is_lower_bound"], row["limited_by"]) == (True, "")


def test_if_none_held_it_is_at_most_the_lowest_rate() -> None:
    row = only(replace(TRIGGERS, rates=(2.0, 1.5, 1.2), levels=()))
    assert row["is_upper_bound"]
    assert (row["capacity_low"], row["capacity_high"]) == (0, row["capacity"])
    # One probe may break by accident.
    assert row["capacity"] >= 2_400


def test_the_latency_at_shares_of_the_capacity() -> None:
    row = only(TRIGGERS)
    for share in SHARES:
        expected = 0.001 + 0.019 * share**4
        at = f"at_{share * 100:g}"
        assert row[f"p99_s_{at}"] == pytest.approx(expected, rel=0.005)
        assert row[f"p50_s_{at}"] == pytest.approx(expected / 2, rel=0.005)
        # It needs 10,000 events.
        assert isnan(row[f"p999_s_{at}"])
        assert not row[f"p99_s_{at}_is_lower_bound"]


def test_levels_have_a_row_for_each_share() -> None:
    table = capacities(run_of())
    found = levels(table)
    assert found.groupby("search")["share"].apply(list).tolist() == [[*SHARES]] * 2
    assert found.loc[found["share"] == 0.95, "p99_s"].tolist() == table["p99_s_at_95"].tolist()


def test_probes_of_the_search_at_the_same_rate_do_not_count_as_levels() -> None:
    run = run_of(TRIGGERS)
    named = run.capacity[run.capacity["rate"] == 1_900]
    assert named["phase"].tolist() == ["search", "levels"]
    [searched] = named["round"][named["phase"] == "search"]
    waits = run.waits
    slow = (waits["workload"] == named["workload"].iloc[0]) & (waits["round"] == searched)
    changed = waits.assign(count=waits["count"].mask(slow, waits["count"] * 1000))
    assert (
        capacities(replace(run, waits=changed))["p99_s_at_95"].tolist() == capacities(run)["p99_s_at_95"].tolist()
    )


def test_a_level_whose_queue_grew_has_lower_bounds() -> None:
    run = run_of(TRIGGERS)
    [name] = run.capacity.loc[
        (run.capacity["phase"] == "levels") & (run.capacity["share"] == 1), "workload"
    ].unique()
    grew = run.queue.assign(overloaded=run.queue["overloaded"].mask(run.queue["workload"] == name, "it grew"))
    row = capacities(replace(run, queue=grew)).iloc[0]
    assert row["p99_s_at_100_is_lower_bound"]
    assert not row["p99_s_at_95_is_lower_bound"]


def test_calls_and_bytes_at_the_capacity() -> None:
    trigger, batch = capacities(run_of()).to_dict("records")
    assert trigger["calls_per_second"] == trigger["capacity"]
    # 300 B of head, 50 B of envelope and 100 B of payload a call.
    assert trigger["bytes_per_second"] == pytest.approx(450 * trigger["capacity"])
    assert batch["calls_per_second"] == pytest.approx(batch["capacity"] / 8)
    assert batch["bytes_per_second"] == pytest.approx((350 + 800) * batch["capacity"] / 8)


def test_an_interrupted_run_reads_calls_and_bytes_from_the_probe_that_held_nearest_to_the_capacity() -> None:
    row = only(replace(TRIGGERS, levels=()))
    assert row["bytes_per_second"] == pytest.approx(450 * row["capacity"])
    assert isnan(row["p99_s_at_100"])


def test_a_round_trip_of_the_mock_is_that_of_searches_without_their_own() -> None:
    search = replace(TRIGGERS, workload=TRIGGER.replace(rtt_s=None))
    mock = {"servers": 1, "rtt_s": 0.04, "per_request_s": 0.0, "per_event_s": 0.0}
    assert capacities(run_of(search, mock=mock))["rtt_s"].tolist() == [0.04]
    assert capacities(run_of(search, mock=None))["rtt_s"].isna().all()


def test_the_order_of_probes_does_not_matter() -> None:
    run = run_of(TRIGGERS)
    [one] = found_by_search(run).values()
    [other] = found_by_search(with_probes(run, run.capacity.iloc[::-1])).values()
    assert one.capacity.interval() == pytest.approx(other.capacity.interval())


def test_probes_that_were_repeated_do_not_count() -> None:
    run = run_of(TRIGGERS)
    failed = run.capacity.iloc[:8].assign(held=False, phase="repeated", reason="generator", limited_by="generator")
    [row] = capacities(with_probes(run, pd.concat([run.capacity, failed]))).to_dict("records")
    assert row["probes"] == 21
    assert row["capacity"] == capacities(run)["capacity"].item()
    assert row["limited_by"] == "server"


def test_if_the_generator_broke_every_probe_nothing_is_known_of_the_server() -> None:
    [row] = capacities(run_of(replace(BY_GENERATOR, rates=(1.5,), levels=()))).to_dict("records")
    assert isnan(row["capacity"])
    assert (row["limited_by"], row["is_lower_bound"], row["is_upper_bound"]) == ("generator", True, True)


def test_without_a_probe_that_counts_nothing_is_known() -> None:
    run = run_of(TRIGGERS)
    [row] = capacities(with_probes(run, run.capacity.assign(phase="repeated", held=False))).to_dict("records")
    assert isnan(row["capacity"])
    assert (row["is_lower_bound"], row["is_upper_bound"], row["decided"]) == (True, True, False)


def test_the_table_of_queues_leaves_out_probes() -> None:
    assert queue_frontier(run_of()).empty
