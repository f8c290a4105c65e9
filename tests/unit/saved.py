"""Runs made by hand for tests: frames whose figures can be worked out on paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.request.sizes import LOOPBACK, request_sizes
from wiretax.channels.workload import Workload
from wiretax.runs.record import RunRecord
from wiretax.wire.counters import TcpCounters
from wiretax.wire.ledger import Tally
from wiretax.wire.slices import Slice

HEAD = {"request_line_bytes": 35, "auth_query_bytes": 195, "header_bytes": 70}


def slice_(workload: Workload, round_: int, requests: int, duration_s: float = 1.0, **more: int) -> Slice:
    """A settled slice of acknowledged requests: 300 B of head, 50 B of envelope, 72 B of answer each."""
    each = {
        **HEAD,
        "body_bytes": workload.payload_per_request + 50,
        "payload_bytes": workload.payload_per_request,
        "response_head_bytes": 70,
        "response_body_bytes": 2,
        "events": workload.call.batch_size,
        "messages": workload.call.messages,
    }
    made = Slice(workload, round_)
    made.measured = Tally(requests=requests, **{name: size * requests for name, size in each.items()}, **more)  # type: ignore[arg-type]
    made.measured.latency.record([1_000_000] * requests)
    made.close()
    made.duration_s = duration_s
    return made


def kernel(segments_out: int, segments_in: int) -> TcpCounters:
    """What a kernel counts: segments with headers of 52 B."""
    return TcpCounters(
        segments_out=segments_out,
        segments_in=segments_in,
        headers_out=52 * segments_out,
        headers_in=52 * segments_in,
    )


def record(*slices: Slice, users: int = 4) -> RunRecord:
    """A record of slices."""
    made = RunRecord()
    for each in slices:
        made.add(each, users)
    return made


def slices_frame(made: RunRecord) -> pd.DataFrame:
    """``slices.parquet`` as it would be read back."""
    return pd.DataFrame(made.slices)


def latency_frame(made: RunRecord) -> pd.DataFrame:
    """``latency.parquet`` as it would be read back."""
    rows: list[dict[str, Any]] = [
        {
            "round": number,
            "workload": name,
            "bucket_low_s": low,
            "bucket_high_s": high,
            "count": int(count),
            "censored": int(censored),
        }
        for number, name, buckets in made.latency
        for low, high, count, censored in zip(
            buckets.lows_s(), buckets.highs_s(), buckets.counts, buckets.censored, strict=True
        )
    ]
    return pd.DataFrame(rows)


def run_json(made: RunRecord, **changes: Any) -> dict[str, Any]:
    """The keys of ``run.json`` that every version wrote, for a valid run; ``changes`` replaces keys."""
    sent = {"request_bytes": made.total.sent_bytes, "response_bytes": made.total.received_bytes}
    return {
        "schema": 1,
        "started": "2026-01-31T12:30:00.000+00:00",
        "plan": {"name": "by-hand", "users": 4},
        "endpoint": "http://127.0.0.1:40000/apps/123456",
        "mock": {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0},
        "rounds_measured": made.rounds,
        "interrupted": False,
        "warnings": [],
        "valid": True,
        "invalid_because": [],
        "reconcile": {
            "agrees": True,
            "model": {"requests": made.total.requests, "events": made.total.events, **sent},
            "socket": sent,
            "kernel": None,
            "server": None,
            "differences": [],
        },
        "busy": {},
        **changes,
    }


def parts_of(made: RunRecord) -> dict[str, Any]:
    """The totals that ``run.json`` keeps of a record."""
    return {name: getattr(made, name).counts() for name in ("total", "aside", "boundary")}


def unseal(folder: Path) -> None:
    """Take the checksums and sums out of a saved run's ``run.json``, as older versions wrote it."""
    file = folder / "run.json"
    document = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps({key: document[key] for key in document if key not in ("files", "sha256")}))


@dataclass(frozen=True, slots=True)
class Costs:
    """The price of a call and of an event, by which a run is made up.

    Attributes:
        head: request line, query and header fields without the digits of Content-Length, B.
        brackets: of a batch's body, B.
        envelope: of an event, B.
        escape_factor: bytes a payload byte takes.
        call_s: seconds a call.
        event_s: seconds an event.
    """

    head: int = 305
    brackets: int = 17
    envelope: int = 60
    escape_factor: float = 1.5
    call_s: float = 12e-6
    event_s: float = 0.8e-6


def made_up(
    costs: Costs,
    workloads: list[Workload],
    rounds: int = 10,
    spread: float = 0.0,
    drift: float = 0.0,
    seed: int = 1,
) -> pd.DataFrame:
    """Slices of a run whose bytes and times follow from its costs exactly, but for noise in its times.

    Args:
        costs: what calls and events cost.
        workloads: what is sent.
        rounds: how many rounds.
        spread: standard deviation of each slice's time, as a share of it.
        drift: by how much each round is slower than the one before, as a share; all workloads alike.
        seed: of the noise.
    """
    # Copies are only made of what is changed.
    return _made_up(costs, tuple(workloads), rounds, spread, drift, seed).copy(deep=False)


@lru_cache(100)
def _made_up(
    costs: Costs, workloads: tuple[Workload, ...], rounds: int, spread: float, drift: float, seed: int
) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    # Apart from their rounds and times, a workload's slices are alike.
    alike = record(*(slice_(workload, 0, requests=1_000) for workload in workloads)).slices
    rows = []
    for number in range(rounds):
        for workload, row in zip(workloads, alike, strict=True):
            call_s = costs.call_s + costs.event_s * workload.call.batch_size
            call_s *= (1 + drift) ** number * np.exp(spread * draw.standard_normal())
            rows.append({**row, "round": number, "duration_s": 1_000 * call_s})
    frame = pd.DataFrame(rows)
    brackets = np.where(frame["api"] == "batch", costs.brackets, 0)
    event = costs.envelope + costs.escape_factor * frame["payload_bytes"]
    body = (brackets + frame["batch_size"] * event).astype(int)
    head = costs.head + body.astype(str).str.len()
    line = HEAD["request_line_bytes"] + HEAD["auth_query_bytes"]
    return frame.assign(
        body_bytes=body * frame["requests"], header_bytes=(head - line).astype(int) * frame["requests"]
    )


def rendered(
    workloads: list[Workload],
    rounds: int = 1,
    costs: Costs = Costs(),
    spread: float = 0.0,
    endpoint: Endpoint = LOOPBACK,
) -> pd.DataFrame:
    """Slices of requests whose bytes are those the profiles render, and whose times follow from the costs."""
    return _rendered(tuple(workloads), rounds, costs, spread, endpoint).copy(deep=False)


@lru_cache(100)
def _rendered(
    workloads: tuple[Workload, ...], rounds: int, costs: Costs, spread: float, endpoint: Endpoint
) -> pd.DataFrame:
    frame = made_up(costs, [*workloads], rounds, spread)
    sizes = [request_sizes(workload, endpoint) for workload in workloads] * rounds
    return frame.assign(
        request_line_bytes=[each.request_line * 1000 for each in sizes],
        auth_query_bytes=[each.auth_query * 1000 for each in sizes],
        header_bytes=[each.headers * 1000 for each in sizes],
        body_bytes=[each.body * 1000 for each in sizes],
        encryption_bytes=[each.encryption * 1000 for each in sizes],
    )
