"""Rounds added until a check is decided: the effect of repeated looks on the verdict, on simulated runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from saved import Costs, made_up

from analysis.gates.baseline.gates import load_gates
from analysis.gates.evaluation.evaluate import evaluate
from wiretax.channels.workload import Workload
from wiretax.load.accounting.gating import Gating
from wiretax.load.sweep.conductor import ADDED_ROUNDS
from wiretax.runs.files.schema import LATENCY
from wiretax.runs.machine import describe_machine
from wiretax.runs.reader import Run

BATCH = Workload.of("batch", 10)
# Of a slice's time; a ratio of two spreads by 5 %.
SPREAD = 0.035
TRIALS = 40
PLANS, MOST = 12, 36
GATES = """
schema = 1
[[check]]
id = "build"
metric = "messages_per_second"
compare = { of = { server = "against" }, to = { server = "endpoint" }, as = "ratio" }
min = 0.95
"""
META: dict[str, Any] = {
    "wiretax": "0",
    "plan": {"name": "p"},
    "started": "2026-01-01T00:00:00.000+00:00",
    "endpoint": "http://127.0.0.1:80/apps/1",
    "against": "http://127.0.0.1:81/apps/1",
    "mock": None,
    "environment": describe_machine(),
    "profiles": {},
    "valid": True,
    "invalid_because": [],
    "reconcile": {"agrees": True, "differences": []},
}


@cache
def noiseless(slower: float) -> pd.DataFrame:
    """The slices of two servers; the second is slower by the factor."""
    costs = Costs()
    second = replace(costs, call_s=costs.call_s * slower, event_s=costs.event_s * slower)
    return pd.concat([made_up(costs, [BATCH], MOST), made_up(second, [BATCH.replace(server="against")], MOST)])


def verdict(gates: Path, slower: float, seed: int, most_rounds: int) -> tuple[str, int]:
    """The verdict on a run of two servers, the second slower by the factor, and the rounds that it took."""
    slices = noiseless(slower)
    draws = [np.random.default_rng(each).standard_normal(MOST) for each in (2 * seed, 2 * seed + 1)]
    slices = slices.assign(duration_s=slices["duration_s"] * np.exp(SPREAD * np.concatenate(draws)))
    nothing: pd.DataFrame = LATENCY.empty_table().to_pandas()

    def until(rounds: int) -> Run:
        return Run(Path("r"), META, slices[slices["round"] < rounds], nothing, nothing, None)

    rounds, asked = PLANS, Gating(gates)
    while rounds < most_rounds and asked.undecided(until(rounds)):
        rounds = min(rounds + ADDED_ROUNDS, most_rounds)
    [case] = evaluate(until(rounds), load_gates(gates)).cases
    return case.verdict, rounds


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    file = tmp_path / "gates.toml"
    file.write_text(GATES)
    return file


def endings(gates: Path, slower: float, most_rounds: int) -> Counter[str]:
    return Counter(verdict(gates, slower, seed, most_rounds)[0] for seed in range(TRIALS))


def test_an_unchanged_build_is_decided_and_never_fails(gates: Path) -> None:
    once, again = (endings(gates, 1.0, most_rounds) for most_rounds in (PLANS, MOST))
    assert once["fail"] == again["fail"] == 0
    assert again["pass"] >= 0.95 * TRIALS
    assert once["inconclusive"] > again["inconclusive"]


def test_a_ten_percent_slower_build_is_caught_and_never_passes(gates: Path) -> None:
    once, again = (endings(gates, 1 / 0.9, most_rounds) for most_rounds in (PLANS, MOST))
    assert once["pass"] == again["pass"] == 0
    assert again["fail"] >= 0.95 * TRIALS
    assert again["fail"] > once["fail"]


def test_measuring_stops_as_soon_as_the_gate_is_decided(gates: Path) -> None:
    # Far from the limit the plan's rounds are enough.
    assert verdict(gates, 1.3, 1, MOST) == ("fail", PLANS)
    assert verdict(gates, 0.8, 1, MOST) == ("pass", PLANS)
