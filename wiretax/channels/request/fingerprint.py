"""Finds the client library that sent a request, by comparing its raw head with every profile, header by header.

A head without differences equals the profile's to the byte, except for the values that change from call to call.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from wiretax.channels.profiles import CONTENT_LENGTH, DATE, HOST, Profile, load_profile, profile_names

Kind = Literal["missing", "added", "value", "case", "place", "spacing"]
Header = tuple[str, str]

FORMS = {
    HOST: re.compile(r"[^\s/@]+"),
    CONTENT_LENGTH: re.compile(r"\d+"),
    DATE: re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"),
}
# Headers whose value changes from call to call, and the form of that value.
CHANGING = {"host": HOST, "content-length": CONTENT_LENGTH, "date": DATE}
# The values of such headers may be confidential: they are neither shown nor stored.
PRIVATE = re.compile(r"auth|cookie|token|secret|credential|password|api-?key", re.IGNORECASE)
NOT_SHOWN = "(not shown)"
REQUEST_LINE = "POST HTTP/1.1"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between a head and a profile.

    Attributes:
        kind: "missing" or "added"; or the header was sent with another "value", in another "case", at another
            "place" among the headers, or with another "spacing" around its value.
        name: the header as it was sent, or as in the profile if it is missing; "query" for the query, "request
            line" for its method and version.
        expected: what the profile has.
        found: what was sent.
    """

    kind: Kind
    name: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "missing":
                return f"{self.name}: missing (the profile has {self.expected!r})"
            case "added":
                return f"{self.name}: added ({self.found!r})"
            case "case":
                return f"{self.name}: other case (the profile has {self.expected})"
            case "spacing":
                return f"{self.name}: other spacing (the profile has one space before the value, none after)"
            case "place":
                return f"{self.name}: other place ({self.found}; the profile: {self.expected})"
            case _:
                return f"{self.name}: other value {self.found!r} (the profile has {self.expected!r})"


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a head that depend on the library, without the values that change from call to call.

    Attributes:
        line: method and version, and also the target if it is not a path.
        query: the names in the query.
        headers: names and values, without confidential values.
        spaced: names of headers that are not written as ``Name: value``.
    """

    line: str
    query: tuple[str, ...]
    headers: tuple[Header, ...]
    spaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """The closest profile.

    Attributes:
        profile: its name.
        differences: how the head differs from it; empty if it does not.
    """

    profile: str
    differences: tuple[Difference, ...]

    @property
    def matches(self) -> bool:
        return not self.differences

    @property
    def likeness(self) -> tuple[object, ...]:
        """Equal for requests of one client. Values of added headers are ignored, as they may change in each
        call."""
        return self.profile, tuple(
            (each.kind, each.name, "" if each.kind == "added" else each.found) for each in self.differences
        )


def recognise(head: bytes) -> Recognition:
    """Find the profile with the fewest differences; if several are equally close, the first by name.

    Args:
        head: request line, headers and blank line, as received.
    """
    return _nearest(read_shape(head))


def read_shape(head: bytes) -> Shape:
    """The shape of a raw head, which is equal for two calls of one library in one environment."""
    line, *fields = head.decode("latin-1").strip("\r\n").split("\r\n")
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    path, _, query = target.partition("?")
    headers, spaced = [], []
    for field in fields:
        name, _, value = field.partition(":")
        bare = value.strip(" \t")
        headers.append((name, shown_value(name, bare)))
        if value != f" {bare}":
            spaced.append(name)
    return Shape(
        line=f"{method} {version}" if path.startswith("/") else f"{method} {path} {version}",
        query=tuple(part.partition("=")[0] for part in query.split("&") if part),
        headers=tuple(headers),
        spaced=tuple(spaced),
    )


def shown_value(name: str, value: str) -> str:
    """A header's value, or a placeholder if it is confidential or changes from call to call."""
    if PRIVATE.search(name):
        return NOT_SHOWN
    form = CHANGING.get(name.lower())
    return form if form is not None and FORMS[form].fullmatch(value) else value


@lru_cache(maxsize=1024)
def _nearest(shape: Shape) -> Recognition:
    candidates = (Recognition(name, compare(shape, load_profile(name))) for name in profile_names())
    return min(candidates, key=lambda each: len(each.differences))


def compare(shape: Shape, profile: Profile) -> tuple[Difference, ...]:
    """All differences between a head and a profile, beginning with those of the query."""
    differences = _compare_query(shape.query, profile.query)
    if shape.line != REQUEST_LINE:
        differences.append(Difference("value", "request line", REQUEST_LINE, shape.line))
    unclaimed: dict[str, list[int]] = defaultdict(list)
    for position, (name, _) in enumerate(shape.headers):
        unclaimed[name.lower()].append(position)
    claimed: list[int] = []
    for name, value in profile.headers:
        positions = unclaimed[name.lower()]
        if not positions:
            differences.append(Difference("missing", name, expected=value))
            continue
        position = positions.pop(0)
        claimed.append(position)
        sent_name, sent_value = shape.headers[position]
        if sent_name != name:
            differences.append(Difference("case", sent_name, name, sent_name))
        if sent_value != value:
            differences.append(Difference("value", sent_name, value, sent_value))
    differences += _compare_places(shape.headers, claimed, profile)
    added = sorted(position for positions in unclaimed.values() for position in positions)
    differences += [
        Difference("added", shape.headers[position][0], found=shape.headers[position][1]) for position in added
    ]
    differences += [Difference("spacing", name) for name in shape.spaced]
    return tuple(differences)


def _compare_query(sent: tuple[str, ...], expected: tuple[str, ...]) -> list[Difference]:
    if sent == expected:
        return []
    kind: Kind = "place" if sorted(sent) == sorted(expected) else "value"
    return [Difference(kind, "query", ", ".join(expected), ", ".join(sent))]


def _compare_places(headers: Sequence[Header], claimed: Sequence[int], profile: Profile) -> list[Difference]:
    """The smallest set of headers that would have to move; ``claimed`` has the position of each profile header."""
    staying = _longest_rising(claimed)
    order = {name.lower(): number for number, (name, _) in enumerate(profile.headers)}
    moved = []
    for position in claimed:
        if position not in staying:
            name = headers[position][0]
            before = profile.headers[order[name.lower()] - 1][0] if order[name.lower()] else ""
            moved.append(
                Difference("place", name, _after(before), _after(headers[position - 1][0] if position else ""))
            )
    return moved


def _after(name: str) -> str:
    return f"after {name}" if name else "first"


def _longest_rising(values: Sequence[int]) -> frozenset[int]:
    """The members of a longest increasing subsequence of distinct numbers."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for value in values:
        at = bisect_left(ends, value)
        before[value] = ends[at - 1] if at else None
        ends[at : at + 1] = [value]
    members = []
    value_: int | None = ends[-1] if ends else None
    while value_ is not None:
        members.append(value_)
        value_ = before[value_]
    return frozenset(members)
