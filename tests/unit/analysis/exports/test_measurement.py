"""What is exported of a run: the metrics of gates with their values."""

from __future__ import annotations

from pathlib import Path

import pytest
from judged import judged, run_of
from saved import Costs, made_up

from analysis.exports.measurement import Export, Measurement, chosen, exported
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run, read_run

REFERENCE = Path(__file__).parents[4] / "results" / "reference"
SENT, RATE = "http.request.size.per_event", "events_per_second"
TRIGGER, BATCH = Workload.of(), Workload.of("batch", 10)


def two_workloads(**meta: object) -> Run:
    return run_of(made_up(Costs(), [TRIGGER, BATCH], rounds=8), **meta)


def found(export: Export, workload: Workload, metric: str) -> Measurement:
    [each] = [each for each in export.measurements if (each.workload, each.metric.name) == (workload.name, metric)]
    return each


@pytest.mark.parametrize("metric", [SENT, RATE, "saving", "gain"])
def test_values_are_those_of_gates(metric: str) -> None:
    run = two_workloads()
    [*_, case] = judged(run, f'[[check]]\nid = "a"\nmetric = "{metric}"\nmin = 0\n').cases
    each = found(exported(run), BATCH, metric)
    assert (each.value, each.low, each.high) == (case.measured, case.low, case.high)
    assert each.exact == (metric in (SENT, "saving"))
    assert (each.low is None) == each.exact


def test_a_trigger_has_no_gain_and_queues_have_their_own_metrics() -> None:
    names = {each.metric.name for each in exported(two_workloads()).measurements if each.workload == TRIGGER.name}
    assert SENT in names
    assert not names & {"gain", "saving", "queue.left", "delivery.lost", "capacity.events_per_second"}


@pytest.mark.parametrize(
    ("reference", "metric"),
    [
        ("quick", "gain"),
        ("tradeoff", "latency.total.p99"),
        ("capacity", "capacity.events_per_second"),
        ("delivery", "delivery.delay.p50"),
    ],
)
def test_reference_runs_are_exported_without_exceptions(reference: str, metric: str) -> None:
    export = exported(read_run(REFERENCE / reference))
    assert (export.run, export.invalid_because, export.left_out) == (reference, (), {})
    assert metric in {each.metric.name for each in export.measurements}
    for each in export.measurements:
        assert each.exact == (each.confidence is None)
        assert each.low is None or each.low <= each.value
        assert each.high is None or each.value <= each.high


def test_a_queue_that_grew_has_lower_bounds() -> None:
    bounds = [each for each in exported(read_run(REFERENCE / "tradeoff")).measurements if each.is_lower_bound]
    assert bounds
    assert {each.high for each in bounds} == {None}


def test_an_invalid_run_says_why_and_is_exported_only_if_asked() -> None:
    run = two_workloads(valid=False, invalid_because=["the mock died"])
    refused, asked = exported(run), exported(run, with_invalid=True)
    assert refused.invalid_because == asked.invalid_because == ("the mock died",)
    assert not refused.measurements
    assert found(asked, BATCH, SENT).value == found(exported(two_workloads()), BATCH, SENT).value


def test_a_workload_with_failures_is_left_out() -> None:
    frame = made_up(Costs(), [TRIGGER, BATCH], rounds=8)
    frame.loc[frame["workload"] == BATCH.name, "failures"] = 1
    export = exported(run_of(frame))
    assert {each.workload for each in export.measurements} == {TRIGGER.name}
    assert list(export.left_out) == [BATCH.name]
    assert "exchanges" in export.left_out[BATCH.name]
    assert found(exported(run_of(frame), with_invalid=True), BATCH, SENT).exact


def test_a_choice_by_kind_and_direction() -> None:
    everything = exported(two_workloads()).measurements
    assert chosen(everything, None, None) == everything
    names = {each.metric.name for each in chosen(everything, True, "higher")}
    assert names == {"saving"}
    assert {each.exact for each in chosen(everything, False, None)} == {False}


def test_names_from_a_file_can_not_act_on_a_terminal() -> None:
    frame = made_up(Costs(), [TRIGGER], rounds=8)
    frame["workload"] = "evil\x1b[31m\n::error::name"
    names = {each.workload for each in exported(run_of(frame)).measurements}
    assert names == {"evil\\x1b[31m\\n::error::name"}
