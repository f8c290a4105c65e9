"""The page's style: text is readable on light and dark screens, in the colours of the figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wiretax.report
from analysis.figures.style import DARK, INK, MUTED, PAPER
from analysis.figures.style.palette import contrast

CSS = (Path(wiretax.report.__file__).parent / "template" / "page.css").read_text()
# The colours of the light page, the dark one and of paper.
PAGES = dict(zip(("light", "dark", "paper"), re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), strict=True))


def colours(page: str) -> dict[str, str]:
    """The values of a page's variables, with all their digits."""
    found = re.findall(r"--([a-z-]+): #([0-9a-f]+);", PAGES[page])
    return {name: f"#{value if len(value) == 6 else ''.join(2 * each for each in value)}" for name, value in found}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("ink", "paper"),
        ("muted", "paper"),
        ("link", "paper"),
        ("alarm", "paper"),
        ("notice", "paper"),
        ("good", "paper"),
        ("ink", "shade"),
        ("ink", "alarm-paper"),
        ("alarm", "alarm-paper"),
        ("ink", "notice-paper"),
        ("notice", "notice-paper"),
    ],
)
def test_text_is_readable(page: str, text: str, behind: str) -> None:
    found = colours(page)
    assert contrast(found[text], found[behind]) >= 4.5


def test_the_page_has_the_colours_of_its_figures() -> None:
    light, dark = colours("light"), colours("dark")
    assert (light["ink"], light["muted"], light["paper"]) == (INK, MUTED, PAPER)
    assert {name: dark[name] for name in ("ink", "muted", "paper")} == {
        name: DARK[name] for name in ("ink", "muted", "paper")
    }
