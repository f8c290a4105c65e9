"""A history on the terminal and as a drawing: what changed is named by commit, noisy values have intervals."""

from __future__ import annotations

import json
from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from analysis.gates.measured.metrics import METRICS, Metric
from analysis.history.change_points import ChangePoint, can_find_changes, change_points
from analysis.history.document import document
from analysis.history.figure import draw_history
from analysis.history.series import steps
from analysis.history.terminal import print_history

BYTES, GAIN = METRICS["http.request.size.per_event"], METRICS["gain"]


def a_history(values: list[float], exact: bool) -> pd.DataFrame:
    count = len(values)
    return pd.DataFrame(
        {
            "run": [f"run-{number}" for number in range(count)],
            "started": pd.date_range("2026-01-01", periods=count, tz="UTC"),
            # As ``history`` makes it: with None where it is unknown.
            "commit": pd.Series([*(f"{number:040x}"[::-1] for number in range(1, count)), None], dtype=object),
            "changed": [False] * count,
            "value": values,
            "low": [float("nan") if exact else value - 0.1 for value in values],
            "high": [float("nan") if exact else value + 0.1 for value in values],
            "exact": [exact] * count,
            "conditions": ["here"] * count,
            "label.team": ["a"] * count,
        }
    )


def shown(frame: pd.DataFrame, changes: list[ChangePoint] | None, metric: Metric) -> str:
    console = Console(file=StringIO(), width=160)
    print_history(frame, steps(frame), changes, "trigger", metric, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_steps_of_bytes_are_named_by_commit() -> None:
    frame = a_history([542, 612, 612, 600], exact=True)
    said = shown(frame, None, BYTES)
    assert "+70 B/event at commit 2000000000 (run-1), since 1000000000: 542 -> 612" in said
    assert "-12 B/event at run-3, since 3000000000: 612 -> 600" in said
    assert said.count("<- changed") == 2
    assert "[history]" not in said
    drawing = draw_history(frame, steps(frame), None, "trigger", BYTES)
    assert drawing.title == "trigger: 542 -> 600 B/event, last changed at run-3"
    svg = drawing.svg()
    assert "+70" in svg
    assert "2000000" in svg


def test_without_a_change_it_says_so() -> None:
    assert "no change" in shown(a_history([542.0] * 3, exact=True), None, BYTES)
    assert "no change among 3 runs that chance does not explain" in shown(a_history([5.0] * 3, False), [], GAIN)


def test_changes_of_noisy_values_have_their_probability_and_values_their_interval() -> None:
    frame = a_history([5.0, 5.0, 4.0, 4.0], exact=False)
    change = ChangePoint("run-2", "3" * 40, "2" * 40, 5.0, 4.0, 1e-6)
    said = shown(frame, [change], GAIN)
    assert "5.000x -> 4.000x (0.800x, p = 1e-06) at commit 3333333333 (run-2), since 2222222222" in said
    assert "[4.900, 5.100]" in said
    assert "[history]" in shown(frame, None, GAIN)
    assert "0.80x" in draw_history(frame, steps(frame), [change], "trigger", GAIN).svg()


def test_the_document_has_no_value_that_json_lacks() -> None:
    frame = a_history([542, 612], exact=True)
    made = json.loads(json.dumps(document(frame, steps(frame), None, "trigger", BYTES), allow_nan=False))
    assert [each["value"] for each in made["runs"]] == [542, 612]
    assert made["runs"][0]["low"] is None
    assert made["runs"][0]["labels"] == {"team": "a"}
    assert [each["difference"] for each in made["steps"]] == [70]
    assert made["change_points"] is None


@pytest.mark.optional_tools
@pytest.mark.skipif(not can_find_changes(), reason="apache-otava pins a numpy older than the constraints'")
def test_otava_finds_a_change_and_none_in_noise() -> None:
    noise = [0.02, -0.01, 0.0, 0.015, -0.02, 0.01, -0.005, 0.0, 0.02, -0.015] * 2
    before, after = ([level * (1 + each) for each in noise] for level in (5.0, 4.0))
    [found] = change_points(a_history([*before, *after], exact=False))
    assert found.run == "run-20"
    assert found.before == pytest.approx(5.0, rel=0.02)
    assert found.after == pytest.approx(4.0, rel=0.02)
    assert change_points(a_history(before, exact=False)) == []
    assert change_points(a_history(before[:1], exact=False)) == []
