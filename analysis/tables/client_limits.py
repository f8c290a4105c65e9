"""The client libraries on the terminal: what each refuses to send, by kind of call."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from analysis.text.terminal_table import heading, print_whole
from wiretax.channels.profiles import Profile, load_profile, profile_names
from wiretax.channels.profiles.library_limits import UNITS, CallLimits, LibraryLimits, Measure

COLUMNS = (
    "events\na batch",
    "channels\na trigger",
    "channel's\nname",
    "event's\nname",
    "data of\nan event",
    "time-\nout s",
)
SHORT: dict[Measure, str] = {"utf8": "B", "utf16": "UTF-16", "characters": "chars", "memory": "B in memory"}


def print_client_limits(console: Console) -> None:
    """Print the table of all libraries, and how to read it."""
    profiles = [load_profile(name) for name in profile_names()]
    print_whole(console, render_client_limits([each for each in profiles if each.limits is not None]))
    console.print()
    others = ", ".join(each.name for each in profiles if each.limits is None)
    for line in (
        *(f"{short}: {UNITS[measure]}" for measure, short in SHORT.items() if measure != "characters"),
        "-: no limit found, so the service decides; or the timeout is the HTTP client's",
        "since: the first version of the library that publishes batches",
        "known: run = tests run the library at each limit and beyond it; read = from its source",
        f"not libraries of the service, and without limits: {others}",
        "No library repeats a call by itself; its HTTP client may, on a connection that was closed.",
    ):
        console.print(f"[dim]{line}[/dim]", soft_wrap=True)


def render_client_limits(profiles: Sequence[Profile]) -> Table:
    """The limits of libraries, two rows each: by trigger and in a batch."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("client", no_wrap=True, vertical="bottom")
    table.add_column("call", no_wrap=True, vertical="bottom")
    for title in COLUMNS:
        table.add_column(heading(title), justify="right", no_wrap=True)
    table.add_column("known", no_wrap=True, vertical="bottom")
    table.add_column(heading("library,\nbatches since"), no_wrap=True, vertical="bottom")
    for profile in profiles:
        limits = profile.limits
        assert limits is not None
        timeout = "-" if limits.timeout_s is None else f"{limits.timeout_s:g}"
        table.add_row(
            profile.name, "trigger", *_cells(limits, limits.trigger), timeout, limits.verified, profile.library
        )
        since = f"since {profile.batches_since}" if profile.batches_since else ""
        table.add_row("", "batch", *_cells(limits, limits.batch), "", "", since)
    return table


def _cells(limits: LibraryLimits, call: CallLimits) -> list[str]:
    def cell(most: int | None, measure: Measure | None = None) -> str:
        if most is None:
            return "-"
        return f"{most:,}" if measure is None else f"{most:,} {SHORT[measure]}"

    return [
        cell(call.events),
        cell(call.channels),
        cell(call.channel_name, limits.names_in),
        cell(call.event_name, limits.names_in),
        cell(call.data, limits.data_in),
    ]
