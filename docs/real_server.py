"""The README's table of what a real server does to the claims: one plan against the mock and against soketi."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.measures.summary import summarise
from analysis.text.numbers import fixed, percent, short
from wiretax.runs.reader import Run

PAYLOAD_BYTES = 100
# Each is made from the rows of a trigger and of a batch of ten.
Line = Callable[[Any, Any], str]
LINES: dict[str, Line] = {
    "a trigger: B sent, received, on the cable": lambda alone, _: _sizes(alone),
    "an event in a batch of 10: the same": lambda _, ten: _sizes(ten),
    "*Fewer calls cure it*: bytes saved by a batch of 10, sent, on the cable": lambda alone, ten: (
        f"{percent(ten.saving)}, {percent(1 - ten.cable_per_event / alone.cable_per_event)}"
    ),
    "*Send up to 10 events per call*: gain [95 % CI]": lambda _, ten: (
        f"{short(ten.gain)}x [{short(ten.gain_low)}, {short(ten.gain_high)}]"
    ),
    "events/s: alone, in batches of 10": lambda alone, ten: (
        f"{fixed(alone.events_per_second, 0)}, {fixed(ten.events_per_second, 0)}"
    ),
}


def real_server_table(runs: dict[str, Run]) -> str:
    """A markdown table with a column for each run, which are of the same plan."""
    pairs = [_rows(run) for run in runs.values()]
    lines = [[name, *(line(*pair) for pair in pairs)] for name, line in LINES.items()]
    head = [f"plan `quick`, events of {PAYLOAD_BYTES} B", *runs]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, [":--"] + ["--:"] * len(runs), *lines))


def _rows(run: Run) -> tuple[Any, Any]:
    summary = summarise(run.slices, run.latency)
    of_payload = summary[summary["payload_bytes"] == PAYLOAD_BYTES]
    [alone] = of_payload[of_payload["api"] == "trigger"].itertuples()
    [ten] = of_payload[of_payload["batch_size"] == 10].itertuples()
    return alone, ten


def _sizes(row: Any) -> str:
    return ", ".join(short(size) for size in (row.sent_per_event, row.received_per_event, row.cable_per_event))
