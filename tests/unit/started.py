"""Slices of a run in several starts, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from saved import record, slice_, slices_frame

from wiretax.channels.workload import Workload

TRIGGER, BATCH = Workload.of(), Workload.of("batch", 10)


def started(batches: Sequence[Sequence[int]]) -> pd.DataFrame:
    """100 triggers a second, and in each round of each start so many batches of ten."""
    rounds = [(start, each) for start, rounds in enumerate(batches) for each in rounds]
    slices = [
        slice_(workload, number, requests)
        for number, (_, each) in enumerate(rounds)
        for workload, requests in ((TRIGGER, 100), (BATCH, each))
    ]
    return slices_frame(record(*slices)).assign(start=[start for start, _ in rounds for _ in range(2)])
