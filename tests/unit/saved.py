"""Runs made by hand for tests: frames whose figures can be worked out on paper."""

from __future__ import annotations

from typing import Any

import pandas as pd

from wiretax.channels.workload import Workload
from wiretax.runs.record import RunRecord
from wiretax.wire.ledger import Tally
from wiretax.wire.slices import Slice

HEAD = {"request_line_bytes": 35, "auth_query_bytes": 195, "header_bytes": 70}


def piece(workload: Workload, round_: int, requests: int, duration_s: float = 1.0, **more: int) -> Slice:
    """A settled slice of acknowledged requests: 300 B of head, 50 B of envelope, 72 B of answer each."""
    each = {
        **HEAD,
        "body_bytes": workload.payload_per_request + 50,
        "payload_bytes": workload.payload_per_request,
        "response_head_bytes": 70,
        "response_body_bytes": 2,
        "events": workload.batch_size,
        "messages": workload.messages_per_request,
    }
    made = Slice(workload, round_)
    made.measured = Tally(requests=requests, **{name: size * requests for name, size in each.items()}, **more)  # type: ignore[arg-type]
    made.measured.latency.record([1_000_000] * requests)
    made.close()
    made.duration_s = duration_s
    return made


def record(*pieces: Slice, users: int = 4) -> RunRecord:
    """A record of slices."""
    made = RunRecord()
    for each in pieces:
        made.add(each, users)
    return made


def slices_frame(made: RunRecord) -> pd.DataFrame:
    """``slices.parquet`` as it would be read back."""
    return pd.DataFrame(made.slices)


def latency_frame(made: RunRecord) -> pd.DataFrame:
    """``latency.parquet`` as it would be read back."""
    rows: list[dict[str, Any]] = [
        {"round": number, "workload": name, "bucket_low_s": low, "bucket_high_s": high, "count": int(count)}
        for number, name, buckets in made.latency
        for low, high, count in zip(buckets.lows_s(), buckets.highs_s(), buckets.counts, strict=True)
    ]
    return pd.DataFrame(rows)
