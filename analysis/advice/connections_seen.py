"""What a server does to connections after a call, as a saved run saw it or an option says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from wiretax.channels.endpoint import DEFAULT_PORTS, Endpoint
from wiretax.channels.workload import LIBRARY
from wiretax.runs.reader import Run, RunNotFoundError, find_run, newest_first, read_run

# From this share of calls on that opened a connection, though their client keeps it, the server closes them.
CLOSING = 0.5


@dataclass(frozen=True, slots=True)
class Connections:
    """What becomes of a connection after a call.

    Attributes:
        closes: whether the server closes it.
        by: who says so: an option, or the name of a run; empty where it is an assumption.
    """

    closes: bool = False
    by: str = ""


ASSUMED = Connections()


def closes_most_calls(slices: pd.DataFrame) -> bool | None:
    """Whether the server closed connections that its clients would have kept.

    Args:
        slices: ``slices.parquet``, of any mode.

    Returns:
        None where no client would have kept its connections.
    """
    kept = slices[slices["connection"] == "keep-alive"]
    if "calls_per_connection" in kept:
        kept = kept[kept["calls_per_connection"] == 0]
    kept = kept[(kept["http"] == "1.1") & (kept["client"] != LIBRARY)]
    calls = int((kept["requests"] + kept["boundary_requests"]).sum())
    return int(kept["connections"].sum()) >= CLOSING * calls if calls else None


def seen_of(run: Run) -> Connections | None:
    """What a run against a given server saw; None where it was the mock's, or does not tell."""
    if run.meta.get("mock") is not None:
        return None
    told = (closes_most_calls(each) for each in (run.slices, run.queued) if len(each))
    closes = next((each for each in told if each is not None), None)
    return None if closes is None else Connections(closes, run.folder.name)


def find_seen(results: Path, given: str | None, endpoint: Endpoint) -> Connections | None:
    """What the run that is named saw, or else the newest valid one against an endpoint; None where none tells.

    Raises:
        RunNotFoundError: where the run that is named can't be read.
    """
    named = seen_of(read_run(find_run(results, given))) if given is not None else None
    if named is not None:
        return named
    for folder in newest_first(results):
        try:
            run = read_run(folder)
        except RunNotFoundError:
            continue
        if run.meta.get("valid") and _place(str(run.meta.get("endpoint", ""))) == _place_of(endpoint):
            seen = seen_of(run)
            if seen is not None:
                return seen
    return None


def _place(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a run's endpoint; None where it had several."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None


def _place_of(endpoint: Endpoint) -> tuple[str, str, int]:
    return endpoint.scheme, endpoint.host.lower(), endpoint.port
