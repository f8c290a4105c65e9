"""The figures of a benchmark survive being saved, and are compared round by round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks_made_up import document, row, window

from benchmarks.peers.document import Comparison, Row, ratio, read_document

RATES = (100.0, 110.0, 90.0, 105.0, 95.0, 100.0)
OURS, OTHER = row("wiretax", [3 * rate for rate in RATES]), row("k6", RATES)
PEERS = Comparison("peers", 10, 1000, (OURS, OTHER))


def test_a_document_is_read_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.json"
    document(PEERS).save(file)
    assert read_document(file) == document(PEERS)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.json"
    file.write_text(json.dumps({"schema": 2}))
    with pytest.raises(ValueError, match=r"benchmarks\.json: schema 2, expected 1"):
        read_document(file)


def test_a_ratio_is_taken_within_rounds() -> None:
    found = ratio(OURS, OTHER)
    assert (found.estimate, found.low, found.high, found.rounds) == (pytest.approx(3),) * 3 + (6,)


def test_a_disturbed_window_is_in_no_ratio_if_enough_rounds_remain() -> None:
    windows = (window(300), window(30, others_cpu=0.2), *OURS.windows[2:])
    found = ratio(Row("wiretax", "", True, windows), OTHER)
    assert (found.low, found.rounds) == (pytest.approx(3), 5)
    again = ratio(Row("wiretax", "", True, (window(300, others_cpu=0.2), *windows[1:])), OTHER)
    assert again.rounds == 6


def test_a_comparison_says_what_was_sent() -> None:
    assert PEERS.sent_as == "batch of 10, 1,000 B"
    assert Comparison("peers", 1, 100, ()).sent_as == "trigger, 100 B"
