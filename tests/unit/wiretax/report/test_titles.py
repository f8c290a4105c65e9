"""A report's title names what its run measures."""

from __future__ import annotations

from pathlib import Path

import pytest
from queued import TRIGGER, Drain
from queued import run_of as queues_of
from saved import record, slice_
from searched import SEARCHES
from searched import run_of as searched

from wiretax.channels.workload import Workload
from wiretax.report.titles import title_of
from wiretax.runs.reader import Run, as_read


def swept(*workloads: Workload, **meta: object) -> Run:
    return as_read(record(*(slice_(each, 0, 10) for each in workloads)), Path("a-run"), {"plan": {}, **meta})


@pytest.mark.parametrize(
    ("run", "title"),
    [
        (swept(Workload.of(), Workload.of("batch", 10)), "What one event costs, and what batching saves"),
        (swept(Workload.of()), "What one event costs"),
        (swept(Workload.of(), observed={}), "What the observed publisher sends"),
        (queues_of(Drain(TRIGGER)), "What events from a queue cost, in bytes and in time"),
        (searched(*SEARCHES), "How many events per second a server carries"),
        (swept(), "What one event costs, and what batching saves"),
    ],
    ids=["sweep", "trigger", "observed", "queue", "capacity", "empty"],
)
def test_the_title_names_what_was_measured(run: Run, title: str) -> None:
    assert title_of(run) == title
