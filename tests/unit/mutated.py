"""Mutations of documents: values replaced, removed, renamed or doubled, drawn from a seed or by hypothesis."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**70, -(2**70), 0.0, -0.5, 1e308, 1e-320),
    *("", "x", "0", "no", "http://[", "http://h:99999999/", "\x1b[2J\n::error::", "a" * 10_000, "é" * 50),
    *([], {}, [[]], [{}], [None], ["x"], {"x": []}, {"": None}),
]
# Four numbers of 24 bits, each as likely as any other: those of hypothesis are small most of the time.
FOUR_NUMBERS = st.binary(min_size=12, max_size=12).map(
    lambda drawn: [int.from_bytes(drawn[start : start + 3]) for start in range(0, 12, 3)]
)
# The keys and indexes that lead to a place.
Path = tuple[Any, ...]
DRAWN_IN = 12
# Which of four changes a copy has.
TOGETHER = ((0,), (1,), (0, 1), (1, 2), (2, 3), (0, 1, 2), (1, 2, 3), (0, 1, 2, 3))


def varied(draw: Random, depth: int = 2) -> Any:
    """A number, a text or a container of them."""
    match draw.randrange(8 if depth else 6):
        case 0:
            return draw.choice((-1, 1)) * draw.getrandbits(draw.choice((4, 10, 31, 53, 64, 70)))
        case 1:
            return draw.choice((-1, 1)) * draw.random() * 10.0 ** draw.randrange(-320, 309)
        case 2:
            return round(draw.uniform(-2, 200), draw.randrange(3))
        case 3:
            return "".join(
                chr(draw.choice((draw.randrange(0xD800), draw.randrange(128)))) for _ in range(draw.randrange(12))
            )
        case 4:
            return f"{draw.randrange(300)}{draw.choice(('', 'ms', 's', '/s', ' B', '%', 'e9', '.5us'))}"
        case 5:
            return draw.choice(ODD)
        case 6:
            return [varied(draw, depth - 1) for _ in range(draw.randrange(4))]
        case _:
            return {f"{varied(draw, 0)}": varied(draw, depth - 1) for _ in range(draw.randrange(4))}


def _varied(count: int) -> list[Any]:
    draw = Random("varied")
    return [varied(draw) for _ in range(count)]


VARIED = _varied(1000)


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Each container in a document, and each key or index of it."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(pairs):
        yield document, key
        if isinstance(value, (dict, list)):
            yield from places(value)


def mutations(document: dict[str, Any], count: int, seed: str, odd: list[Any] = ODD) -> Iterator[dict[str, Any]]:
    """Copies of a document with one place changed each."""
    draw = Random(seed)
    for _ in range(count):
        made = deepcopy(document)
        container, key = draw.choice(list(places(made)))
        how = draw.random()
        if how < 0.15:
            del container[key]
        elif how < 0.25 and isinstance(container, dict):
            container[f"{key}x"] = container.pop(key)
        elif how < 0.35 and isinstance(container, list):
            container.append(deepcopy(container[key]))
        else:
            container[key] = deepcopy(draw.choice(odd))
        yield made


def mutated(
    document: dict[str, Any], values: st.SearchStrategy[Any], odd: Sequence[Any] = ()
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Eight copies of a document: four changes, alone and together.

    The changes are drawn at once, as a draw takes longer than the code under test.

    Args:
        document: what is copied.
        values: what one change in ``DRAWN_IN`` writes, drawn piece by piece.
        odd: what others write, beside ``ODD`` and ``VARIED``.
    """
    packed = pickle.dumps(document)
    paths = list(_paths(document))
    listed = [{"to": each} for each in (*ODD, *odd)] * (len(VARIED) // len(ODD))
    hows = (
        ["remove", "rename", "remove", "double"] * (len(VARIED) // 8) + listed + [{"to": each} for each in VARIED]
    )
    assert len(paths) * len(hows) * DRAWN_IN < 1 << 24

    @st.composite
    def draw_copies(draw: st.DrawFn) -> list[dict[str, Any]]:
        changes = []
        for number in draw(FOUR_NUMBERS):
            rest, at = divmod(number, len(paths))
            kind, how = divmod(rest, len(hows))
            kind %= DRAWN_IN
            changes.append((paths[at], {"to": draw(values)} if kind == DRAWN_IN - 1 else hows[how]))
        return [_changed(packed, [changes[number] for number in each]) for each in TOGETHER]

    return draw_copies()


def _paths(document: Any, above: Path = ()) -> Iterator[Path]:
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*above, key)
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*above, key))


def _changed(packed: bytes, changes: list[tuple[Path, Any]]) -> dict[str, Any]:
    made = pickle.loads(packed)
    for (*above, key), how in changes:
        container = made
        with suppress(LookupError, TypeError):  # an earlier change took the place away
            for each in above:
                container = container[each]
            _change(container, key, container[key], how)
    return made


def _change(container: Any, key: Any, value: Any, how: Any) -> None:
    if how == "remove":
        del container[key]
    elif how == "rename" and isinstance(container, dict):
        container[f"{key}x"] = container.pop(key)
    elif how == "double" and isinstance(container, list):
        container.append(value)
    else:
        container[key] = deepcopy(how["to"] if isinstance(how, dict) else None)
