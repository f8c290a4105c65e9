"""The server that a run was measured against, the part of its plan that was measured, and CPU usage."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.text.numbers import cores, count, listed, plain
from wiretax.runs.reader import Run

FREE = "mock that costs nothing"


def server_in_words(run: Run) -> str:
    """The server: the mock and its cost, the mocks of a run's queues, or the given endpoint."""
    mock = run.meta.get("mock")
    if mock is None:
        return "(endpoint given)"
    trips_s = _round_trips_s(run.queue, mock)
    # If all workloads arrive in queues, no other mock was used.
    if run.slices.empty and len(trips_s) == 1:
        return mock_in_words({**mock, "rtt_s": trips_s[0]})
    words = mock_in_words(mock)
    if not trips_s or trips_s == [mock["rtt_s"]]:
        return words
    queues = f"round trip {listed([plain(each * 1e3) for each in trips_s])} ms"
    if run.slices.empty:
        rest = mock_in_words({**mock, "rtt_s": 0.0})
        return f"mocks: {queues}" + ("" if rest == FREE else f", {rest.removeprefix('mock: ')}")
    return f"{words}; queues: {queues}"


def mock_in_words(mock: Mapping[str, Any]) -> str:
    """A mock and its cost: ``mock: rtt 50 ms, 1 server``."""
    cost = {name: value for name, value in mock.items() if name != "servers" and value}
    if not cost:
        return FREE
    words = ", ".join(f"{name.removesuffix('_s')} {plain(value * 1e3)} ms" for name, value in cost.items())
    return f"mock: {words}, {count(mock['servers'], 'server')}"


def chosen_by(plan: Mapping[str, Any]) -> str:
    """The options that left out workloads of a plan, as part of a sentence: ``by --only 'batch*'``."""
    given = [f"--{option} {shlex.quote(each)}" for option in ("only", "skip") for each in plan.get(option, ())]
    return f"by {' '.join(given) or '--only or --skip'}"


def cpu_in_words(busy: Mapping[str, float | None]) -> str:
    """``generator 0.95 core, mock 1.20 cores``; empty if nothing is known."""
    return ", ".join(f"{name} {cores(value)}" for name, value in busy.items() if value is not None)


def _round_trips_s(queue: pd.DataFrame, mock: Mapping[str, Any]) -> list[float]:
    return [] if queue.empty else sorted({float(value) for value in queue["rtt_s"].fillna(mock["rtt_s"])})
