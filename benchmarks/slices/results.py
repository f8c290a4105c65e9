"""The figures of slices: intervals, biases, and what interleaving is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.measures.interval import median_interval
from analysis.measures.throughput import Ratio, ratio_of

Floats = npt.NDArray[np.float64]


class Rates(NamedTuple):
    """Messages per second in a slice.

    Attributes:
        steady: at the pace of its users.
        completed: by what it completed.
        took_s: how long the slice took with everything around it.
    """

    steady: float
    completed: float
    took_s: float


# By length (s) and workload, the rates of each slice, with the number of its block.
Lengths = dict[float, dict[str, list[tuple[int, Rates]]]]


@dataclass(frozen=True, slots=True)
class Separate:
    """The same ratio measured again and again.

    Attributes:
        interleaved: with slices in turn.
        separate: with one workload after the other.
    """

    interleaved: list[float]
    separate: list[float]

    @property
    def widths(self) -> tuple[float, float]:
        """The 95 % intervals of a measurement, half of their width as a share: interleaved, separate."""
        return _spread(self.interleaved), _spread(self.separate)

    @property
    def narrower(self) -> float:
        """How many times narrower the interval is if slices are interleaved."""
        own, other = self.widths
        return other / own


def _spread(ratios: Sequence[float]) -> float:
    """1.96 standard deviations of the logarithm."""
    return float(1.96 * np.log(ratios).std(ddof=1))


@dataclass(frozen=True, slots=True)
class OfLength:
    """What slices of one length give in a given time.

    Attributes:
        length_s: of slices.
        rounds: how many there were.
        example: the gain of the example with its interval.
        half_widths: half of each gain's 95 % interval, as a share of the gain, by workload.
        bias: gains over those of the longest slices, minus 1, over all gains, with its interval.
        completed_bias: the same if rates are those of completed calls.
        autocorrelation: of the gains of consecutive rounds, the median over workloads.
        took: time that slices took over the time that they were open.
    """

    length_s: float
    rounds: int
    example: Ratio
    half_widths: dict[str, float]
    bias: Ratio
    completed_bias: Ratio
    autocorrelation: float
    took: float

    @property
    def half_width(self) -> float:
        """The median over gains."""
        return median(self.half_widths.values())


def half_width(ratio: Ratio) -> float:
    """Half of an interval, as a share of its estimate."""
    return (ratio.high - ratio.low) / 2 / ratio.estimate


def by_length(found: Lengths, triggers: Mapping[str, str], example: str) -> list[OfLength]:
    """The figures of each length.

    Args:
        found: all slices.
        triggers: what each batch is compared with, by name.
        example: the name of the batch whose gain is an example.
    """
    longest = found[max(found)]
    rows = []
    for length_s, slices in found.items():
        gains = {
            of: _by_round(slices, "steady", of) / _by_round(slices, "steady", to) for of, to in triggers.items()
        }
        ratios = {name: ratio_of(each) for name, each in gains.items()}
        took_s = sum(rates.took_s for each in slices.values() for _, rates in each)
        rounds = len(gains[example])
        rows.append(
            OfLength(
                length_s,
                rounds,
                ratios[example],
                {name: half_width(each) for name, each in ratios.items()},
                _bias(slices, longest, "steady", triggers),
                _bias(slices, longest, "completed", triggers),
                median(_autocorrelation(each) for each in gains.values()),
                took_s / (rounds * len(slices) * length_s),
            )
        )
    return rows


def _by_round(slices: Mapping[str, list[tuple[int, Rates]]], kind: str, name: str) -> Floats:
    return np.array([getattr(rates, kind) for _, rates in slices[name]])


def _bias(
    slices: Mapping[str, list[tuple[int, Rates]]],
    longest: Mapping[str, list[tuple[int, Rates]]],
    kind: str,
    triggers: Mapping[str, str],
) -> Ratio:
    """Gains of slices over those of the longest, block by block: the mean over gains, minus 1."""
    over = [
        np.log(_by_block(slices, kind, of) / _by_block(slices, kind, to))
        - np.log(_by_block(longest, "steady", of) / _by_block(longest, "steady", to))
        for of, to in triggers.items()
    ]
    blocks = np.mean(over, axis=0)
    low, high = median_interval(blocks)
    return Ratio(float(np.median(blocks)), float(low), float(high), len(blocks))


def _by_block(slices: Mapping[str, list[tuple[int, Rates]]], kind: str, name: str) -> Floats:
    """The median rate of each block."""
    blocks: dict[int, list[float]] = {}
    for block, rates in slices[name]:
        blocks.setdefault(block, []).append(getattr(rates, kind))
    return np.array([median(each) for each in blocks.values()])


def _autocorrelation(values: Floats) -> float:
    """The correlation of consecutive values, by their ranks."""
    ranks = np.argsort(np.argsort(values)).astype(float)
    return float(np.corrcoef(ranks[1:], ranks[:-1])[0, 1]) if len(values) > 2 else 0.0
