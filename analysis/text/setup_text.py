"""What a run was measured against, and how busy the processors were, in words for tables and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from wiretax.runs.reader import Run

FREE = "mock that costs nothing"


def server_in_words(run: Run) -> str:
    """What answered: the mock and its cost, the mocks of a run's queues, or an endpoint that was given."""
    mock = run.meta.get("mock")
    if mock is None:
        return "(endpoint given)"
    trips_s = _round_trips_s(run.queue, mock)
    # Of a plan whose workloads all arrive in queues, no other mock was used.
    if run.slices.empty and len(trips_s) == 1:
        return mock_in_words({**mock, "rtt_s": trips_s[0]})
    words = mock_in_words(mock)
    if not trips_s or trips_s == [mock["rtt_s"]]:
        return words
    queues = f"round trip {_listed(trips_s)}"
    if run.slices.empty:
        rest = mock_in_words({**mock, "rtt_s": 0.0})
        return f"mocks: {queues}" + ("" if rest == FREE else f", {rest.removeprefix('mock: ')}")
    return f"{words}; queues: {queues}"


def mock_in_words(mock: Mapping[str, Any]) -> str:
    """A mock and its cost: ``mock: rtt 50 ms, 1 server``."""
    cost = {name: value for name, value in mock.items() if name != "servers" and value}
    if not cost:
        return FREE
    words = ", ".join(f"{name.removesuffix('_s')} {_milliseconds(value)} ms" for name, value in cost.items())
    return f"mock: {words}, {mock['servers']} server{'' if mock['servers'] == 1 else 's'}"


def cpu_in_words(busy: Mapping[str, float | None]) -> str:
    """``generator 0.95 core, mock 1.20 cores``; empty where nothing is known."""
    return ", ".join(f"{name} {cores(value)}" for name, value in busy.items() if value is not None)


def cores(value: float) -> str:
    """``0.95 core``, ``1.20 cores``."""
    return f"{value:.2f} core{'s' if round(value, 2) > 1 else ''}"


def _round_trips_s(queue: pd.DataFrame, mock: Mapping[str, Any]) -> list[float]:
    if queue.empty:
        return []
    return sorted({float(value) for value in queue["rtt_s"].fillna(mock["rtt_s"])})


def _listed(seconds: list[float]) -> str:
    """``5 and 50 ms``."""
    words = [_milliseconds(each) for each in seconds]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) + " ms"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.10g}"
