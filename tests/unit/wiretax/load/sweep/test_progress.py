"""Rounds count from 1 where people read, from 0 in files, and the documents say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from saved import record, slice_, slices_frame

from wiretax.channels.workload import Workload
from wiretax.load.sweep.progress import where
from wiretax.load.sweep.rounds import WARM_UP, Step

ROOT = Path(__file__).parents[5]


def test_the_first_round_is_1_in_text_and_0_in_files() -> None:
    first, last = (slices_frame(record(slice_(Workload.of(), number, 10)))["round"].item() for number in (0, 9))
    step = Step(Workload.of(), 0, 10, 0.0)
    assert (first, where(step)) == (0, "round 1/10")
    assert (last, where(replace(step, round=9))) == (9, "round 10/10")
    assert where(replace(step, round=WARM_UP)) == "warm-up"


def test_the_document_on_the_method_says_which_is_which() -> None:
    text = " ".join((ROOT / "docs/method.md").read_text().split())
    assert "`round 3/10`" in text
    assert "counts from 0" in text
