"""The header lines of requests, as a run keeps them, so that two runs can be compared line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from wiretax.channels.request.fingerprint import shown_value

VARIES = "(varies)"
# More lines than any client sends; a request may have any number.
MOST_LINES = 100
MOST_CHARACTERS = 200


class HeadLine(NamedTuple):
    """A header line.

    Attributes:
        name: as it was sent.
        value: what was sent, or a placeholder if it is confidential, is filled in for each call, or varies.
        bytes: of the whole line with its end, the mean over the calls.
    """

    name: str
    value: str
    bytes: float


def head_lines(heads: Iterable[bytes], hide: Callable[[str], str] = str) -> list[HeadLine]:
    """The header lines of the calls of one kind, in the order of the first call that has each.

    Args:
        heads: raw heads.
        hide: replaces secrets in a value.
    """
    calls = 0
    values: dict[tuple[str, int], set[str]] = defaultdict(set)
    sizes: dict[tuple[str, int], int] = defaultdict(int)
    for head in heads:
        calls += 1
        seen: dict[str, int] = defaultdict(int)
        for line in head.decode("latin-1").strip("\r\n").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            # A name may occur twice.
            key = name, seen[name]
            seen[name] += 1
            values[key].add(hide(shown_value(name, value.strip(" \t")))[:MOST_CHARACTERS])
            sizes[key] += len(line) + len("\r\n")
    return [
        HeadLine(name, next(iter(found)) if len(found) == 1 else VARIES, _number(sizes[name, number] / calls))
        for (name, number), found in [*values.items()][:MOST_LINES]
    ]


def grouped(lines: Mapping[str, list[HeadLine]]) -> list[dict[str, Any]]:
    """As ``run.json`` keeps them: workloads with the same lines together.

    Args:
        lines: by workload.
    """
    alike: dict[tuple[HeadLine, ...], list[str]] = defaultdict(list)
    for workload, own in lines.items():
        alike[tuple(own)].append(workload)
    return [{"workloads": names, "lines": [[*each] for each in own]} for own, names in alike.items()]


def _number(value: float) -> float:
    return int(value) if value == int(value) else round(value, 3)
