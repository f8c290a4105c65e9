"""The looks of lines: a colour per kind of call, a shade per quantity; dashes and markers also tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analysis.figures.style.palette import CALLS, SHADES

Dashes = str | tuple[float, tuple[float, ...]]


class Stroke(NamedTuple):
    """The look of one of several lines."""

    color: str
    marker: str
    linestyle: Dashes


MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Dashes, ...] = (
    "-",
    (0, (6, 2)),
    (0, (6, 2, 1, 2)),
    (0, (4, 1.5, 1, 1.5, 1, 1.5)),
    (0, (1, 1.5)),
    (0, (9, 2)),
    (0, (2, 1)),
)
STROKES = tuple(Stroke(*look) for look in zip(CALLS, MARKERS, DASHES, strict=True))
# Their places in the palette are the same in every figure of every run; other calls get the places that are free.
USUAL = ("trigger", "batch of 10", "batch of 2", "batch of 5", "batch of 20", "batch of 50", "batch of 100")


def stroke(number: int) -> Stroke:
    """The stroke of a line by its number. After seven, colours occur again with other markers and dashes."""
    again, place = divmod(number, len(STROKES))
    other = STROKES[(place + again) % len(STROKES)]
    return Stroke(STROKES[place].color, other.marker, other.linestyle)


def call_strokes(lines: Sequence[str], known: Iterable[str] = ()) -> list[Stroke]:
    """The strokes of lines about kinds of call. A call has the same colour in all figures of a run.

    Args:
        lines: the call of each line, as ``labels.call`` names it. Lines with the same call have its colour, each
            with other markers and dashes.
        known: all calls of the run, in their order; by default those of the lines.
    """
    calls = dict.fromkeys([*known, *lines])
    taken = {name: place for place, name in enumerate(USUAL) if name in calls}
    free = [place for place in range(len(STROKES)) if place not in taken.values()]
    free += range(len(STROKES), len(STROKES) + len(calls))
    taken |= dict(zip((name for name in calls if name not in taken), free, strict=False))
    seen: Counter[str] = Counter()
    looks = []
    for line in lines:
        look = stroke(taken[line])
        other = STROKES[(taken[line] + seen[line]) % len(STROKES)]
        looks.append(Stroke(look.color, other.marker, other.linestyle) if seen[line] else look)
        seen[line] += 1
    return looks


def shades(number: int) -> list[Stroke]:
    """The strokes of lines about quantities, the smallest first: the larger, the darker (on a light page)."""
    colours = [*SHADES]
    return [
        Stroke(colours[-1 - (number - 1 - place) * len(colours) // max(number, len(colours))], *stroke(place)[1:])
        for place in range(number)
    ]
