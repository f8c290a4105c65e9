"""Durations and rates of a plan, which have bounds."""

from __future__ import annotations

from collections.abc import Callable


def within_bounds(
    key: str, text: str, parse: Callable[[str], float], least: float, most: float, expected: str
) -> float:
    """The number that a text stands for.

    Args:
        key: where the text is from.
        text: as given.
        parse: reads it.
        least: the smallest number that is accepted.
        most: the largest one.
        expected: the bounds in words.

    Raises:
        ValueError: with the key, what was given and what was expected.
    """
    try:
        number = parse(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if not least <= number <= most:
        raise ValueError(f"{key} = {text!r}, expected {expected}")
    return number
