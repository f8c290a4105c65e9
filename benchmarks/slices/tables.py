"""The tables of the benchmark of slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from analysis.text.numbers import interval, percent, signed
from benchmarks.slices.consecutive import LEAST_OVERLAP, MOST_HALF_WIDTH, Gain, overlap, reached
from benchmarks.slices.results import OfLength, Separate

# Bulej et al., Duet Benchmarking: Improving Measurement Accuracy in the Cloud (ICPE 2020).
PUBLISHED = "2.3 to 12.5"


def lengths_table(by_load: Mapping[str, Sequence[OfLength]], example: str) -> Table:
    """Interval and bias by length, for each load."""
    table = _table("", "slice", "rounds", example, "half width", "widest", "bias", "completed calls", "r", "time")
    for load, rows in by_load.items():
        for place, row in enumerate(rows):
            table.add_row(
                "" if place else load,
                f"{row.length_s * 1000:g} ms",
                f"{row.rounds}",
                f"{row.example.estimate:.2f} {interval(row.example.low, row.example.high)}",
                f"±{percent(row.half_width)}",
                f"±{percent(max(row.half_widths.values()))}",
                _shares(row.bias.estimate, row.bias.low, row.bias.high),
                _shares(row.completed_bias.estimate, row.completed_bias.low, row.completed_bias.high),
                f"{row.autocorrelation:+.2f}",
                f"{row.took:.2f}x",
            )
        table.add_section()
    return table


def separate_table(by_load: Mapping[str, Separate]) -> Table:
    """What interleaving is worth, for each load."""
    table = _table("", "measurements", "interleaved", "one after the other", "narrower", "published for duets")
    for load, each in by_load.items():
        own, other = each.widths
        narrower = f"{each.narrower:.1f} times"
        table.add_row(load, f"{len(each.separate)}", f"±{percent(own)}", f"±{percent(other)}", narrower, PUBLISHED)
    return table


def runs_table(gains: Sequence[Gain]) -> Table:
    """Each gain in consecutive runs."""
    table = _table("gain of", "first run", "last run", "half width", "between runs", "overlaps")
    for gain in gains:
        first, last = gain.ratios[0], gain.ratios[-1]
        table.add_row(
            gain.name,
            *(f"{each.estimate:.2f} {interval(each.low, each.high)}" for each in (first, last)),
            f"±{percent(gain.half_width)}",
            f"±{percent(gain.between_runs)}",
            f"{gain.overlaps} of {len(gain.ratios) - 1}",
        )
    return table


def verdict(gains: list[Gain]) -> str:
    """Whether the goal is reached, in a sentence."""
    widest = max(gains, key=lambda each: each.half_width)
    return (
        f"{'reached' if reached(gains) else 'missed'}: half widths of at most {percent(MOST_HALF_WIDTH, 0)} "
        f"(median of {len(widest.ratios)} runs; widest {percent(widest.half_width)}, {widest.name}), and "
        f"intervals of consecutive runs that overlap in {percent(LEAST_OVERLAP, 0)} of all pairs "
        f"({percent(overlap(gains), 0)})"
    )


def _shares(estimate: float, low: float, high: float) -> str:
    ends = f" [{signed(low * 100)}, {signed(high * 100)}]" if low == low else ""
    return f"{signed(estimate * 100)} %{ends}"


def _table(*titles: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, title in enumerate(titles):
        table.add_column(title, justify="left" if place == 0 else "right")
    return table
