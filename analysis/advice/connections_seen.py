"""Whether a server closes connections after a call, from a saved run or an option."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from analysis.advice.saved_runs import Meta, SavedRuns
from wiretax.channels.endpoint import DEFAULT_PORTS, Endpoint
from wiretax.channels.workload import LIBRARY
from wiretax.runs.reader import Run

# If at least this share of calls opened a connection although their client keeps it, the server closes them.
CLOSING = 0.5


@dataclass(frozen=True, slots=True)
class ConnectionBehaviour:
    """Whether a connection is closed after a call.

    Attributes:
        closes: whether the server closes it.
        by: the source: an option, or the name of a run; empty if it is an assumption.
    """

    closes: bool = False
    by: str = ""


ASSUMED = ConnectionBehaviour()


def closes_most_calls(slices: pd.DataFrame) -> bool | None:
    """Whether the server closed most connections that its clients would have kept.

    Args:
        slices: ``slices.parquet``, of any mode.

    Returns:
        None if no client would have kept its connections.
    """
    kept = slices[slices["connection"] == "keep-alive"]
    if "calls_per_connection" in kept:
        kept = kept[kept["calls_per_connection"] == 0]
    kept = kept[(kept["http"] == "1.1") & (kept["client"] != LIBRARY)]
    calls = int((kept["requests"] + kept["boundary_requests"]).sum())
    return int(kept["connections"].sum()) >= CLOSING * calls if calls else None


def seen_of(run: Run) -> ConnectionBehaviour | None:
    """What a run against a given endpoint showed; None if it used a mock, or its clients kept no connections."""
    if run.meta.get("mock") is not None:
        return None
    known = (closes_most_calls(each) for each in (run.slices, run.queued) if len(each))
    closes = next((each for each in known if each is not None), None)
    return None if closes is None else ConnectionBehaviour(closes, run.folder.name)


def find_seen(runs: SavedRuns, endpoint: Endpoint) -> ConnectionBehaviour | None:
    """What the named run showed, or else the newest valid one against the endpoint; None if none shows it.

    Raises:
        RunNotFoundError: if the named run can't be read.
    """
    named = runs.named()
    seen = None if named is None else seen_of(named)
    if seen is not None:
        return seen

    def is_suitable(folder: Path, meta: Meta) -> bool:
        return meta.get("mock") is None and place(str(meta.get("endpoint", ""))) == place_of(endpoint)

    return next((seen for run in runs.suitable(is_suitable, ("slices",)) if (seen := seen_of(run))), None)


def place(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a run's endpoint; None if it had several."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None


def place_of(endpoint: Endpoint) -> tuple[str, str, int]:
    return endpoint.scheme, endpoint.host.lower(), endpoint.port
