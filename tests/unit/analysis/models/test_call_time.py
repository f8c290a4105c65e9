"""The time of a call and of an event, recovered from simulated runs, and when a limit of the gain is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from saved import Costs, made_up

from analysis.models.call_time import CLOSE, STABLE, call_times, fit_time, gain_curve
from wiretax.channels.workload import Workload

TRIGGER = Workload.of()
SIZES = (1, 2, 5, 10, 50)
STRAIGHT = Costs(call_s=20e-6, event_s=2e-6)
# Seconds a call that a mock was measured with, by batch size: 50 and 100 gain as much.
MEASURED = {1: 12.6e-6, 2: 14.0e-6, 5: 16.2e-6, 10: 22.0e-6, 20: 28.3e-6, 50: 46.1e-6, 100: 91.9e-6}


def sized(*sizes: int) -> list[Workload]:
    return [TRIGGER if size == 1 else Workload.of("batch", size) for size in sizes]


def timed(
    call_s: Callable[[float], float] | dict[int, float], *sizes: int, rounds: int = 11, spread: float = 0.0
) -> pd.DataFrame:
    """A run whose calls take these seconds, by batch size, but for noise."""
    seconds = call_s.__getitem__ if isinstance(call_s, dict) else call_s
    frame = made_up(Costs(), sized(*sizes), rounds)
    noise = np.exp(spread * np.random.default_rng(7).standard_normal(len(frame)))
    calls = [float(seconds(int(size))) for size in frame["batch_size"]]
    return frame.assign(duration_s=frame["requests"] * calls * noise)


def test_recovers_the_time_of_a_call_and_an_event() -> None:
    row = fit_time(made_up(STRAIGHT, sized(*SIZES), spread=0.03)).iloc[0]
    truth = {"call_s": 20e-6, "event_s": 2e-6, "gain_limit": 11.0, "size_90": 90.0}
    for name, value in truth.items():
        assert row[f"{name}_low"] <= value <= row[f"{name}_high"]
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
        assert row[name] == pytest.approx(value, rel=0.1)
    assert row["deviation"] < 0.05
    assert (row["unsound_because"], row["no_limit_because"]) == ("", "")


def test_without_noise_the_line_is_exact_despite_drift() -> None:
    row = fit_time(made_up(STRAIGHT, sized(*SIZES), drift=0.2)).iloc[0]
    assert row["gain_limit"] == pytest.approx(11)
    assert (row["gain_limit_low"], row["gain_limit_high"]) == pytest.approx((11, 11))


def test_the_interval_contains_the_true_limit_in_93_to_97_percent_of_runs() -> None:
    # One frame holds all runs, each as a payload of its own, to which a separate line is fitted.
    runs, one = 1_000, made_up(STRAIGHT, sized(*SIZES), rounds=11)
    many = one.take(np.tile(np.arange(len(one)), runs)).reset_index(drop=True)
    noise = np.exp(0.03 * np.random.default_rng(3).standard_normal(len(many)))
    number = np.repeat(np.arange(runs), len(one))
    fits = fit_time(many.assign(duration_s=many["duration_s"] * noise, payload_bytes=number))
    assert len(fits) == runs
    told = int((fits["no_limit_because"] == "").sum())
    held = int(((fits["gain_limit_low"] <= 11) & (fits["gain_limit_high"] >= 11)).sum())
    assert told > 900
    assert 0.93 <= held / told <= 0.97


@pytest.mark.parametrize(
    "larger", [each for some in (3, 4, 5) for each in combinations((2, 5, 10, 50, 100), some)]
)
def test_a_straight_line_gives_the_same_limit_for_any_measured_sizes(larger: tuple[int, ...]) -> None:
    sizes = (1, *larger)
    row = fit_time(made_up(STRAIGHT, sized(*sizes))).iloc[0]
    assert row["gain_limit"] == pytest.approx(11)
    assert (row["size_90"] > row["largest_batch"]) == (sizes[-1] < 90)


CURVES: dict[str, Callable[[float], float]] = {
    # The gain stays what it is from 50 on.
    "plateau": lambda n: 12e-6 + 0.7e-6 * n if n <= 50 else (12e-6 + 0.7e-6 * 50) * n / 50,
    "ever steeper": lambda n: 12e-6 + 0.5e-6 * n + 0.004e-6 * n**2,
    "ever flatter": lambda n: 12e-6 + 6e-6 * n**0.5,
    "a step each segment": lambda n: 12e-6 + 0.2e-6 * n + 8e-6 * (n // 9),
}


@pytest.mark.parametrize("spread", [0.0, 0.02])
@pytest.mark.parametrize("name", CURVES)
def test_nonlinear_times_have_no_limit(name: str, spread: float) -> None:
    row = fit_time(timed(CURVES[name], 1, 2, 5, 10, 20, 50, 100, spread=spread)).iloc[0]
    assert math.isnan(row["gain_limit"])
    assert math.isnan(row["size_90"])
    assert row["no_limit_because"]


def test_a_measured_plateau_is_reported_without_extrapolation() -> None:
    row = fit_time(timed(MEASURED, *MEASURED, spread=0.005)).iloc[0]
    assert math.isnan(row["gain_limit"])
    assert row["largest_gain"] == pytest.approx(13.7, rel=0.02)
    assert row["largest_gain_at"] == [50, 100]
    # Between 20 (8.9x) and 50 a call takes 28.3 to 46.1 us: 12.3x come first with 39 or 40.
    assert 36 <= row["enough"] <= 42


def test_a_limit_hardly_depends_on_the_measured_sizes() -> None:
    """What is told from some of the sizes has to go with what the others measured."""
    told = []
    for count in range(3, len(MEASURED)):
        for more in combinations([*MEASURED][1:], count):
            frame = timed(MEASURED, 1, *more)
            row = fit_time(frame).iloc[0]
            if row["no_limit_because"]:
                continue
            told.append(row["gain_limit"])
            assert row["gain_limit"] >= row["largest_gain"]
            curve = gain_curve(frame, more)
            measured = [size * MEASURED[1] / MEASURED[size] for size in more]
            assert curve["gain"].tolist() == pytest.approx(measured, rel=CLOSE)
    assert told
    assert max(told) / min(told) <= 1 + STABLE


def test_a_limit_far_above_the_measured_gains_is_not_given() -> None:
    row = fit_time(made_up(STRAIGHT, sized(1, 2, 3, 5))).iloc[0]
    assert math.isnan(row["gain_limit"])
    assert row["no_limit_because"] == "the largest measured gain is less than 50 % of the limit"


@pytest.mark.parametrize(
    ("sizes", "because"),
    [
        ((1, 10), "two batch sizes leave nothing to check a line against"),
        ((1, 10, 50), "4 sizes are needed, the trigger's included"),
        ((2, 5, 10, 50), "no trigger was measured"),
    ],
)
def test_too_few_sizes_have_no_limit(sizes: tuple[int, ...], because: str) -> None:
    row = fit_time(made_up(STRAIGHT, sized(*sizes))).iloc[0]
    assert math.isnan(row["gain_limit"])
    assert row["no_limit_because"] == because


def test_events_that_cost_nothing_have_no_limit() -> None:
    row = fit_time(made_up(Costs(event_s=0.0), sized(*SIZES))).iloc[0]
    assert math.isnan(row["gain_limit"])
    assert row["no_limit_because"]
    assert row["largest_gain"] == pytest.approx(50)
    noisy = fit_time(made_up(Costs(event_s=0.0), sized(*SIZES), spread=0.001)).iloc[0]
    assert math.isnan(noisy["gain_limit"])
    assert "does not grow measurably" in noisy["no_limit_because"]


def test_a_line_with_a_negative_slope_is_not_sound() -> None:
    row = fit_time(timed(lambda n: 106e-6 - 0.09e-6 * n, *SIZES, spread=0.0001)).iloc[0]
    assert row["unsound_because"] == "the fitted time of a call or of an event is below zero"
    assert math.isnan(row["gain_limit"])


def test_a_curve_ends_at_the_largest_measured_batch() -> None:
    frame = made_up(STRAIGHT, sized(*SIZES), spread=0.02)
    curve = gain_curve(frame, [1, 10, 50, 51, 1000]).set_index("batch_size")
    assert curve.index.tolist() == [1, 10, 50]
    assert curve.at[1, "gain"] == 1
    assert 1 < curve.at[10, "gain"] < curve.at[50, "gain"] < fit_time(frame).at[0, "gain_limit"]
    assert gain_curve(timed(CURVES["plateau"], *MEASURED), [1, 10]).empty


@pytest.mark.parametrize("rounds", [0, 3])
def test_few_rounds_give_no_interval_and_no_rounds_no_line(rounds: int) -> None:
    frame = made_up(Costs(), sized(*SIZES), rounds=3)
    frame = frame[frame["round"] < rounds]
    fit = fit_time(frame)
    assert len(fit) == bool(rounds)
    assert fit["largest_gain_low"].isna().all()
    assert (fit["unsound_because"] == "5 rounds are needed").all()
    assert gain_curve(frame, [1, 2]).empty


def test_workloads_that_were_not_sent_in_turn_have_no_times() -> None:
    frame = made_up(STRAIGHT, sized(*SIZES))
    assert [*call_times(frame)]
    assert not [*call_times(frame.assign(mode="free"))]
    assert fit_time(frame.assign(mode="observe")).empty
