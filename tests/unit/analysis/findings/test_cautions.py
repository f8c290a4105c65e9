"""Cautions about a run's figures."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from saved import Costs, made_up

from analysis.findings.cautions import cautions
from analysis.measures.summary import summarise
from wiretax.channels.workload import Workload

CALLS = [Workload.of(), Workload.of("batch", 5), Workload.of("batch", 10)]
FREE = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0}
META: dict[str, Any] = {"mock": FREE, "busy": {"generator": 0.97, "mock": 0.9, "others": 0.0}}


def kinds(frame: pd.DataFrame, meta: dict[str, Any] = META) -> list[str]:
    return [caution.kind for caution in cautions(frame, meta)]


def slowed(frame: pd.DataFrame, first_round: int, factor: float) -> pd.DataFrame:
    """Batches of ten slower from a round on."""
    slow = (frame["batch_size"] == 10) & (frame["round"] >= first_round)
    return frame.assign(duration_s=frame["duration_s"].mask(slow, frame["duration_s"] * factor))


def test_a_steady_run_has_no_cautions_despite_drift() -> None:
    assert kinds(made_up(Costs(), CALLS, spread=0.03, drift=0.1)) == []


@pytest.mark.parametrize("rounds", [1, 4])
def test_too_few_rounds(rounds: int) -> None:
    [caution] = cautions(made_up(Costs(), CALLS, rounds=rounds), META)
    assert caution.kind == "rounds"
    assert str(caution).startswith(f"{rounds} round")
    assert "at least 5" in caution.advice


def half_width(frame: pd.DataFrame) -> float:
    table = summarise(frame)
    return float(((table["gain_high"] - table["gain_low"]) / 2 / table["gain"]).max())


def test_a_wide_interval_is_a_caution_that_says_how_many_rounds_it_takes() -> None:
    frame = made_up(Costs(), CALLS, rounds=12, spread=0.2)
    [caution] = cautions(frame, META)
    assert caution.kind == "interval"
    assert caution.what.startswith("2 of 2 gains have an interval of more than ±5 %, ")
    assert CALLS[1].name in caution.what or CALLS[2].name in caution.what
    assert f"the widest of ±{100 * half_width(frame):.0f} % (" in caution.what
    [enough] = re.findall(r"about (\d+) rounds instead of 12 ", caution.advice)
    exactly = 12 * (half_width(frame) / 0.05) ** 2
    # Rounded up to two digits.
    assert exactly <= int(enough) <= exactly * 1.1
    assert caution.advice.endswith("narrow it to ±5 %, as does a quieter machine")
    assert "longer slices" not in caution.advice


def test_as_many_rounds_as_advised_are_enough_however_much_they_vary() -> None:
    frame = made_up(Costs(), CALLS, rounds=12, spread=0.2)
    [enough] = re.findall(r"about (\d+) rounds", cautions(frame, META)[0].advice)
    longer = made_up(Costs(), CALLS, rounds=2 * int(enough), spread=0.2)
    assert half_width(longer) < 0.05
    assert "interval" not in kinds(longer)


def test_halves_that_differ() -> None:
    steady = made_up(Costs(), CALLS, rounds=12, spread=0.005)
    [caution] = cautions(slowed(steady, 6, 1.09), META)
    assert caution.kind == "drift"
    halves = "1 of 2 gains changed between the first and the second half of the run"
    assert caution.what.startswith(f"{halves}, {CALLS[2].name} by -8 %")
    assert kinds(slowed(steady, 6, 1.02)) == []


def test_a_saturated_generator_is_a_caution_for_an_external_endpoint() -> None:
    frame = made_up(Costs(), CALLS)
    assert kinds(frame, {**META, "mock": None}) == ["saturated"]
    assert kinds(frame, {**META, "mock": {**FREE, "per_event_s": 1e-4}}) == ["saturated"]
    assert kinds(frame, {"mock": None, "busy": {"generator": 0.5, "mock": None}}) == []


def test_a_run_without_pairs_or_rows_has_no_cautions() -> None:
    assert kinds(made_up(Costs(), CALLS[:1])) == []
    assert kinds(made_up(Costs(), CALLS).iloc[:0]) == []
    assert kinds(made_up(Costs(), CALLS), {}) == []


def test_of_several_starts_more_starts_are_advised() -> None:
    frame = made_up(Costs(), CALLS, rounds=12, spread=0.2)
    [caution] = cautions(frame.assign(start=frame["round"] // 6), META)
    assert caution.kind == "interval"
    assert caution.advice == "more than 2 starts narrow it, as does a quieter machine"
