"""Looks of lines: the same call has the same colour everywhere, and no two lines look alike."""

from __future__ import annotations

from analysis.figures.style import STROKES, call_strokes, shades, stroke
from analysis.figures.style.strokes import USUAL


def test_lines_are_distinguishable_without_colour() -> None:
    assert len({each.marker for each in STROKES}) == len({str(each.linestyle) for each in STROKES}) == len(STROKES)


def test_usual_calls_have_the_same_colour_in_every_run() -> None:
    few = dict(zip(["trigger", "batch of 10"], call_strokes(["trigger", "batch of 10"]), strict=True))
    many = dict(zip(USUAL, call_strokes(USUAL), strict=True))
    assert {name: many[name] for name in few} == few
    assert len({look.color for look in many.values()}) == len(USUAL)


def test_other_calls_get_free_colours_that_depend_on_the_run_alone() -> None:
    known = ["trigger", "batch of 3", "batch of 10", "to 10 channels"]
    [channels] = call_strokes(["to 10 channels"], known)
    assert call_strokes(known)[-1] == channels
    assert len({look.color for look in call_strokes(known)}) == len(known)


def test_lines_of_one_call_share_its_colour_and_differ_otherwise() -> None:
    looks = call_strokes(["trigger", "trigger", "batch of 10"])
    assert looks[0].color == looks[1].color != looks[2].color
    assert looks[0].marker != looks[1].marker
    assert looks[0].linestyle != looks[1].linestyle


def test_after_seven_lines_colours_occur_again_with_other_markers() -> None:
    looks = [stroke(number) for number in range(14)]
    assert len({(look.color, look.marker) for look in looks}) == 14
    more = call_strokes([f"batch of {size}" for size in range(1, 12)])
    assert len({(look.color, look.marker) for look in more}) == 11


def test_the_largest_quantity_is_the_darkest_and_neighbours_differ() -> None:
    for number in (1, 2, 3, 4):
        colours = [look.color for look in shades(number)]
        assert colours == sorted(colours, reverse=True)
        assert len(set(colours)) == number
        assert colours[-1] == shades(4)[-1].color
    many = shades(7)
    assert len({(look.color, look.marker) for look in many}) == 7
