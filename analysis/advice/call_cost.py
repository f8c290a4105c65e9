"""The work of a call and of an event, from the workloads of a saved run that are nearest to a demand."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from analysis.advice.connections_seen import closes_most_calls
from analysis.advice.saved_runs import Meta, SavedRuns, is_shorter, is_sweep
from analysis.measures.interval import LEAST_ROUNDS
from analysis.models.call_time import fit_time
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import COMPARISON_KEY, LIBRARY, Workload, workload_of
from wiretax.runs.reader import Run, RunNotFoundError


@dataclass(frozen=True, slots=True)
class CallCost:
    """Seconds that the slower of publisher and server spends on a call and on each event in it.

    Attributes:
        call_s: a of T(n) = a + b n.
        event_s: b.
        run: the name of the run it was fitted to; empty if nothing was measured; both times are 0 then.
        workload: the family it was fitted to, as a trigger.
        mock: the cost model of that run's mock; None for a given endpoint.
        by_round_trips: whether that run waited for round trips, so its times include more than work.
        with_connection: whether each of that run's calls opened a connection, which the work includes.
        largest_batch: the largest batch it was fitted to; 0 if nothing was measured.
    """

    call_s: float = 0.0
    event_s: float = 0.0
    run: str = ""
    workload: Workload | None = None
    mock: dict[str, Any] | None = None
    by_round_trips: bool = False
    with_connection: bool = False
    largest_batch: int = 0


UNKNOWN = CallCost()


def call_cost_of(run: Run, wanted: Workload) -> CallCost | None:
    """The work fitted to the family of a run that is nearest to a workload.

    The criteria, in this order: client, kind of payload, use of connections, names, ratio of payload sizes,
    TLS.

    Returns:
        None if ``why_no_call_cost`` has a reason.
    """
    fits = _fits(run)
    fits = fits[fits["unsound_because"] == ""]
    if fits.empty:
        return None
    nearest = min(fits.to_dict("records"), key=lambda row: _distance(row, wanted))
    return CallCost(
        # A sound line may still start slightly below 0.
        call_s=max(0.0, float(nearest["call_s"])),
        event_s=max(0.0, float(nearest["event_s"])),
        run=run.folder.name,
        workload=Workload.of(**{name: nearest[name] for name in COMPARISON_KEY}),
        mock=run.meta["mock"],
        by_round_trips=_by_round_trips(run.meta),
        with_connection=nearest["connection"] == "close" or bool(closes_most_calls(run.slices)),
        largest_batch=int(nearest["largest_batch"]),
    )


def why_no_call_cost(run: Run) -> str:
    """Why a run can't show the cost of a call; empty if it can.

    Only sweeps can: the classes of a free run compete, and an observed publisher also idles between its calls. A
    straight line has to describe the call times of at least one family.
    """
    if run.mode == "free":
        return "it is a free run, whose user classes compete; name a sweep, such as one of: wiretax run headline"
    fits = _fits(run)
    if run.mode == "observe" or fits.empty:
        return (
            "it can't show the cost of a call; name a run with a trigger and batches of the same payload, such as "
            "one of: wiretax run headline"
        )
    if (fits["unsound_because"] == "").any():
        return ""
    return (
        f"it can't show the cost of a call ({fits['unsound_because'].iloc[0]}); name another, or measure again: "
        "wiretax run headline"
    )


def _fits(run: Run) -> pd.DataFrame:
    """The fitted lines of wiretax's own publisher."""
    fits = fit_time(run.slices)
    return fits[fits["client"] != LIBRARY]


def find_call_cost(runs: SavedRuns, wanted: Workload) -> CallCost:
    """The work measured by the named run, or by the newest valid one that can show it; ``UNKNOWN`` if none can.

    A run that waited for round trips is used only if it is named.

    Raises:
        RunNotFoundError: if the named run can't be read, or has nothing to fit.
    """
    run = runs.named()
    if run is not None:
        if not run.meta["valid"]:
            why = "; ".join(run.meta["invalid_because"])
            raise RunNotFoundError(f"run {run.folder}: it is invalid ({why}); name another, or leave --run out")
        cost = call_cost_of(run, wanted)
        if cost is None and len(run.queue):
            return UNKNOWN
        if cost is None:
            raise RunNotFoundError(f"run {run.folder}: {why_no_call_cost(run)}")
        return cost
    for run in runs.suitable(_may_show_cost, ("slices",)):
        found = call_cost_of(run, wanted)
        if found is not None:
            return found
    return UNKNOWN


def _may_show_cost(folder: Path, meta: Meta) -> bool:
    """Whether a run without a name can show the cost of a call, as far as ``run.json`` tells."""
    return is_sweep(meta) and not is_shorter(meta, LEAST_ROUNDS) and not _by_round_trips(meta)


def _distance(row: dict[Any, Any], wanted: Workload) -> tuple[Any, ...]:
    return (
        row["client"] != wanted.transport.client,
        row["payload_kind"] != wanted.payload.kind,
        row["encrypted"] != wanted.payload.encrypted,
        row["connection"] != wanted.transport.connection,
        row["server"] != wanted.server,
        row["calls_per_connection"] != wanted.transport.calls_per_connection,
        workload_of(row).names != wanted.names,
        abs(log(row["payload_bytes"] / wanted.payload.bytes)),
        row["tls"] != wanted.transport.tls,
    )


def _by_round_trips(meta: Meta) -> bool:
    """Whether calls waited for a real or simulated round trip."""
    if (mock := meta.get("mock")) is not None:
        return bool(mock["rtt_s"])
    host = urlsplit(str(meta.get("endpoint", ""))).hostname or ""
    return not Endpoint("http", host, 0, DEMO).is_loopback
