"""The price of a call and of an event: recovered from runs made up with known ones, exact on rendered requests."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from saved import Costs, made_up, rendered

from analysis.model import fit_bytes, fit_time, gain_curve, sent_per_event
from wiretax.channels.profiles import profile_names
from wiretax.channels.sizes import request_sizes
from wiretax.channels.workload import Workload

TRIGGER = Workload()
SIZES = (2, 5, 10, 50)
STRANGER = [
    replace(call, payload_bytes=size, client="a stranger")
    for size in (10, 100, 1000)
    for call in (TRIGGER, *(Workload("batch", events) for events in SIZES))
]


def test_what_a_call_and_an_event_weigh_is_recovered() -> None:
    fit = fit_bytes(made_up(Costs(), STRANGER)).set_index(["api", "payload_bytes"])
    for size in (10, 100, 1000):
        batch = fit.loc["batch", size]
        assert batch[["call_bytes", "envelope_bytes", "escape_factor"]].tolist() == pytest.approx([322, 60, 1.5])
        assert batch["event_bytes"] == pytest.approx(60 + 1.5 * size)
        assert batch["residual"] == 0
        assert batch["batch_sizes"] == "2, 5, 10, 50"
        trigger = fit.loc["trigger", size]
        assert trigger[["call_bytes", "envelope_bytes", "residual"]].tolist() == pytest.approx([305, 60, 0])
    assert fit.loc[("batch", 100), "digits"] == "3 to 5"


@pytest.mark.parametrize("client", profile_names())
def test_bodies_of_every_library_leave_no_byte_over(client: str) -> None:
    calls = [TRIGGER, Workload("batch", 2), Workload("batch", 10), Workload("batch", 30)]
    fit = fit_bytes(
        rendered([replace(call, client=client, payload_bytes=size) for size in (100, 1000) for call in calls])
    )
    assert fit["residual"].tolist() == [0, 0, 0, 0]
    assert (fit["escape_factor"] >= 1).all()
    # Its own line says the same of a size that was not measured.
    row = fit[(fit["api"] == "batch") & (fit["payload_bytes"] == 100)].iloc[0]
    other = request_sizes(Workload("batch", 70, client=client))
    assert sent_per_event(row, 70) == pytest.approx(other.sent / 70)


def test_one_size_of_batch_is_told_apart_by_the_profile() -> None:
    only = fit_bytes(rendered([Workload("batch", 10)])).iloc[0]
    many = fit_bytes(rendered([Workload("batch", events) for events in SIZES])).iloc[0]
    assert only["call_bytes"] == many["call_bytes"]
    assert only["residual"] == 0


def test_one_size_of_batch_of_a_stranger_is_not_told_apart() -> None:
    only = fit_bytes(made_up(Costs(), [replace(Workload("batch", 10), client="a stranger")])).iloc[0]
    assert math.isnan(only["call_bytes"])


def test_a_body_that_is_no_line_leaves_a_residual() -> None:
    frame = made_up(Costs(), [Workload("batch", events) for events in SIZES], rounds=1)
    frame.loc[0, "body_bytes"] += 7 * frame.loc[0, "requests"]
    assert fit_bytes(frame)["residual"].max() > 1


def test_what_a_call_and_an_event_take_is_recovered() -> None:
    costs = Costs(call_s=20e-6, event_s=2e-6)
    calls = [TRIGGER, *(Workload("batch", events) for events in SIZES)]
    row = fit_time(made_up(costs, calls, spread=0.03)).iloc[0]
    truth = {"call_s": 20e-6, "event_s": 2e-6, "gain_limit": 11.0, "size_90": 90.0}
    for name, value in truth.items():
        assert row[f"{name}_low"] <= value <= row[f"{name}_high"]
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
        assert row[name] == pytest.approx(value, rel=0.1)
    assert row["deviation"] < 0.05


def test_without_noise_the_line_is_the_truth_though_the_machine_drifts() -> None:
    row = fit_time(made_up(Costs(call_s=20e-6, event_s=2e-6), [TRIGGER, Workload("batch", 10)], drift=0.2)).iloc[0]
    assert row["gain_limit"] == pytest.approx(11)
    assert (row["gain_limit_low"], row["gain_limit_high"]) == pytest.approx((11, 11))


def test_the_limits_interval_holds_it_in_93_to_97_percent_of_runs() -> None:
    held = 0
    calls = [TRIGGER, Workload("batch", 5), Workload("batch", 10)]
    one = made_up(Costs(call_s=20e-6, event_s=2e-6), calls, rounds=11)
    draw = np.random.default_rng(3)
    for _ in range(1_000):
        noisy = one.assign(duration_s=one["duration_s"] * np.exp(0.03 * draw.standard_normal(len(one))))
        row = fit_time(noisy).iloc[0]
        held += row["gain_limit_low"] <= 11 <= row["gain_limit_high"]
    assert 0.93 <= held / 1_000 <= 0.97


def test_events_that_cost_nothing_have_no_limit() -> None:
    row = fit_time(made_up(Costs(event_s=0.0), [TRIGGER, Workload("batch", 10)])).iloc[0]
    assert row["gain_limit"] == math.inf
    assert row["size_90"] == math.inf


def test_the_curve_starts_at_the_trigger_and_stays_below_the_limit() -> None:
    frame = made_up(Costs(call_s=20e-6, event_s=2e-6), [TRIGGER, Workload("batch", 10)], spread=0.02)
    curve = gain_curve(frame, [1, 10, 1000]).set_index("batch_size")
    assert curve.at[1, "gain"] == 1
    assert 1 < curve.at[10, "gain"] < curve.at[1000, "gain"] < fit_time(frame).at[0, "gain_limit"]


@pytest.mark.parametrize("rounds", [0, 3])
def test_few_rounds_give_no_interval_and_none_no_line(rounds: int) -> None:
    frame = made_up(Costs(), [TRIGGER, Workload("batch", 10)], rounds=3)
    frame = frame[frame["round"] < rounds]
    fit = fit_time(frame)
    assert len(fit) == bool(rounds)
    assert fit["gain_limit_low"].isna().all()
    assert len(fit_bytes(frame)) == 2 * bool(rounds)
    assert len(gain_curve(frame, [1, 2])) == 2 * bool(rounds)
