"""Gates on queues: latency, depth, losses and the rate that the generator reached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from judged import META, gates_of, judged, verdicts
from queued import BATCH, CLOSED, TRIGGER, Drain, record_of
from saved import slice_

from analysis.gates.baseline.accepted import accept, identifying_columns, origin_of
from analysis.gates.baseline.subject import Subject
from analysis.gates.evaluation.acceptance import UnacceptableError, accept_run
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.evaluation.result import Case, GateResult
from analysis.gates.measured.addresses import Views
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.wire.ledger import Failure

ROUNDS = 6
STEADY = Drain(TRIGGER, calls=1_000)
GROWING = replace(STEADY, left=500, overloaded="the queue grew to 500 events, from 250 half-way")
TOTAL = 'metric = "latency.total.p99"\n'
BOTH = 'compare = { of = { api = "batch" }, to = { api = "trigger" }, as = "ratio" }\n'


def read(record: RunRecord, **meta: Any) -> Run:
    return as_read(record, Path("results/by-hand"), {**META, **meta})


def run_of(*drains: Drain, rounds: int = ROUNDS, **meta: Any) -> Run:
    return read(record_of(*drains, rounds=rounds), **meta)


def of_rounds(*rounds: Drain) -> Run:
    """A run whose rounds differ."""
    whole = RunRecord()
    for number, drain in enumerate(rounds):
        each = record_of(drain, rounds=1)
        whole.slices += [{**row, "round": number} for row in each.slices]
        whole.queues += [{**row, "round": number} for row in each.queues]
        whole.waits += [(number, *rest) for _, *rest in each.waits]
        whole.latency += [(number, *rest) for _, *rest in each.latency]
    return read(whole)


def check(rest: str) -> str:
    return f'[[check]]\nid = "c"\n{rest}'


def one(run: Run, rest: str) -> Case:
    [case] = judged(run, check(rest)).cases
    return case


@pytest.mark.parametrize(
    ("metric", "value", "unit"),
    [
        ("latency.total.p50", 0.051, "s"),
        ("latency.total.p90", 0.051, "s"),
        ("latency.total.p99", 0.051, "s"),
        ("latency.waiting.p99", 0.001, "s"),
        ("latency.wire.p99", 0.05, "s"),
        ("queue.depth.max", 7, "events"),
        ("queue.left", 7, "events"),
        ("events.lost", 0, "events"),
        ("rate.reached", 1, "share"),
    ],
)
def test_each_metric_has_its_documented_value(metric: str, value: float, unit: str) -> None:
    run = run_of(replace(STEADY, left=7))
    case = one(run, f'metric = "{metric}"\nmax = {value * 1.01 + 1e-9}\nmin = {value * 0.99}')
    assert (case.verdict, case.unit, case.workload) == ("pass", unit, TRIGGER.name), case.message
    assert case.measured == pytest.approx(value, rel=0.005)
    assert case.rounds == ROUNDS
    if metric != "events.lost":
        assert case.low is not None
        assert case.high is not None
        beyond = one(run, f'metric = "{metric}"\nmin = {value * 1.1}')
        assert beyond.verdict == "fail"


def test_a_percentile_needs_ten_events_beyond_it() -> None:
    rest = 'metric = "latency.total.p99.9"\nmax = 1'
    case = one(run_of(STEADY), rest)
    assert case.verdict == "inconclusive"
    assert "p99.9 needs 10,000 events, the run has 6,000 of" in case.message
    # Two rounds together have enough for p99; six such groups decide.
    assert one(run_of(replace(STEADY, calls=500), rounds=12), TOTAL + "max = 1").rounds == 6
    assert one(run_of(STEADY, rounds=5), TOTAL + "max = 1").verdict == "inconclusive"


@pytest.mark.parametrize("metric", ["latency.total.p99", "latency.waiting.p50", "queue.depth.max", "queue.left"])
@pytest.mark.parametrize("rounds", [1, ROUNDS])
def test_an_overloaded_queue_fails_any_upper_limit(metric: str, rounds: int) -> None:
    case = one(run_of(GROWING, rounds=rounds), f'metric = "{metric}"\nmax = 1000000')
    assert (case.verdict, case.is_lower_bound) == ("fail", True)
    assert f"still growing at the end of {rounds} of {rounds} rounds: >" in case.message


def test_an_overloaded_queue_fails_a_percentile_that_it_has_too_few_events_for() -> None:
    result = judged(run_of(replace(GROWING, calls=10), rounds=1), check(TOTAL + "max = 1"))
    assert result.exit_code == 3
    assert result.cases[0].measured is None


def test_the_time_on_the_wire_of_an_overloaded_queue_is_known() -> None:
    case = one(run_of(GROWING), 'metric = "latency.wire.p99"\nmax = 0.051')
    assert (case.verdict, case.is_lower_bound) == ("pass", False)


def test_a_queue_that_grew_in_few_rounds_is_judged_by_the_interval_of_the_others() -> None:
    assert one(of_rounds(*[STEADY] * 19, GROWING), TOTAL + "max = 0.06").verdict == "pass"
    case = one(of_rounds(*[STEADY] * 4, GROWING, GROWING), TOTAL + "max = 0.06")
    assert (case.verdict, case.is_lower_bound, case.high) == ("inconclusive", False, None)
    assert "still growing in some rounds" in case.message
    # Half of the rounds are enough, as in the table.
    assert one(of_rounds(*[STEADY, GROWING] * 3), TOTAL + "max = 0.06").verdict == "fail"


@pytest.mark.parametrize(
    "rest",
    [
        TOTAL + "max = 1",
        TOTAL + "min = 0",
        'metric = "latency.wire.p50"\nmax = 1',
        'metric = "queue.depth.max"\nmax = 100000',
        'metric = "queue.left"\nmax = 100000',
        'metric = "events.lost"\nmax = 100000',
        'metric = "rate.reached"\nmin = 0.1',
    ],
)
def test_a_rate_that_the_generator_did_not_reach_makes_every_check_invalid(rest: str) -> None:
    result = judged(run_of(replace(STEADY, made=0.9)), check(rest))
    assert result.exit_code == 5
    [case] = result.cases
    assert case.verdict == "invalid"
    assert "the generator made 900 of 1,000 events/s" in case.message
    assert "lower the rate or use a faster machine" in case.message
    # Overloaded or not: what was not offered was not measured.
    assert judged(run_of(replace(GROWING, made=0.9)), check(rest)).exit_code == 5
    assert judged(run_of(replace(STEADY, made=0.995)), check(rest)).exit_code != 5


def test_a_stricter_rate_can_be_required() -> None:
    case = one(run_of(replace(STEADY, made=0.995)), 'metric = "rate.reached"\nmin = 0.999')
    assert case.verdict == "fail"
    assert case.message.startswith("99.50 %")


def losing(lost: int) -> Run:
    record = record_of(STEADY, rounds=ROUNDS)
    record.queues[2]["lost"] = lost
    record.slices[2]["failures"] = lost
    return read(record)


def test_lost_events_are_counted_exactly_over_the_run() -> None:
    assert judged(losing(0), check('metric = "events.lost"\nmax = 0')).exit_code == 0
    # The median round lost none.
    result = judged(losing(1), check('metric = "events.lost"\nmax = 0'))
    assert result.exit_code == 3
    [case] = result.cases
    assert (case.exact, case.message) == ("1", "1 event, at most 0")
    assert one(losing(3), 'metric = "events.lost"\nmax = 3').verdict == "pass"
    # Times of a run with failures stay invalid unless the file allows them.
    assert one(losing(1), TOTAL + "max = 1").verdict == "invalid"


def test_checks_apply_to_the_workloads_that_have_the_metric() -> None:
    record = record_of(STEADY, rounds=ROUNDS)
    for number in range(ROUNDS):
        for each in CLOSED:
            record.add(slice_(each, number, 1_000), 4)
    run = read(record)
    assert verdicts(judged(run, check(TOTAL + "max = 1"))) == [(TRIGGER.name, "pass")]
    calls = judged(run, check('metric = "http.request.size.per_event"\nmax = 10000'))
    assert [name for name, _ in verdicts(calls)] == [each.name for each in CLOSED]
    case = one(run_of(STEADY), 'metric = "http.request.size"\nmax = 1')
    assert (case.verdict, case.workload) == ("fail", None)
    assert case.message.startswith("all workloads of the run have a rate, so none has http.request.size")


def test_a_run_without_queues_says_so() -> None:
    record = RunRecord()
    record.add(slice_(CLOSED[0], 0, 1_000), 4)
    case = one(read(record), TOTAL + "max = 1")
    assert (case.verdict, case.workload) == ("fail", None)
    assert case.message == "no workload of the run has a rate, which latency.total.p99 needs"


def test_workloads_are_selected_by_how_their_events_arrive() -> None:
    # As 9 ms are read from a plan: not exactly 0.009 s.
    slow, fast = BATCH.replace(linger_s=9 * 1e-3), BATCH.replace(rate=4000.0, rtt_s=None)
    run = run_of(*(replace(STEADY, workload=each) for each in (TRIGGER, slow, fast)), mock={"rtt_s": 0.02})
    for where, names in (
        ("rate = 4000", [fast.name]),
        ("linger_s = 0.009", [slow.name]),
        ("rtt_s = 0.05", [TRIGGER.name, slow.name]),
        ("rtt_s = 0.02", [fast.name]),
        ('arrivals = "poisson", publishers = 16, api = "batch"', [slow.name, fast.name]),
    ):
        result = judged(run, check(TOTAL + f"where = {{ {where} }}\nmax = 1"))
        assert verdicts(result) == [(name, "pass") for name in names], where
    case = one(run, TOTAL + "where = { rate = 500 }\nmax = 1")
    assert case.message == "no workload of the run has rate = 500.0; its rate is 1000.0, 4000.0"


def test_a_batch_is_compared_with_the_trigger_of_the_same_arrivals() -> None:
    quick = replace(STEADY, workload=BATCH, wire_s=0.0245)
    lingers = replace(quick, workload=BATCH.replace(linger_s=0.05))
    other_rate = replace(STEADY, workload=TRIGGER.replace(rate=500.0))
    run = run_of(STEADY, quick, lingers, other_rate)
    result = judged(run, check(TOTAL + BOTH + "max = 0.51"))
    assert [(case.workload, case.to, case.verdict) for case in result.cases] == [
        (BATCH.name, TRIGGER.name, "pass"),
        (lingers.workload.name, TRIGGER.name, "pass"),
    ]
    # A batch of another size has a linger, too, and is compared with that of the same.
    five = [replace(each, workload=each.workload.replace(batch_size=5)) for each in (quick, lingers)]
    sizes = "compare = { of = { batch_size = 10 }, to = { batch_size = 5 } }\nmax = 1.1"
    pairs = judged(run_of(quick, lingers, *five), check(TOTAL + sizes)).cases
    assert [(case.workload, case.to, case.verdict) for case in pairs] == [
        (each.workload.name, smaller.workload.name, "pass")
        for each, smaller in zip((quick, lingers), five, strict=True)
    ]


def two_servers(endpoint: Drain, against: Drain) -> GateResult:
    both = endpoint, replace(against, workload=TRIGGER.replace(server="against"))
    compare = 'compare = { of = { server = "against" }, to = { server = "endpoint" }, as = "ratio" }\n'
    return judged(run_of(*both), check(TOTAL + compare + "max = 1.1"))


def test_two_servers_are_compared_and_an_overloaded_one_is_never_better() -> None:
    assert two_servers(STEADY, STEADY).exit_code == 0
    assert two_servers(STEADY, replace(STEADY, wire_s=0.1)).exit_code == 3
    assert two_servers(STEADY, GROWING).exit_code == 3
    assert two_servers(GROWING, GROWING).exit_code == 4
    assert two_servers(GROWING, STEADY).exit_code == 0


def test_a_baseline_belongs_to_its_arrivals() -> None:
    fast = replace(STEADY, workload=TRIGGER.replace(rate=4000.0), wire_s=0.01)
    run = run_of(STEADY, fast)
    text = check(TOTAL + 'baseline = "b.json"\nmax_increase = { ratio = 0.1 }')
    gates = gates_of(text)
    [own] = gates.checks
    accepted = tuple(accept(own, Views(run), origin_of(run.meta)))
    assert [each.workload["rate"] for each in accepted] == [1000.0, 4000.0]
    assert [each.value for each in accepted] == [pytest.approx(each, rel=0.005) for each in (0.051, 0.011)]
    held = gates_of(text, {"c": accepted})
    assert evaluate(run, held).exit_code == 0
    slower = run_of(STEADY, replace(fast, wire_s=0.05))
    assert [case.verdict for case in evaluate(slower, held).cases] == ["pass", "fail"]
    assert evaluate(run_of(replace(STEADY, wire_s=0.02), GROWING), held).exit_code == 3
    # Exact ones name a client's version, as others do.
    lost = check('metric = "events.lost"\nbaseline = "b.json"\nmax_increase = { abs = 0 }')
    none = tuple(accept(gates_of(lost).checks[0], Views(run), origin_of(run.meta)))
    assert [each.exact for each in none] == ["0", "0"]
    assert evaluate(run, gates_of(lost, {"c": none})).exit_code == 0


def test_a_lower_bound_and_a_rate_that_was_not_reached_are_no_baselines(tmp_path: Path) -> None:
    gates = gates_of(check(TOTAL + f'baseline = "{tmp_path}/b.json"\nmax_increase = {{ ratio = 0.1 }}'), {"c": ()})
    for drain in (GROWING, replace(STEADY, made=0.5)):
        run = run_of(drain)
        assert not [*accept(gates.checks[0], Views(run), origin_of(run.meta))]
    with pytest.raises(UnacceptableError, match="the generator made 500 of 1,000 events/s"):
        accept_run(run, gates)


def test_what_is_accepted_is_named_by_its_arrivals(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    gates = gates_of(check(TOTAL + f'baseline = "{file}"\nmax_increase = {{ ratio = 0.1 }}'), {"c": ()})
    [change] = accept_run(run_of(replace(STEADY, workload=BATCH)), gates)[file]
    assert change.subject == "batch of 10, linger 5 ms, 1,000/s arriving, 100 B chat, reference"


def test_a_queue_that_the_server_rejected_fails_and_says_why() -> None:
    rejected = Skipped(TRIGGER, Failure("rejected", 413, "too large"))
    run = run_of(replace(STEADY, workload=BATCH), skipped=[rejected.as_row()])
    failed, passed = sorted(judged(run, check(TOTAL + "max = 1")).cases, key=lambda case: case.verdict)
    assert (passed.workload, passed.verdict) == (BATCH.name, "pass")
    assert (failed.workload, failed.verdict) == (TRIGGER.name, "fail")
    assert "too large" in failed.message


def test_an_identity_has_all_columns_of_a_queue_and_none_of_others() -> None:
    run = run_of(STEADY)
    columns, _ = identifying_columns(Views(run).queues, Subject(TRIGGER.name))
    assert {name: columns[name] for name in ("rate", "linger_s", "arrivals", "publishers", "rtt_s")} == {
        "rate": 1000.0,
        "linger_s": 0.0,
        "arrivals": "poisson",
        "publishers": 16,
        "rtt_s": 0.05,
    }
    record = RunRecord()
    record.add(slice_(CLOSED[0], 0, 1_000), 4)
    assert "rate" not in identifying_columns(Views(read(record)).at(None), Subject(CLOSED[0].name))[0]


@pytest.mark.parametrize("metric", ["events.lost", "queue.left", "queue.depth.max", "rate.reached"])
def test_what_no_file_counted_is_invalid(metric: str) -> None:
    run = replace(run_of(STEADY), queue=pd.DataFrame())
    case = one(run, f'metric = "{metric}"\nmax = 1000000')
    assert (case.verdict, case.message) == ("invalid", f"{metric} could not be measured")


def test_a_round_without_a_sample_of_its_depth_counts_as_empty() -> None:
    record = record_of(STEADY, rounds=ROUNDS)
    for row in record.queues:
        row["depths"] = row["depth_at_s"] = []
    assert one(read(record), 'metric = "queue.depth.max"\nmax = 0').verdict == "pass"


def test_the_queues_of_workers_are_one() -> None:
    record = record_of(STEADY, STEADY, rounds=ROUNDS)
    for number, row in enumerate(record.queues):
        row["worker"] = record.slices[number]["worker"] = number % 2
        row["left"], row["depth_at_s"], row["depths"] = 3, [0.0, 1.0], [1, 5 + number % 2]
    run = read(record)
    assert one(run, 'metric = "queue.left"\nmax = 6\nmin = 6').verdict == "pass"
    assert one(run, 'metric = "queue.depth.max"\nmax = 11\nmin = 11').verdict == "pass"
    assert one(run, 'metric = "latency.total.p99"\nmax = 0.052').rounds == ROUNDS
