"""A table shows a frame: as HTML, as Markdown, and as the frame itself, which can be computed with."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import wiretax
from analysis.measures.layers import LAYERS
from analysis.tables import notebook_capacity, notebook_deliveries, notebook_queues
from analysis.tables import notebook_tables as page
from analysis.text.sheet import Cell, Lines, Numbers, Sheet, Words
from analysis.text.units import unit_of, with_units
from wiretax.runs.reader import Run, read_run

REFERENCE = Path(__file__).parents[4] / "results" / "reference"
FRAME = pd.DataFrame({"call": ["<script>", "1|2"], "sent_per_event": [473.0, 195.625]})
SHEET = Sheet(
    FRAME,
    (
        Words("<a>", lambda row: Cell(row["call"], small="&", mark='x" y')),
        Numbers("sent\nB/event", lambda row: f"{row['sent_per_event']:.1f}"),
    ),
    ["a note"],
)
# What notebooks show of reference runs.
SHOWN: list[tuple[str, Callable[[Run], object]]] = [
    ("headline", page.costs),
    ("headline", page.bytes_model),
    ("headline", page.time_model),
    ("headline", page.monthly),
    ("headline", page.claimed),
    ("headline", page.witnesses),
    ("headline", page.environment),
    ("headline", lambda run: page.options(page.advice(run, 500, 200, 0.04, 0.1))),
    ("clients", page.libraries),
    ("tradeoff", notebook_queues.queues),
    ("capacity", notebook_capacity.capacity),
    ("capacity", notebook_capacity.latencies),
    ("delivery", notebook_deliveries.delivery_sheet),
    ("delivery", notebook_deliveries.fan_out_sheet),
]
# What the names of a library give.
RETURNED: list[tuple[str, Callable[[Run], pd.DataFrame]]] = [
    ("headline", wiretax.summarise),
    ("headline", wiretax.layers),
    ("tradeoff", wiretax.queues),
    ("capacity", wiretax.capacities),
    ("delivery", wiretax.deliveries),
]


@cache
def reference(name: str) -> Run:
    return read_run(REFERENCE / name)


def test_a_table_is_shown_in_two_ways() -> None:
    html = SHEET.html()
    assert "<script>" not in html
    assert "&lt;script&gt;<br><small>&amp;</small>" in html
    assert '<th style="text-align:right">sent B/event</th>' in html
    assert html.endswith("<p><small>a note</small></p>")
    assert SHEET.markdown().splitlines() == [
        "| <a> | sent B/event |",
        "| :-- | --: |",
        "| <script><br><sub>&</sub> | 473.0 |",
        "| 1\\|2<br><sub>&</sub> | 195.6 |",
        "",
        "a note",
    ]


def test_its_frame_has_the_numbers_with_their_units() -> None:
    assert SHEET.frame["sent_per_event"].tolist() == [473.0, 195.625]
    assert SHEET.frame.attrs["units"] == {"sent_per_event": "B"}
    assert "units" not in FRAME.attrs


def test_sentences_are_shown_in_two_ways() -> None:
    assert Lines(["<b>"]).html() == '<ul class="lines"><li>&lt;b&gt;</li></ul>'
    assert Lines([], "none").markdown() == "none"


def is_number(kind: object) -> bool:
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


@pytest.mark.parametrize(("name", "show"), SHOWN, ids=lambda each: getattr(each, "__name__", str(each)))
def test_each_table_of_a_notebook_has_a_frame_with_units(name: str, show: Callable[[Run], Sheet]) -> None:
    sheet = show(reference(name))
    assert len(sheet.frame) == len(sheet.rows) > 0
    assert_typed(sheet.frame)


@pytest.mark.parametrize(("name", "made"), RETURNED, ids=lambda each: getattr(each, "__name__", str(each)))
def test_each_frame_of_the_library_has_units(name: str, made: Callable[[Run], pd.DataFrame]) -> None:
    assert_typed(made(reference(name)))


def assert_typed(frame: pd.DataFrame) -> None:
    """Each number has a unit, and no number or flag is kept as an object."""
    numbers = [name for name, kind in frame.dtypes.items() if is_number(kind)]
    assert {*frame.attrs["units"]} == {*numbers}, {*numbers} - {*frame.attrs["units"]}
    for name, kind in frame.dtypes.items():
        if pd.api.types.is_object_dtype(kind):
            assert not any(isinstance(each, bool | int | float) for each in frame[name]), name
    # Metadata that can be saved with the frame.
    json.dumps(frame.attrs)


UNITS = [
    *((layer.key, "B") for layer in LAYERS),
    *[("p99_s", "s"), ("total_p99_s", "s"), ("p99_s_at_80", "s"), ("call_s_low", "s")],
    *[("gain_high", "1"), ("bytes_per_second", "B/s"), ("events_per_second", "1/s")],
]


@pytest.mark.parametrize(("name", "unit"), UNITS)
def test_units_follow_from_names(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_names_without_a_unit_have_none() -> None:
    assert unit_of("is") is None
    assert with_units(pd.DataFrame({"is": [1], "tls": [True]})).attrs["units"] == {}
    assert with_units(pd.DataFrame({"sent": [1]}), {"sent": "events"}).attrs["units"] == {"sent": "events"}
