"""Mutations of documents: values replaced, removed, renamed or doubled, drawn from a seed or by hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**70, -(2**70), 0.0, -0.5, 1e308, 1e-320),
    *("", "x", "0", "no", "http://[", "http://h:99999999/", "\x1b[2J\n::error::", "a" * 10_000, "é" * 50),
    *([], {}, [[]], [{}], [None], ["x"], {"x": []}, {"": None}),
]


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


def mutated(document: dict[str, Any], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Copies of a document with one to three places changed, some of them to these values."""
    changes = st.tuples(st.integers(0, 999), st.sampled_from(["remove", "rename", "double", "replace"]), values)
    return st.lists(changes, min_size=1, max_size=3).map(lambda drawn: _changed(document, drawn))


def _changed(document: dict[str, Any], changes: list[tuple[int, str, Any]]) -> dict[str, Any]:
    made = deepcopy(document)
    for at, how, value in changes:
        found = list(places(made))
        if not found:
            break
        container, key = found[at % len(found)]
        if how == "remove":
            del container[key]
        elif how == "rename" and isinstance(container, dict):
            container[f"{key}x"] = container.pop(key)
        elif how == "double" and isinstance(container, list):
            container.append(deepcopy(container[key]))
        else:
            container[key] = deepcopy(value)
    return made
