"""A saved run's capacity for the call that advice recommends: which share of it a rate would use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, log
from pathlib import Path
from typing import Any

from analysis.advice.advise import BUSY, Advice, Demand
from analysis.advice.connections_seen import place, place_of
from analysis.advice.measured_queue import NEAR, SHORT_S
from analysis.advice.saved_runs import Meta, SavedRuns, is_sweep
from analysis.measures.capacity import capacities, target
from analysis.text.labels import Row, call
from analysis.text.numbers import count, duration, fixed, short_percent
from analysis.text.setup_text import FREE, mock_in_words
from wiretax.runs.reader import Run


@dataclass(frozen=True, slots=True)
class MeasuredCapacity:
    """The capacity that a run found for a call.

    Attributes:
        run: the name of the run.
        row: of ``analysis.measures.capacity.capacities``: the call, or the nearest to it.
        trigger: the row of the trigger that it is compared with; None for a trigger, or if the run has none.
        target_s: the target of p99 of total latency, s.
        server: the mock that the run measured, in words; empty for the demand's endpoint.
        tls: whether the demand uses TLS; the run may differ.
    """

    run: str
    row: Row
    trigger: Row | None
    target_s: float
    server: str
    tls: bool

    def sentences(self, rate: float) -> Iterator[str]:
        """The share of the capacity that a rate (events/s) uses, and a warning if too little is left."""
        row = self.row
        few = "more than " if row["is_lower_bound"] else "less than " if row["is_upper_bound"] else ""
        how = [f"99 % of events within {duration(self.target_s)}", count(int(row["publishers"]), "connection")]
        if row["tls"] != self.tls:
            how.append(f"with{'' if row['tls'] else 'out'} TLS")
        how += [self.server] if self.server else []
        share = rate / row["capacity"]
        yield (
            f"This rate is {_bounded(row, share)} of the capacity found in {self.run}: {few}"
            f"{fixed(row['capacity'], 0)} events/s by {call(row)} ({', '.join(how)})."
        )
        if share > BUSY and not row["is_lower_bound"]:
            yield (
                f"Caution: above {short_percent(BUSY)} of its capacity, a server's latency rises steeply. Use "
                "larger batches or more servers, and measure again: wiretax run capacity"
            )
        if self.trigger is not None:
            by_trigger = rate / self.trigger["capacity"]
            if by_trigger > BUSY:
                yield f"By trigger it would be {_bounded(self.trigger, by_trigger)} of the capacity found there."


def _bounded(row: Row, share: float) -> str:
    bound = "less than " if row["is_lower_bound"] else "more than " if row["is_upper_bound"] else ""
    return f"{bound}{short_percent(share)}"


def find_measured_capacity(runs: SavedRuns, advice: Advice) -> MeasuredCapacity | None:
    """The capacity for the advised call, from the named run, or from the newest valid one that has it; None if
    nothing is advised or no run has it.

    Raises:
        RunNotFoundError: if the named run can't be read.
    """
    if advice.advised is None:
        return None
    size, demand = advice.advised.batch_size, advice.demand
    named = runs.named()
    if named is not None:
        return _of_run(named, demand, size) if named.meta.get("valid") and len(named.capacity) else None

    def is_suitable(folder: Path, meta: Meta) -> bool:
        return is_sweep(meta) and (folder / "capacity.parquet").exists() and _is_alike(meta, demand)

    fitting = runs.suitable(is_suitable, ("slices", "queue", "waits", "capacity"))
    found = (_of_run(run, demand, size) for run in fitting)
    return next((each for each in found if each is not None), None)


def _is_alike(meta: Meta, demand: Demand) -> bool:
    """Whether a run measured the demand's endpoint, or a mock that simulates a server: one that costs nothing says
    nothing of a server."""
    mock = meta.get("mock")
    if mock is None:
        return place(str(meta.get("endpoint", ""))) == place_of(demand.endpoint)
    return _mock(mock) != FREE


def _mock(mock: dict[str, Any]) -> str:
    # The round trip is the workload's own.
    return mock_in_words({**mock, "rtt_s": 0.0})


def _of_run(run: Run, demand: Demand, size: int) -> MeasuredCapacity | None:
    table = capacities(run)
    rows: list[Row] = [row for row in table.to_dict("records") if _is_comparable(row, demand)]
    calls = [row for row in rows if (row["api"] == "trigger") == (size == 1)]
    row = min(calls, key=lambda each: _apart(each["batch_size"], size), default=None)
    if row is None or _apart(row["batch_size"], size) > log(NEAR):
        return None
    triggers = [each for each in rows if each["curve"] == row["curve"] and each["api"] == "trigger"]
    mock = run.meta.get("mock")
    return MeasuredCapacity(
        run.folder.name,
        row,
        triggers[0] if triggers and row["api"] != "trigger" else None,
        target(run)["p99_s"],
        "" if mock is None else _mock(mock),
        demand.workload.transport.tls,
    )


def _is_comparable(row: Row, demand: Demand) -> bool:
    """Whether a search has the demand's client, kind of payload and use of connections, and about its payload and
    round trip; the endpoint's own round trip is that of the demand."""
    wanted = demand.workload
    trips = isnan(row["rtt_s"]) or _apart(max(row["rtt_s"], SHORT_S), max(demand.rtt_s, SHORT_S)) <= log(NEAR)
    return bool(
        not isnan(row["capacity"])
        and row["server"] == "endpoint"
        and (row["client"], row["payload_kind"]) == (wanted.transport.client, wanted.payload.kind)
        and row["connection"] == wanted.transport.connection
        and _apart(row["payload_bytes"], wanted.payload.bytes) <= log(NEAR)
        and trips
    )


def _apart(one: float, other: float) -> float:
    """How much two values differ, as the logarithm of their ratio."""
    return abs(log(one / other))
