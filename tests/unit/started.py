"""Slices of a run in several starts, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from saved import record, slice_, slices_frame

from wiretax.channels.workload import Workload

BATCH = Workload.of("batch", 10)


def started(batches: Sequence[Sequence[int]], payload_bytes: int = 100) -> pd.DataFrame:
    """100 triggers a second, and in each round of each start so many batches of ten."""
    calls = [Workload.of(payload_bytes=payload_bytes), Workload.of("batch", 10, payload_bytes=payload_bytes)]
    rounds = [(start, each) for start, rounds in enumerate(batches) for each in rounds]
    slices = [
        slice_(workload, number, requests)
        for number, (_, each) in enumerate(rounds)
        for workload, requests in zip(calls, (100, each), strict=True)
    ]
    return slices_frame(record(*slices)).assign(start=[start for start, _ in rounds for _ in range(2)])
