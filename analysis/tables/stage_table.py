"""The stages of a free run on the terminal: a row for each stage and workload."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.measures.stages import StageSummary, stage_numbers, summarise_stages
from analysis.tables.columns import CABLE, EVENTS, MAX, P50, P99, SENT, Column
from analysis.text.labels import describe
from analysis.text.numbers import MISSING, count, fixed
from analysis.text.terminal_table import heading, print_fitting
from wiretax.runs.run import Run

# A shape may have a stage every second.
MOST_STAGES = 24
COLUMNS = (EVENTS, SENT, CABLE, P50, P99, MAX)


def print_stages(run: Run, console: Console) -> None:
    """Print the stages of a run, if the load had several; of very many, the first ones."""
    numbers = stage_numbers(run)
    if not numbers:
        return
    shown = [*summarise_stages(run, numbers[:MOST_STAGES])]
    print_fitting(console, lambda columns: _build(shown, columns), COLUMNS)
    more = len(numbers) - len(shown)
    if more:
        console.print(f"[dim]{count(more, 'further stage')}: column stage of slices.parquet[/dim]")
    console.print("[dim]stages: users as Locust was told; rates include the ramp-up[/dim]", soft_wrap=True)
    console.print()


def _build(stages: Sequence[StageSummary], columns: list[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for title in ("stage", "users", "s"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("sent as", no_wrap=True)
    for column in columns:
        table.add_column(heading(column.title), justify="right", no_wrap=True)
    for stage in stages:
        users = MISSING if stage.users is None else f"{stage.users:,}"
        first = (str(stage.number + 1), users, fixed(stage.seconds, 1))
        for row in stage.workloads.to_dict("records"):
            table.add_row(*first, escape(describe(row)), *(column.cell(row) for column in columns))
            first = ("", "", "")
    return table
