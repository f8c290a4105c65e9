"""A round has the number of the files wherever people read it, and the documents say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from saved import record, slice_, slices_frame

from wiretax.channels.workload import Workload
from wiretax.delivery.counting.accounts import unbalanced
from wiretax.delivery.counting.tally import DeliveryTally
from wiretax.load.sweep.progress import where
from wiretax.load.sweep.rounds import WARM_UP, Step
from wiretax.runs.skipped import Skipped
from wiretax.wire.ledger import Failure

ROOT = Path(__file__).parents[5]
REJECTED = Failure("rejected", 413, "too large")


@pytest.mark.parametrize("number", [0, 2, 9])
def test_progress_names_a_round_as_the_files_do(number: int) -> None:
    kept = slices_frame(record(slice_(Workload.of(), number, 10)))["round"].item()
    assert where(Step(Workload.of(), number, 10, 0.0)) == f"round {kept} of 0-9"


def test_a_warm_up_is_no_round() -> None:
    assert where(Step(Workload.of(), WARM_UP, 10, 0.0)) == "warm-up"


def test_a_start_numbers_its_rounds_on() -> None:
    step = Step(Workload.of(), 0, 6, 0.0, first_round=6)
    assert where(step) == "round 6 of 6-11"
    assert where(replace(step, round=5)) == "round 11 of 6-11"
    skipped = Skipped(Workload.of(), REJECTED, after=3, first_round=6)
    assert "was skipped after round 9: " in str(skipped)


def test_messages_name_a_round_as_the_files_do() -> None:
    assert "was skipped after round 3: " in str(skipped := Skipped(Workload.of(), REJECTED, after=3))
    assert skipped.as_row()["after_round"] == 3
    [said] = unbalanced("w", 3, DeliveryTally(sent=1))
    assert said.startswith("deliveries of w, round 3: ")


def test_the_documents_say_how_rounds_are_numbered() -> None:
    for name in ("method", "data"):
        text = " ".join((ROOT / f"docs/{name}.md").read_text().split())
        assert "`round 2 of 0-9`" in text
        assert "from 0" in text
