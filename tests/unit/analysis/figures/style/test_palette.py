"""Colours are readable on light and dark paper, and each has one meaning."""

from __future__ import annotations

import pytest

from analysis.figures.style import DARK, GRID, INK, LAYER_COLOURS, MUTED, PAPER, VARIABLES, text_on
from analysis.figures.style.palette import CALLS, ON_BAR, SHADES, contrast

TEXT, LINE = 4.5, 3


def on_dark(colour: str) -> str:
    return DARK[VARIABLES[colour]]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", [INK, MUTED])
def test_text_is_readable_on_any_page(colour: str) -> None:
    assert contrast(colour, PAPER) >= TEXT
    assert contrast(on_dark(colour), on_dark(PAPER)) >= TEXT


@pytest.mark.parametrize("colour", [*CALLS, *SHADES, *LAYER_COLOURS.values()])
def test_lines_and_bars_are_visible_on_any_page(colour: str) -> None:
    assert contrast(colour, PAPER) >= LINE
    assert contrast(on_dark(colour), on_dark(PAPER)) >= LINE


@pytest.mark.parametrize("colour", LAYER_COLOURS.values())
def test_numbers_on_bars_are_readable_on_any_page(colour: str) -> None:
    light, dark = next(pair for pair, made in ON_BAR.items() if made == text_on(colour))
    assert contrast(light, colour) >= TEXT
    assert contrast(dark, on_dark(colour)) >= TEXT


def test_no_colour_has_two_meanings() -> None:
    used = [INK, MUTED, GRID, PAPER, *CALLS, *SHADES, *LAYER_COLOURS.values()]
    assert len(set(used)) == len(used)
    assert len(set(VARIABLES.values())) == len(VARIABLES) == len(DARK)
