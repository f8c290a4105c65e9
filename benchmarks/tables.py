"""What was measured, as tables and as JSON: ratios by round first, absolute rates as of this run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from analysis.text.numbers import fixed, interval
from benchmarks.generators import Generator
from benchmarks.window import DISTURBED, Window
from wiretax.channels.workload import Workload

# Of each workload, for each generator, a window a round.
Figures = dict[Workload, dict[str, list[Window]]]

FULL = 0.9


def label(workload: Workload) -> str:
    """``trigger`` or ``batch of 10``."""
    return f"batch of {workload.call.batch_size}" if workload.call.api == "batch" else workload.call.api


def ratios(over: Sequence[Window], under: Sequence[Window]) -> list[float]:
    """Requests per second of one generator over those of another, of the rounds in which neither was disturbed."""
    return [
        a.requests_per_s / b.requests_per_s
        for a, b in zip(over, under, strict=True)
        if not a.disturbed and not b.disturbed
    ]


def peers_table(figures: Figures, generators: Sequence[Generator]) -> Table:
    """wiretax over each peer that signs, by workload."""
    table = _table("wiretax beside its peers", "requests/s *", "events/s *", "B/request", "CPU", "wiretax over it")
    ours, peers = generators[0], generators[:-1]
    for workload, windows in figures.items():
        for generator in peers:
            measured = windows.get(generator.name)
            first = label(workload) if generator is ours else ""
            if measured is None:
                table.add_row(first, generator.name, *["-"] * 4, escape(f"missing: {generator.remedy}"))
                continue
            table.add_row(
                first,
                generator.name,
                fixed(_median(measured, lambda each: each.requests_per_s), 0),
                fixed(_median(measured, lambda each: each.events_per_s), 0),
                fixed(_median(measured, lambda each: each.request_bytes), 0),
                f"{_median(measured, lambda each: each.generator_cpu):.0%}",
                "-" if generator is ours else spread(ratios(windows[ours.name], measured)),
            )
        table.add_section()
    return table


def capacity_table(figures: Figures, generators: Sequence[Generator]) -> Table:
    """What the mock can answer over what wiretax asks, and how busy each generator keeps it."""
    table = _table("The mock's capacity", "requests/s *", "mock's CPU", "over wiretax")
    ours, capacity = generators[0], generators[-1]
    for workload, windows in figures.items():
        for generator in [capacity, *generators[:-1]]:
            measured = windows.get(generator.name)
            first = label(workload) if generator is capacity else ""
            if measured is not None:
                table.add_row(
                    first,
                    generator.name,
                    fixed(_median(measured, lambda each: each.requests_per_s), 0),
                    f"{_median(measured, lambda each: each.mock_cpu):.0%}",
                    spread(ratios(measured, windows[ours.name])) if generator is capacity else "-",
                )
            elif generator is capacity:
                table.add_row(first, generator.name, "-", "-", escape(f"missing: {generator.remedy}"))
        table.add_section()
    return table


def _table(title: str, *figures: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("sent as", no_wrap=True)
    table.add_column("generator")
    for figure in figures:
        table.add_column(figure, justify="right")
    return table


def spread(values: Sequence[float]) -> str:
    """Median, least and most: ``2.81x [2.70, 2.95]``."""
    return f"{fixed(median(values), 2)}x {interval(min(values), max(values))}" if values else "disturbed"


def notes(figures: Figures, ours: str) -> list[str]:
    """What a reader has to know before quoting a ratio."""
    held_up = [
        f"{label(workload)}: the mock was {busy:.0%} busy under wiretax and held it up: its lead is a lower bound."
        for workload, windows in figures.items()
        if (busy := _median(windows[ours], lambda each: each.mock_cpu)) > FULL
    ]
    every = [window for windows in figures.values() for each in windows.values() for window in each]
    disturbed = sum(window.disturbed for window in every)
    if not disturbed:
        return held_up
    return [
        *held_up,
        f"{disturbed} of {len(every)} windows were disturbed, and again when repeated: for over {DISTURBED:.0%} "
        "of the time a core did something else, or both idled. They are in no ratio; a quiet machine has none.",
    ]


def document(figures: Figures, generators: Sequence[Generator]) -> list[dict[str, Any]]:
    """An item for each workload and generator: its windows by round, and its ratios to wiretax."""
    ours = generators[0].name
    return [
        {
            "sent_as": label(workload),
            "workload": workload.name,
            "generator": generator.name,
            "version": generator.version,
            "windows": [asdict(window) for window in windows[generator.name]],
            "wiretax_over_generator": ratios(windows[ours], windows[generator.name]),
        }
        for workload, windows in figures.items()
        for generator in generators
        if generator.name in windows
    ]


def _median(windows: Sequence[Window], figure: Callable[[Window], float]) -> float:
    """Of the undisturbed windows; of all where there are none."""
    quiet = [window for window in windows if not window.disturbed]
    return median(figure(window) for window in quiet or windows)
