"""Colours of the live page, computed from its style sheet: contrast in both themes, and one meaning for each."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from analysis.figures.style.palette import CALLS, DARK_LAYERS, LAYER_COLOURS, contrast
from wiretax.load import web
from wiretax.load.accounting.live.figures import LAYERS

STATIC = Path(web.__file__).parent / "static"
CSS = (STATIC / "live.css").read_text()
LIGHT, DARK = ":root {", "@media (prefers-color-scheme: dark) {"
SURFACES = {"paper", "card"}
# On these, text of the colour that is named before -paper, or of the usual one.
BADGES = {"good-paper": "good", "bad-paper": "bad", "neither-paper": "ink"}
TEXTS = {"ink", "muted", "good", "bad"}
LAYER_NAMES = {each["key"] for each in LAYERS}
SERIES = {f"s{number}" for number in range(8)}
# Borders of what can be used, which show that it can.
MARKS = LAYER_NAMES | SERIES | {"control", "ink"}
# Lines that help the eye and carry nothing.
DECORATION = {"line"}
# WCAG 2.2, 1.4.3 and 1.4.11, level AA.
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0
# CIE 1976, in which a difference of 2.3 is just noticed.
APART = 24
Colour = tuple[float, float, float]


def colours(theme: str) -> dict[str, str]:
    """The variables of a theme; those of the dark one that are missing are as in the light one."""

    def within(start: str) -> dict[str, str]:
        block = CSS[CSS.index(start) :]
        return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[: block.index("\n}")]))

    return within(LIGHT) if theme == "light" else {**within(LIGHT), **within(DARK)}


def linear(colour: str) -> Colour:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return red, green, blue


def lab(colour: str) -> Colour:
    red, green, blue = linear(colour)
    white = (0.9505, 1.0, 1.089)
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [(a * red + b * green + c * blue) / of for (a, b, c), of in zip(rows, white, strict=True)]
    x, y, z = (each ** (1 / 3) if each > 0.008856 else 7.787 * each + 16 / 116 for each in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


def test_the_formula_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # Grey that just passes on white, and yellow that doesn't.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#f0e442", "#ffffff") == pytest.approx(1.32, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_has_a_known_use(theme: str) -> None:
    assert colours(theme).keys() == SURFACES | set(BADGES) | TEXTS | MARKS | DECORATION


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    found = colours(theme)
    pairs = [*product(sorted(TEXTS), sorted(SURFACES)), *((text, badge) for badge, text in BADGES.items())]
    # Buttons that are pressed have the card's colour on ink.
    weak = {pair: round(contrast(found[pair[0]], found[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in weak.items() if value < TEXT_CONTRAST} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_bars_and_borders_can_be_seen(theme: str) -> None:
    found = colours(theme)
    weak = {name: round(contrast(found[name], found["card"]), 2) for name in MARKS}
    assert {name: value for name, value in weak.items() if value < MARK_CONTRAST} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_layer_looks_like_a_workload_or_a_verdict(theme: str) -> None:
    found = colours(theme)
    near = {
        (layer, other): round(difference(found[layer], found[other]))
        for layer, other in product(sorted(LAYER_NAMES), sorted(SERIES | {"good", "bad"}))
    }
    assert {pair: value for pair, value in near.items() if value < APART} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_workload_and_each_layer_has_a_colour_of_its_own(theme: str) -> None:
    found = colours(theme)
    used = [found[name] for name in (*SERIES, *LAYER_NAMES, *TEXTS)]
    assert len({*used}) == len(used)


def test_figures_and_the_live_page_have_the_same_colours() -> None:
    light, dark = colours("light"), colours("dark")
    for layer, colour in LAYER_COLOURS.items():
        assert (light[layer], dark[layer]) == (colour, DARK_LAYERS[layer])
    for place, (on_light, on_dark) in enumerate(CALLS.items()):
        assert (light[f"s{place}"], dark[f"s{place}"]) == (on_light, on_dark)


def test_no_colour_is_named_outside_the_themes() -> None:
    rules = CSS[CSS.index("* { box-sizing") :]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;,\s)])|\brgba?\(|\bhsla?\(", rules) == []
    for module in sorted((STATIC / "live").glob("*.js")):
        assert re.findall(r"[\"'`]#[0-9a-fA-F]{3,8}[\"'`]|rgba?\(|hsla?\(", module.read_text()) == [], module.name
