"""Evaluating a gate: what passes, what fails, what is inconclusive and what is invalid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from judged import gates_of, judged, run_of, run_of_pieces, verdicts
from saved import Costs, kernel, made_up, rendered, slice_

from analysis.gates.baseline.accepted import accept, origin_of
from analysis.gates.evaluation.evaluate import evaluate, least_rounds
from analysis.gates.measured.addresses import Views
from analysis.gates.outputs.gatejson import gate_json
from analysis.gates.outputs.junit import junit_xml
from analysis.gates.outputs.markdown import summary_md
from analysis.measures.summary import summarise
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.runs.reader import Run

TRIGGER, BATCH = Workload.of(), Workload.of("batch", 10)
WIDE = Workload.of("multi_trigger", channels=10)
SENT = 'metric = "http.request.size.per_event"\n'
RATE = '[[check]]\nid = "rate"\nmetric = "events_per_second"\n'
GAIN = RATE + 'compare = { of = { api = "batch" }, to = { api = "trigger" } }\n'
AGAINST = RATE + 'compare = { of = { server = "against" }, to = { server = "endpoint" } }\n'


def check(rest: str, id_: str = "c") -> str:
    return f'[[check]]\nid = "{id_}"\n{rest}'


def two_servers(frame: pd.DataFrame, factor: float = 1.0) -> pd.DataFrame:
    """The same workloads on two servers, the second so much slower."""
    other = frame.assign(
        server="against", workload=frame["workload"] + "-against", duration_s=frame["duration_s"] * factor
    )
    return pd.concat([frame.assign(server="endpoint"), other], ignore_index=True)


def ratios(*values: float) -> pd.DataFrame:
    """Trigger and batch whose rates have these ratios, a round each."""
    slices = []
    for number, value in enumerate(values):
        slices.append(slice_(TRIGGER, number, 1_000, 1.0))
        slices.append(slice_(BATCH, number, 1_000, 10 / value))
    return run_of_pieces(*slices).slices


def test_bytes_are_compared_with_their_limits_exactly() -> None:
    # 300 B of head and 50 of envelope for ten events of 100 B: 135 B each.
    run = run_of_pieces(slice_(BATCH, 0, 1_000), slice_(BATCH, 1, 777))
    for limit, verdict in (("135", "pass"), ("134.999999", "fail"), ("135.000001", "pass")):
        [case] = judged(run, check(SENT + f"max = {limit}")).cases
        assert (case.verdict, case.measured, case.exact, case.low) == (verdict, 135.0, "135", None)
    for limit, verdict in (("135", "pass"), ("135.000001", "fail")):
        assert judged(run, check(SENT + f"min = {limit}")).cases[0].verdict == verdict


def test_one_byte_in_one_of_a_million_calls_is_detected() -> None:
    steady = run_of_pieces(slice_(BATCH, 0, 1_000_000))
    grown = run_of(steady.slices.assign(header_bytes=steady.slices["header_bytes"] + 1))
    assert judged(steady, check(SENT + "max = 135")).exit_code == 0
    assert judged(grown, check(SENT + "max = 135")).exit_code == 3


def test_decimal_limits_are_exact() -> None:
    run = run_of_pieces(slice_(BATCH, 0, 1_000))
    assert judged(run, check('metric = "requests.per_event"\nmax = 0.1\nmin = 0.1')).exit_code == 0


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("http.request.size", 1350),
        ("http.request.head.size", 300),
        ("http.request.body.size", 1050),
        ("http.response.size", 72),
        ("http.request.size.per_event", 135),
        ("http.request.payload.size.per_event", 100),
        ("http.request.envelope.size.per_event", 5),
        ("http.request.headers.size.per_event", 7),
        ("http.request.request_line.size.per_event", 3.5),
        ("http.request.auth_query.size.per_event", 19.5),
        ("http.response.size.per_event", 7.2),
        ("overhead_factor", 1.35),
        ("requests.per_event", 0.1),
        ("saving", 0.7),
    ],
)
def test_each_size_has_its_documented_value(metric: str, value: float) -> None:
    run = run_of_pieces(slice_(BATCH, 0, 1_000), slice_(TRIGGER, 0, 1_000))
    where = 'where = { api = "batch" }\n'
    result = judged(run, check(f'metric = "{metric}"\n{where}max = {value}\nmin = {value}'))
    assert verdicts(result) == [(BATCH.name, "pass")]


def test_values_equal_those_of_the_table() -> None:
    frame = rendered([TRIGGER, BATCH], rounds=7, spread=0.05)
    table = summarise(frame).set_index("workload").loc[BATCH.name]
    where = 'where = { api = "batch" }\nmin = 0\n'
    for metric, column in (
        ("http.request.size.per_event", "sent_per_event"),
        ("http.request.head.size", "head_per_request"),
        ("overhead_factor", "overhead_factor"),
        ("saving", "saving"),
        ("events_per_second", "events_per_second"),
        ("gain", "gain"),
    ):
        [case] = judged(run_of(frame), check(f'metric = "{metric}"\n{where}')).cases
        assert case.measured == pytest.approx(table[column], rel=1e-12), metric


def test_kernel_counts_are_evaluated_by_rounds() -> None:
    slices = []
    for number in range(8):
        made = slice_(TRIGGER, number, 1_000)
        assert made.tcp is not None
        made.tcp = kernel(1_000 + number % 2, 1_000)
        slices.append(made)
    run = run_of_pieces(*slices)
    segments = judged(run, check('metric = "segments.per_event"\nmax = 2.001'))
    assert [case.verdict for case in segments.cases] == ["pass"]
    # 300 B of head, 150 of body, 72 of answer, two segments of 52.
    cable = judged(run, check('metric = "cable.size.per_event"\nmax = 626.1\nmin = 626')).cases[0]
    assert (cable.verdict, cable.kind, cable.rounds) == ("pass", "stochastic", 8)
    blind = run_of(run.slices.assign(segments_out=None))
    [case] = judged(blind, check('metric = "segments.per_event"\nmax = 3')).cases
    assert (case.verdict, case.message) == ("invalid", "segments.per_event could not be measured")


def test_latency_is_evaluated_by_the_percentile_of_each_round() -> None:
    run = run_of_pieces(*(slice_(TRIGGER, number, 1000) for number in range(6)))
    assert judged(run, check('metric = "latency.p99"\nmax = 0.00101')).exit_code == 0
    assert judged(run, check('metric = "latency.p50"\nmax = 0.00098')).exit_code == 3


def latencies(acknowledged: int, late: int = 0, timed_out: int = 0, rounds: int = 6) -> Run:
    """A millisecond a call; late ones took 400 ms and ended after their slice; others were given up by then."""
    slices = []
    for number in range(rounds):
        made = slice_(TRIGGER, number, acknowledged)
        made.boundary.latency.record([400_000_000] * late)
        made.boundary.latency.record_censored([400_000_000] * timed_out)
        slices.append(made)
    return run_of_pieces(*slices)


P99 = 'metric = "latency.p99"\nmax = {}'


def test_calls_that_outlast_their_slice_fail_a_percentile_limit() -> None:
    [case] = judged(latencies(980, late=20), check(P99.format(0.1))).cases
    assert (case.verdict, case.is_lower_bound) == ("fail", False)
    assert case.measured == pytest.approx(0.4, rel=0.005)
    assert judged(latencies(980, late=20), check(P99.format(0.5))).exit_code == 0


@pytest.mark.parametrize(
    ("limit", "verdict", "exit_code"),
    # The bound is beyond the first limit already; below the second one an acknowledgement might still have come.
    [(0.1, "fail", 3), (0.5, "inconclusive", 4)],
)
def test_a_lower_bound_never_passes_a_maximum(limit: float, verdict: str, exit_code: int) -> None:
    result = judged(latencies(980, timed_out=20), check(P99.format(limit)))
    [case] = result.cases
    assert (case.verdict, result.exit_code, case.is_lower_bound, case.high) == (verdict, exit_code, True, None)
    assert case.low == pytest.approx(0.4, rel=0.005)
    assert ">399.507 ms [399.507, ?]" in case.message
    if verdict == "inconclusive":
        assert case.message.endswith(
            "calls without an acknowledgement would have taken longer, by an unknown time, so this can't pass"
        )
    for said in (gate_json(result), summary_md(result), junit_xml(result)):
        assert b"399.507" in said or b'"is_lower_bound": true' in said


def test_a_percentile_below_all_lower_bounds_is_evaluated_normally() -> None:
    [case] = judged(latencies(995, timed_out=5), check(P99.format(0.0011))).cases
    assert (case.verdict, case.is_lower_bound) == ("pass", False)


def test_a_lower_bound_may_pass_a_minimum() -> None:
    text = 'metric = "latency.p99"\nmin = {}'
    assert judged(latencies(980, timed_out=20), check(text.format(0.3))).exit_code == 0
    assert judged(latencies(980, timed_out=20), check(text.format(0.5))).exit_code == 4


def test_rounds_with_few_calls_are_grouped() -> None:
    # Of 18 rounds each three hold the thousand calls that p99 needs.
    [case] = judged(latencies(400, rounds=18), check(P99.format(0.0011))).cases
    assert (case.verdict, case.rounds) == ("pass", 6)
    assert "by 6 groups of rounds" in case.message
    result = judged(latencies(400, rounds=9), check(P99.format(0.0011)))
    [case] = result.cases
    assert (case.verdict, case.rounds) == ("inconclusive", 3)
    assert "by 3 groups of rounds, too few for an interval: it takes 6 or more" in case.message
    assert result.undecided == (TRIGGER.name,)
    # p50 needs twenty: each round by itself.
    [case] = judged(latencies(400, rounds=9), check('metric = "latency.p50"\nmax = 0.0011')).cases
    assert (case.verdict, case.rounds) == ("pass", 9)


def test_a_percentile_of_too_few_calls_is_inconclusive_and_says_how_many_it_needs() -> None:
    result = judged(latencies(65), check(P99.format(10.0)))
    [case] = result.cases
    assert (case.verdict, case.measured, result.exit_code) == ("inconclusive", None, 4)
    assert case.message == (
        f"p99 needs 1,000 calls, the run has 390 of {TRIGGER.name}: add rounds or lengthen slices"
    )


@pytest.mark.parametrize(
    ("unknown", "limit", "verdict"),
    [
        # More than 400 times the trigger's, or at most a 400th of it.
        (BATCH, "max = 2.0", "fail"),
        (BATCH, "max = 1000.0", "inconclusive"),
        (BATCH, "min = 2.0", "pass"),
        (TRIGGER, "max = 2.0", "pass"),
        (TRIGGER, "min = 0.001", "inconclusive"),
        (TRIGGER, "min = 2.0", "fail"),
    ],
)
def test_a_ratio_of_percentiles_knows_which_side_is_a_lower_bound(
    unknown: Workload, limit: str, verdict: str
) -> None:
    slices = [slice_(workload, number, 980) for number in range(6) for workload in (TRIGGER, BATCH)]
    for made in slices:
        late = made.boundary.latency
        (late.record_censored if made.workload is unknown else late.record)(
            [400_000_000 if made.workload is unknown else 1_000_000] * 20
        )
    compare = 'compare = { of = { api = "batch" }, to = { api = "trigger" } }'
    [case] = judged(run_of_pieces(*slices), check(f'metric = "latency.p99"\n{compare}\n{limit}')).cases
    assert case.verdict == verdict


def test_a_lower_bound_is_not_accepted_as_a_baseline() -> None:
    gates = gates_of(check('metric = "latency.p99"\nbaseline = "b.json"\nmax_increase = { ratio = 0.1 }'))
    for run, count in ((latencies(980, timed_out=20), 0), (latencies(1000), 1)):
        assert len(list(accept(gates.checks[0], Views(run), origin_of(run.meta)))) == count


def test_http2_is_evaluated_by_rounds_since_its_heads_vary() -> None:
    two = TRIGGER.replace(client=LIBRARY, http="2", tls=True)
    run = run_of_pieces(*(slice_(two, number, 1_000) for number in range(6)))
    frame = run.slices.assign(header_bytes=run.slices["header_bytes"] + run.slices["round"])
    [case] = judged(run_of(frame), check(SENT + "max = 450.01")).cases
    assert (case.verdict, case.kind) == ("pass", "stochastic")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([6.0, 6.1, 6.2, 6.3, 6.4, 6.5, 6.6, 6.7], "pass"),
        ([4.0, 4.1, 4.2, 4.3, 4.4, 4.5, 4.6, 4.7], "fail"),
        ([4.6, 4.7, 4.8, 4.9, 5.1, 5.2, 5.3, 5.4], "inconclusive"),
        ([6.0] * 5, "inconclusive"),
        ([1.0] * 4, "inconclusive"),
        ([6.0] * 6, "pass"),
    ],
)
def test_a_rate_passes_or_fails_with_its_whole_interval(values: list[float], verdict: str) -> None:
    result = judged(run_of(ratios(*values)), GAIN + "min = 5.0")
    [case] = result.cases
    assert case.verdict == verdict
    assert (case.workload, case.to, case.compare) == (BATCH.name, TRIGGER.name, "ratio")
    assert result.exit_code == {"pass": 0, "fail": 3, "inconclusive": 4}[verdict]
    assert result.undecided == ((BATCH.name, TRIGGER.name) if verdict == "inconclusive" else ())


def test_undecided_checks_pass_the_gate_if_configured() -> None:
    text = '[valid]\ninconclusive = "pass"\n' + GAIN + "min = 5.0"
    result = judged(run_of(ratios(4.6, 4.7, 4.8, 5.2, 5.3, 5.4)), text)
    assert (result.cases[0].verdict, result.exit_code) == ("inconclusive", 0)


def test_ratios_are_computed_round_by_round() -> None:
    # Each round is three times as fast as the one before; the two medians are of different rounds.
    speed = 3.0 ** np.arange(8)
    frame = ratios(*[6.0] * 8)
    drifting = frame.assign(duration_s=frame["duration_s"] / speed[frame["round"]])
    [case] = judged(run_of(drifting), GAIN + "min = 5.99\nmax = 6.01").cases
    assert case.verdict == "pass"
    assert case.low == pytest.approx(6.0)
    # A round that only one of them has counts for neither.
    half = drifting[~((drifting["round"] == 0) & (drifting["api"] == "batch"))]
    assert judged(run_of(half), GAIN + "min = 5.99").cases[0].rounds == 7


def test_a_wider_confidence_is_harder_to_satisfy() -> None:
    values = [4.9, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7, 5.8, 5.9, 6.0]
    run = run_of(ratios(*values))
    assert judged(run, GAIN + "min = 5.17\nconfidence = 0.9").exit_code == 0
    assert judged(run, GAIN + "min = 5.17\nconfidence = 0.99").exit_code == 4
    assert [least_rounds(confidence) for confidence in (0.9, 0.95, 0.99, 0.999)] == [5, 6, 8, 11]


def test_a_difference_is_in_the_metrics_unit() -> None:
    run = run_of_pieces(slice_(TRIGGER, 0, 1_000), slice_(BATCH, 0, 1_000))
    compare = 'compare = { of = { api = "trigger" }, to = { api = "batch" }, as = "difference" }\n'
    [case] = judged(run, check(SENT + compare + "min = 315\nmax = 315")).cases
    assert (case.verdict, case.unit, case.exact) == ("pass", "B/event", "315")
    compare = compare.replace("difference", "ratio")
    [case] = judged(run, check(SENT + compare + "max = 3.3334")).cases
    assert (case.verdict, case.unit, case.exact) == ("pass", "x", "10/3")


def test_where_gives_a_case_per_workload_and_accepts_lists() -> None:
    run = run_of_pieces(*(slice_(TRIGGER.replace(payload_bytes=size), 0, 1_000) for size in (10, 100, 1000)))
    result = judged(run, check(SENT + "where = { payload_bytes = [10, 1000] }\nmax = 1000"))
    assert verdicts(result) == [
        ("trigger-10B-chat-reference", "pass"),
        ("trigger-1000B-chat-reference", "fail"),
    ]
    assert (result.exit_code, result.sentence) == (3, "1 passed, 1 failed")
    assert len(judged(run, check(SENT + "max = 1")).cases) == 3


def test_a_where_that_matches_nothing_fails() -> None:
    run = run_of_pieces(slice_(TRIGGER, 0, 1_000))
    result = judged(run, check(SENT + "where = { payload_bytes = 50 }\nmax = 1e9"))
    [case] = result.cases
    assert result.exit_code == 3
    assert case.message == "no workload of the run has payload_bytes = 50; its payload_bytes is 100"
    assert judged(run, GAIN + "min = 0").exit_code == 3


def test_compared_workloads_agree_in_all_unnamed_columns() -> None:
    sizes = [each.replace(payload_bytes=size) for size in (10, 100) for each in (TRIGGER, BATCH)]
    python = [TRIGGER.replace(client="python")]
    result = judged(run_of(made_up(Costs(), [*sizes, *python], rounds=6)), GAIN + "min = 1")
    assert [(case.workload, case.to) for case in result.cases] == [
        ("batch10-10B-chat-reference", "trigger-10B-chat-reference"),
        ("batch10-100B-chat-reference", "trigger-100B-chat-reference"),
    ]
    # The payload is named, so it need not agree.
    text = check(
        SENT
        + 'compare = { of = { api = "batch", payload_bytes = 10 }, to = { api = "trigger", payload_bytes = 100, '
        'client = "reference" } }\nmax = 1'
    )
    [case] = judged(run_of(made_up(Costs(), [*sizes, *python], rounds=1)), text).cases
    assert (case.workload, case.to) == ("batch10-10B-chat-reference", "trigger-100B-chat-reference")


def test_clients_are_compared_call_by_call() -> None:
    workloads = [each.replace(client=client) for client in ("reference", "python") for each in (TRIGGER, BATCH)]
    compare = 'compare = { of = { client = "python" }, to = { client = "reference" } }\n'
    text = check(f'metric = "http.request.head.size"\n{compare}max = 2')
    cases = judged(run_of(rendered(workloads)), text).cases
    assert [(case.workload, case.to) for case in cases] == [
        ("trigger-100B-chat-python", "trigger-100B-chat-reference"),
        ("batch10-100B-chat-python", "batch10-100B-chat-reference"),
    ]


def test_no_match_and_several_matches_to_compare_with_fail() -> None:
    lonely = judged(run_of_pieces(slice_(BATCH, 0, 1_000)), GAIN + "min = 0")
    assert lonely.exit_code == 3
    assert "nothing to compare it with: no workload has api = trigger" in lonely.cases[0].message
    many = [TRIGGER, BATCH, Workload.of("batch", 5)]
    text = RATE + 'min = 0\ncompare = { of = { api = "trigger" }, to = { api = "batch" } }'
    crowded = judged(run_of(made_up(Costs(), many, rounds=6)), text)
    assert crowded.exit_code == 3
    assert "match compare.to; narrow it down" in crowded.cases[0].message


def test_a_gain_is_relative_to_the_trigger_and_fails_without_one() -> None:
    text = check('metric = "gain"\nmin = 5.0')
    result = judged(run_of(ratios(*[6.0] * 6)), text)
    assert verdicts(result) == [(BATCH.name, "pass")]
    lonely = judged(run_of_pieces(*(slice_(BATCH, number, 1_000) for number in range(6))), text)
    assert lonely.exit_code == 3
    assert "no trigger" in lonely.cases[0].message


@pytest.mark.parametrize(("metric", "value"), [("saving", 0.7), ("gain", 6.0)])
def test_a_round_that_was_cut_off_before_its_trigger_is_compared_with_nothing(metric: str, value: float) -> None:
    frame = ratios(*[6.0] * 7)
    cut = frame[(frame["round"] < 6) | (frame["api"] == "batch")]
    [case] = judged(run_of(cut), check(f'metric = "{metric}"\nmin = 0')).cases
    assert case.verdict == "pass"
    assert case.measured == pytest.approx(value)


def test_two_servers_are_compared_workload_by_workload() -> None:
    frame = made_up(Costs(), [TRIGGER, BATCH, WIDE], rounds=6)
    result = judged(run_of(two_servers(frame, 1.25)), AGAINST + "max = 0.9")
    assert [(case.workload, case.to) for case in result.cases] == [
        (f"{each.name}-against", each.name) for each in (TRIGGER, BATCH, WIDE)
    ]
    assert all(case.measured == pytest.approx(0.8) for case in result.cases)
    old = judged(run_of(frame), check(SENT + 'where = { server = "endpoint" }\nmax = 1e9'))
    assert len(old.cases) == 3


INVALID: list[dict[str, Any]] = [
    {"valid": False, "invalid_because": ["ended early"]},
    {"valid": False},
    {"reconcile": {"agrees": False, "differences": ["mock: 1 B more"]}},
    {"reconcile": {"agrees": False, "differences": []}},
]
PASSES = check(SENT + "max = 1e9")


@pytest.mark.parametrize("meta", INVALID)
def test_an_invalid_run_never_passes(meta: dict[str, Any]) -> None:
    frame = made_up(Costs(), [TRIGGER], rounds=6)
    assert judged(run_of(frame), PASSES).exit_code == 0
    result = judged(run_of(frame, **meta), PASSES + "\n" + check(SENT + "max = 1", "never"))
    assert result.exit_code == 5
    assert result.invalid_because
    assert {case.verdict for case in result.cases} == {"invalid"}
    assert all(case.message for case in result.cases)


def test_a_run_without_samples_is_invalid() -> None:
    frame = made_up(Costs(), [TRIGGER], rounds=6)
    empty = judged(run_of(frame.iloc[:0]), PASSES)
    assert (empty.exit_code, empty.cases[0].verdict) == (5, "invalid")
    silent = judged(run_of(frame.assign(events=0, messages=0)), PASSES)
    assert "no samples" in silent.cases[0].message
    assert silent.exit_code == 5


def test_a_workload_without_samples_is_invalid_even_if_others_have_some() -> None:
    run = run_of_pieces(slice_(TRIGGER, 0, 1_000), slice_(BATCH, 0, 0))
    result = judged(run, PASSES)
    assert verdicts(result) == [(TRIGGER.name, "pass"), (BATCH.name, "invalid")]
    assert result.exit_code == 5


def test_too_few_requests_are_invalid() -> None:
    run = run_of_pieces(slice_(TRIGGER, 0, 600), slice_(TRIGGER, 1, 399))
    text = "[valid]\nmin_requests = {}\n" + PASSES
    assert judged(run, text.format(999)).exit_code == 0
    result = judged(run, text.format(1000))
    assert (result.exit_code, result.cases[0].message) == (
        5,
        f"999 requests of {TRIGGER.name}, expected at least 1,000",
    )


def test_failures_above_the_allowed_share_are_invalid() -> None:
    frame = run_of_pieces(slice_(TRIGGER, 0, 1_000)).slices.assign(failures=10)
    assert judged(run_of(frame), PASSES).exit_code == 5
    assert "10 of 1,000 exchanges" in judged(run_of(frame), PASSES).cases[0].message
    assert judged(run_of(frame), "[valid]\nmax_failure_ratio = 0.01\n" + PASSES).exit_code == 0
    # Exchanges that were never answered are exchanges.
    lost = frame.assign(requests=0, unfinished_requests=1_000, failures=1_000)
    assert judged(run_of(lost), "[valid]\nmax_failure_ratio = 0.5\n" + PASSES).exit_code == 5


def test_invalid_takes_precedence_over_failed_and_failed_over_undecided() -> None:
    run = run_of(ratios(4.6, 4.7, 4.8, 5.2, 5.3, 5.4))
    undecided = GAIN + "min = 5.0\n"
    failed = check(SENT + "max = 1\n", "fails")
    assert judged(run, undecided + failed).exit_code == 3
    lacking = "[valid]\nmin_requests = 1000000\n"
    assert judged(run, lacking + undecided + failed).exit_code == 5


def test_evaluation_has_no_side_effects_and_is_repeatable() -> None:
    frame = made_up(Costs(), [TRIGGER, BATCH], rounds=8, spread=0.05)
    run, gates = run_of(frame.copy()), gates_of(GAIN + "min = 5.0\n" + PASSES)
    assert evaluate(run, gates) == evaluate(run, gates)
    pd.testing.assert_frame_equal(run.slices[frame.columns], frame)


def test_workers_of_a_round_give_one_value() -> None:
    frame = ratios(*[6.0] * 6)
    both = pd.concat([frame, frame.assign(worker=1)], ignore_index=True)
    [case] = judged(run_of(both), RATE + 'where = { api = "trigger" }\nmin = 2000\nmax = 2000').cases
    assert (case.verdict, case.rounds) == ("pass", 6)
