"""Reasons not to trust a run's ratios, and what to do about them; like pyperf's check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.interval import LEAST_ROUNDS, median_interval
from analysis.measures.throughput import Rounds, has_comparable_rates, paired_ratio
from analysis.measures.two_servers import paired_servers
from analysis.text.numbers import cores, percent

# Half of a 95 % interval, as a share of the ratio.
MOST_HALF_WIDTH = 0.05
# Of many pairs, some halves differ by chance; only a larger change than this share matters.
LEAST_DRIFT = 0.05
# Cores: one process can't use more than one, and is a bottleneck before that.
SATURATED = 0.9


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason for caution.

    Attributes:
        kind: "rounds", "interval", "drift" or "saturated".
        what: the observation.
        advice: what to do.
    """

    kind: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}"


def cautions(slices: pd.DataFrame | SliceCounts, meta: dict[str, Any]) -> list[Caution]:
    """Reasons for caution; none if the ratios are as precise as their intervals state.

    Args:
        slices: ``slices.parquet``, or its counts.
        meta: ``run.json``.
    """
    counted = counts_of(slices)
    ratios = _ratios(counted) if has_comparable_rates(counted) else pd.DataFrame()
    found = [*_of_ratios(ratios, counted.starts)] if len(ratios.columns) else []
    busy, mock = meta.get("busy") or {}, meta.get("mock")
    generator = busy.get("generator") or 0.0
    # With a mock that costs nothing, something is always saturated; the legend has the CPU use.
    given = meta.get("against") is not None
    costs = mock is None or given or any(value for name, value in mock.items() if name != "servers")
    limited = "rates and gains" if has_comparable_rates(counted) else "rates"
    if costs and generator >= SATURATED:
        found.append(
            Caution(
                "saturated",
                f"the generator used {cores(generator)}: it limits {limited}, not the endpoint",
                "use fewer users, or don't rely on the rates",
            )
        )
    return found


def _ratios(counted: SliceCounts) -> pd.DataFrame:
    """Ratios of message rates: a row per round, a column per pair that at least one round measured.

    A workload is compared with its baseline; one sent to a second server, with the same one sent to the first.
    """
    by_round, total = Rounds(counted).rates, totals(counted)
    pairs = [(name, name, base) for name, base in counted.triggers.items() if name != base]
    pairs += [(f"{of} over {to}", of, to) for of, to in paired_servers(total).items()]
    # The rate of 0 of a rejected workload measures nothing.
    by_round = by_round.where(by_round > 0)
    return pd.DataFrame({name: by_round[of] / by_round[to] for name, of, to in pairs}).dropna(axis=1, how="all")


def _of_ratios(ratios: pd.DataFrame, starts: Mapping[Any, int]) -> Iterator[Caution]:
    rounds = int(ratios.notna().sum().min())
    if rounds < LEAST_ROUNDS:
        yield Caution(
            "rounds",
            f"{rounds} round{'' if rounds == 1 else 's'} for each pair of workloads, too few for an interval",
            f"measure at least {LEAST_ROUNDS}, better 10",
        )
        return
    found = {name: paired_ratio(values, values / values, starts) for name, values in ratios.items()}
    widths = pd.Series({name: (each.high - each.low) / 2 / each.estimate for name, each in found.items()})
    if (widths > MOST_HALF_WIDTH).any():
        widest = widths.idxmax()
        measured = found[widest].rounds
        # An interval shrinks with the square root of its rounds; a few starts have a wide one in any case.
        enough = ceil(measured * (widths.max() / MOST_HALF_WIDTH) ** 2)
        wanted = f"±{percent(MOST_HALF_WIDTH, 0)}"
        more = (
            f"more than {len({*starts.values()})} starts narrow it"
            if starts
            else f"about {_two_digits(enough):,} rounds instead of {measured:,} narrow it to {wanted}"
        )
        yield Caution(
            "interval",
            f"{_how_many(widths > MOST_HALF_WIDTH)} have an interval of more than {wanted}, the widest of "
            f"±{percent(widths.max(), 0)} ({widest})",
            f"{more}, as does a quieter machine",
        )
    drifted = {}
    for name, values in ratios.items():
        known = values.dropna().to_numpy()
        half = len(known) // 2
        (low, high), (later_low, later_high) = median_interval(known[:half]), median_interval(known[-half:])
        change = np.median(known[-half:]) / np.median(known[:half]) - 1
        if (later_low > high or later_high < low) and abs(change) > LEAST_DRIFT:
            drifted[name] = float(change)
    if drifted:
        worst = max(drifted, key=lambda name: abs(drifted[name]))
        yield Caution(
            "drift",
            f"{_how_many(ratios.columns.isin(drifted))} changed between the first and the second half of the run, "
            f"{worst} by {drifted[worst] * 100:+.0f} %",
            "measure again on a quiet machine",
        )


def _two_digits(rounds: int) -> int:
    """Rounded up to two digits: an estimate that promises no more than it can hold."""
    step: int = 10 ** max(0, len(str(rounds)) - 2)
    return ceil(rounds / step) * step


def _how_many(affected: Any) -> str:
    return f"{int(affected.sum())} of {len(affected)} gains"
