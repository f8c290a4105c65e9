"""The time of a call by the number of its events, and the limit of the gain of batches that follows from it.

T(n) = a + b n is a straight line through the call times of a family's batch sizes: the time that the slower of
publisher and server spends on a call and on each event in it, at saturation. The line is *sound* if it is within
10 % of the measured time at each of three sizes or more (medians over five rounds or more).

A line has a limit of the gain, (a + b) / b. But a limit is an extrapolation, and real times are not exactly linear
(buffers, segments, wake-ups). So a limit is given only if the line is sound and

- four sizes or more, including a trigger, were measured,
- the line's gain is within 5 % of the measured gain at every size,
- leaving out any one batch size moves the limit by at most 10 %,
- the largest measured gain is at least half of the limit.

Otherwise only the largest measured gain and the batch size for 90 % of it are given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.counts import rows_of, with_all_columns
from analysis.measures.interval import LEAST_ROUNDS, median_interval
from analysis.measures.round_sums import STEADY
from analysis.measures.throughput import has_comparable_rates
from analysis.models.line import SHARE, Floats, Line, fit_line
from wiretax.channels.workload import COMPARISON_KEY

# The largest deviation from the measured times that a sound line may have.
SOUND = 0.10
# A line through two sizes has no residual.
LEAST_SIZES = 3
# Requirements for a limit besides a sound line: how far the line's gains may be from the measured ones, how far
# the limit may move if a size is left out, and the share of it that must be measured. Leaving out one size needs
# four.
CLOSE = 0.05
STABLE = 0.10
REACHED = 0.5
LEAST_SIZES_OF_A_LIMIT = 4
# Gains this close to the largest count as equal to it.
SAME_GAIN = 0.01
FIGURES = ["call_s", "event_s", "gain_limit", "size_90", "largest_gain"]


@dataclass(frozen=True)
class CallTimes:
    """The measured times of one family's calls.

    Attributes:
        family: the values of ``COMPARISON_KEY``.
        sizes: batch sizes in order; 1 for a trigger.
        times: seconds per call, with a row per round that has all sizes and a column per size.
        has_trigger: whether the size of 1 is a trigger, with which gains are compared.
    """

    family: tuple[Any, ...]
    sizes: Floats
    times: Floats
    has_trigger: bool

    @cached_property
    def line(self) -> Line:
        """The line through all sizes."""
        return fit_line(self.sizes, self.times)

    @cached_property
    def residuals(self) -> Floats:
        """Deviations of the measured times from the line, as shares: the median over rounds for each size."""
        residuals: Floats = np.median(self.times / self.line.times(self.sizes) - 1, axis=0)
        return residuals

    @cached_property
    def gains(self) -> Floats:
        """Measured events per second over the trigger's, with a row per round and a column per size."""
        gains: Floats = self.sizes * self.times[:, :1] / self.times
        return gains

    @cached_property
    def unsound_because(self) -> str:
        """Why the line does not describe the times; empty if it does."""
        if len(self.sizes) < LEAST_SIZES:
            return "two batch sizes leave nothing to check a line against"
        if len(self.times) < LEAST_ROUNDS:
            return f"{LEAST_ROUNDS} rounds are needed"
        (call, event) = (median_interval(values)[1] for values in (self.line.call_s, self.line.event_s))
        if call < 0 or event < 0:
            return "the fitted time of a call or of an event is below zero"
        worst = int(np.argmax(np.abs(self.residuals)))
        if abs(self.residuals[worst]) > SOUND:
            return (
                f"a line through the call times is {abs(self.residuals[worst]) * 100:.1f} % off at "
                f"{_size(self.sizes[worst])}"
            )
        return ""

    @cached_property
    def no_curve_because(self) -> str:
        """Why the line does not describe the gains; empty if it does."""
        if not self.has_trigger:
            return "no trigger was measured"
        if self.unsound_because:
            return self.unsound_because
        fitted, measured = np.median(self.line.gains(self.sizes), axis=0), np.median(self.gains, axis=0)
        off = np.median(self.line.gains(self.sizes) / self.gains - 1, axis=0)
        worst = int(np.argmax(np.abs(off)))
        if abs(off[worst]) > CLOSE:
            return (
                f"a line through the call times gives {_size(self.sizes[worst])} {fitted[worst]:.2f}x instead of "
                f"{measured[worst]:.2f}x"
            )
        return ""

    @cached_property
    def no_limit_because(self) -> str:
        """Why no limit of the gain is given; empty if one is."""
        if self.no_curve_because:
            return self.no_curve_because
        if len(self.sizes) < LEAST_SIZES_OF_A_LIMIT:
            return f"{LEAST_SIZES_OF_A_LIMIT} sizes are needed, the trigger's included"
        limit = float(np.median(self.line.limits))
        if not isfinite(limit) or median_interval(self.line.event_s)[0] <= 0:
            return "the time of a call does not grow measurably with its events"
        # Allows for rounding errors if the limit is reached exactly.
        if np.median(self.gains, axis=0).max() < REACHED * limit * (1 - 1e-9):
            return f"the largest measured gain is less than {REACHED * 100:.0f} % of the limit"
        others = [self._limit_without(place) for place in range(1, len(self.sizes))]
        moved = int(np.argmax([abs(other / limit - 1) for other in others]))
        if abs(others[moved] / limit - 1) > STABLE:
            other = f"{others[moved]:.1f}x" if isfinite(others[moved]) else "none"
            return (
                f"it would depend on the sizes measured, {limit:.1f}x with {_size(self.sizes[moved + 1])} and "
                f"{other} without"
            )
        return ""

    def _limit_without(self, place: int) -> float:
        line = fit_line(np.delete(self.sizes, place), np.delete(self.times, place, axis=1))
        return float(np.median(line.limits))

    @property
    def largest(self) -> int:
        """The index of the size with the largest gain."""
        return int(np.argmax(np.median(self.gains, axis=0)))

    @property
    def near_largest(self) -> list[int]:
        """The sizes whose gains are within 1 % of the largest."""
        gains = np.median(self.gains, axis=0)
        return [int(size) for size in self.sizes[gains >= gains.max() * (1 - SAME_GAIN)]]

    @property
    def enough(self) -> int:
        """The smallest batch with 90 % of the largest gain measured; between sizes, times are interpolated."""
        gains = np.median(self.gains, axis=0)
        sizes = np.arange(self.sizes[0], self.sizes[-1] + 1)
        between = sizes / np.interp(sizes, self.sizes, self.sizes / gains)
        return int(sizes[np.argmax(between >= SHARE * gains.max())])


def call_times(slices: pd.DataFrame) -> Iterator[CallTimes]:
    """The call times of each family with a trigger and a batch, or with two batch sizes. There are none if
    workloads
    were not sent in turn.

    A call's time is a slice's duration over its requests, with those at its edges by their shares: with all
    connections busy, the time that the slower side spends on one request.

    Args:
        slices: ``slices.parquet``.
    """
    if not has_comparable_rates(slices):
        return
    columns = [*COMPARISON_KEY, "api", "batch_size", "round", "duration_s", STEADY]
    families: dict[tuple[Any, ...], list[tuple[str, int, int, float, float]]] = {}
    for row in rows_of(with_all_columns(slices), columns):
        *family, api, size, round_, seconds, requests = row.values()
        if api in ("trigger", "batch") and requests > 0:
            families.setdefault(tuple(family), []).append((api, size, round_, seconds, requests))
    for key, rows in families.items():
        # A batch of one is not a trigger. If there are both, it is left out, since batches replace the trigger.
        has_trigger = any(api == "trigger" for api, *_ in rows)
        longest: dict[tuple[int, int], float] = {}
        calls: defaultdict[tuple[int, int], float] = defaultdict(float)
        for api, size, round_, seconds, requests in rows:
            if not has_trigger or api == "trigger" or size > 1:
                # Workers send the same slice at the same time.
                longest[round_, size] = max(longest.get((round_, size), 0.0), seconds)
                calls[round_, size] += requests
        sizes = sorted({size for _, size in calls})
        whole = [
            [longest[round_, size] / calls[round_, size] for size in sizes]
            for round_ in sorted({round_ for round_, _ in calls})
            if all((round_, size) in calls for size in sizes)
        ]
        if len(sizes) > 1 and whole:
            yield CallTimes(key, np.array(sizes, dtype=float), np.array(whole), has_trigger)


def fit_time(slices: pd.DataFrame) -> pd.DataFrame:
    """Fits T(n) = a + b n to the call times of each family, and gives its gain.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row per family (``COMPARISON_KEY``) with

        - ``call_s`` (a) and ``event_s`` (b); ``unsound_because`` (why the line does not describe the times; empty
          if it does) and ``deviation`` (a share, at the size furthest from the line; NaN with two sizes);
        - ``gain_limit`` (a ratio that ever larger batches approach) and ``size_90`` (the batch size that reaches
          90 % of it), both NaN if the data don't support a limit, and ``no_limit_because``;
        - ``largest_gain`` (a measured ratio), ``largest_gain_at`` (the sizes that have it), ``enough`` (the
          smallest batch with 90 % of it); NaN or empty without a trigger;
        - ``largest_batch``, ``rounds`` and ``batch_sizes``.

        Figures are medians over rounds, with ``_low`` and ``_high`` (95 %; NaN with fewer than five rounds).
    """
    rows = [_row(each) for each in call_times(slices)]
    bounds = [f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")]
    more = ["unsound_because", "no_limit_because", "largest_gain_at", "enough", "largest_batch"]
    return pd.DataFrame(rows, columns=[*COMPARISON_KEY, *bounds, *more, "deviation", "rounds", "batch_sizes"])


def _row(calls: CallTimes) -> dict[str, Any]:
    line, rounds = calls.line, len(calls.times)
    unknown = np.full(rounds, nan)
    limits, sizes = (unknown, unknown) if calls.no_limit_because else (line.limits, line.sizes_for_share)
    largest = calls.gains[:, calls.largest] if calls.has_trigger else unknown
    row = dict(zip(COMPARISON_KEY, calls.family, strict=True))
    for name, values in zip(FIGURES, (line.call_s, line.event_s, limits, sizes, largest), strict=True):
        row[name] = np.median(values)
        row[f"{name}_low"], row[f"{name}_high"] = median_interval(values)
    return {
        **row,
        "unsound_because": calls.unsound_because,
        "no_limit_because": calls.no_limit_because,
        "largest_gain_at": calls.near_largest if calls.has_trigger else [],
        "enough": calls.enough if calls.has_trigger else nan,
        "largest_batch": int(calls.sizes[-1]),
        # A line through two points has no residual.
        "deviation": float(np.abs(calls.residuals).max()) if len(calls.sizes) >= LEAST_SIZES else nan,
        "rounds": rounds,
        "batch_sizes": ", ".join(f"{size:g}" for size in calls.sizes),
    }


def gain_curve(slices: pd.DataFrame, sizes: Sequence[float]) -> pd.DataFrame:
    """The fitted gain over the trigger, for families whose line is within 5 % of all measured gains.

    Args:
        slices: ``slices.parquet``.
        sizes: batch sizes; those above a family's largest measured one are left out.

    Returns:
        One row per ``COMPARISON_KEY`` and ``batch_size``: ``gain``, ``gain_low``, ``gain_high`` (ratios; 95 %).
    """
    parts = []
    for calls in call_times(slices):
        if calls.no_curve_because:
            continue
        within = [size for size in sizes if size <= calls.sizes[-1]]
        gains = calls.line.gains(within)
        low, high = median_interval(gains)
        middle = np.median(gains, axis=0)
        curve = pd.DataFrame({"batch_size": within, "gain": middle, "gain_low": low, "gain_high": high})
        parts.append(curve.assign(**dict(zip(COMPARISON_KEY, calls.family, strict=True))))
    columns = [*COMPARISON_KEY, "batch_size", "gain", "gain_low", "gain_high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _size(size: float) -> str:
    return "a trigger" if size == 1 else f"a batch of {size:g}"
