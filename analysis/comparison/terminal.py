"""A comparison on the terminal."""

from __future__ import annotations

from functools import partial

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.comparison import phrases
from analysis.comparison.compare import Comparison
from analysis.text.terminal_table import heading, print_whole

STYLES = {"differ": "yellow", "no difference shown": "dim", "unknown": "dim"}


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print both runs, the workloads whose bytes differ with the cause of each difference, and times."""
    say = partial(console.print, soft_wrap=not console.is_terminal, highlight=False)
    say(f"[bold]compare[/bold]  {escape(phrases.title(comparison.before))}")
    say(f"[bold]   with[/bold]  {escape(phrases.title(comparison.after))}")
    say()
    if comparison.bytes:
        print_whole(console, _bytes(comparison))
        say()
    for row in comparison.changed:
        say(f"[bold]{escape(row.workload)}[/bold]")
        for part in row.changes:
            say(f"  {escape(phrases.part(part))}")
            for line in phrases.causes(part):
                say(f"    {escape(line)}")
        for each in row.same_size:
            say(f"  [dim]{escape(phrases.cause(each))}[/dim]")
    if same := phrases.unchanged(comparison):
        say(escape(same))
    for names, which in ((comparison.only_before, "first"), (comparison.only_after, "second")):
        if names:
            say(f"only in the {which} run: {escape(phrases.named(names))}")
    say()
    if comparison.times:
        if phrases.pairs_shown(comparison):
            print_whole(console, _times(comparison))
        if others := phrases.other_pairs(comparison):
            say(escape(others))
        say("[dim]Intervals are 95 % CI across rounds. The machine may have changed between the runs: only[/dim]")
        say("[dim]figures taken within one run, as gain, are safe from that.[/dim]")
    elif comparison.not_timed:
        say(f"times not comparable: {escape('; '.join(comparison.not_timed))}")
    for side, which in ((comparison.before, "first"), (comparison.after, "second")):
        for reason in side.invalid_because:
            say(f"[red]invalid[/red]  {which} run: {escape(reason)}")
    say(escape(phrases.verdict(comparison)))


def _bytes(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("workload", no_wrap=True, vertical="bottom")
    table.add_column(heading("sent\nB/event"), justify="right", no_wrap=True)
    for row in comparison.bytes:
        style = "yellow" if row.changes else ""
        text = escape(phrases.total(row))
        table.add_row(escape(row.workload), f"[{style}]{text}[/{style}]" if style else text)
    return table


def _times(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for name in ("workload", "figure"):
        table.add_column(name, no_wrap=True)
    for name in ("first run", "second run", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("intervals", no_wrap=True)
    for row in phrases.pairs_shown(comparison):
        before, after, ratio, shown = phrases.pair(row)
        cells = (row.workload, row.metric, before, after, ratio)
        table.add_row(*map(escape, cells), f"[{STYLES[shown]}]{shown}[/{STYLES[shown]}]")
    return table
