"""The data of events: documents an app would send, each of an exact size, generated from a seed.

A kind has several layouts, from the richest to the simplest. The richest layout that fits the size is used, and
its filler takes up the rest, to the byte. Documents of one kind and size differ only in letters and digits. So
each library's escaping costs the same number of bytes for all of them, and byte counts on the wire are exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

from wiretax.channels.bodies.identity import PLACEHOLDER, STAMP_BYTES

POOL_BYTES = 65_536
POOL_DOCUMENTS = 64

VOCABULARY = (
    "the of and to in is you that it he was for on are as with his they at be this have from or one "
    "had by word but not what all were we when your can said there use an each which she do how "
    "their if will up other about"
)

Filler = Literal["words", "letters", "digits"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One shape of a document.

    Attributes:
        template: its text; ``#`` stands for a digit, ``@`` for a letter, ``~`` for the filler, ``*`` for units.
        filler: the characters of the filler.
        unit: an element that is repeated, separated by commas, as often as it fits.
    """

    template: str
    filler: Filler
    unit: str = ""

    @property
    def fixed_bytes(self) -> int:
        """Bytes without the filler and the units."""
        return len(self.template.replace("~", "").replace("*", "").encode())

    @property
    def least_bytes(self) -> int:
        """Bytes of the smallest document of this shape: a filler of one byte, and one unit if it has units."""
        return self.fixed_bytes + 1 + len(self.unit)

    @property
    def least_stamped_bytes(self) -> int:
        """The same with a stamp in the filler."""
        return self.least_bytes + STAMP_BYTES - 1


KINDS: dict[str, tuple[Layout, ...]] = {
    "ascii": (Layout("~", "words"),),
    "json": (
        Layout('{"id":########,"type":"@@@@@@","note":"~","tags":[*]}', "letters", unit='{"k":"@@@@","v":####}'),
        Layout('{"id":####,"note":"~"}', "letters"),
        Layout('{"a":"~"}', "letters"),
        Layout('"~"', "letters"),
        Layout("~", "digits"),
    ),
    "chat": (
        Layout(
            '{"id":"msg_@@@@@@@@","user":{"id":######,"name":"Zoë @@@@@@"},"room":"general",'
            '"text":"\\"@@@@@\\" ~ 👍 https://example.com/@@@@?a=#&b=#","sent_at":17########}',
            "words",
        ),
        Layout('{"id":######,"user":"Zoë","text":"~ 👍"}', "words"),
        Layout('{"user":"@@@","text":"~"}', "words"),
        Layout('{"t":"~"}', "words"),
    ),
    "location": (
        Layout(
            '{"device":"~","at":17########,"lat":5#.######,"lng":-#.######,"speed":#.#,"heading":1##,"trail":[*]}',
            "letters",
            unit="[5#.######,-#.######]",
        ),
        Layout(
            '{"device":"~","at":17########,"lat":5#.######,"lng":-#.######,"speed":#.#,"heading":1##}',
            "letters",
        ),
        Layout('{"device":"~","lat":5#.######,"lng":-#.######}', "letters"),
        Layout("[5#.~,-#.###]", "digits"),
        Layout("[5#.~,#]", "digits"),
    ),
    "ticker": (
        Layout(
            '{"symbol":"~","at":17########,"bid":###.##,"ask":###.##,"last":###.##,"volume":######,"levels":[*]}',
            "letters",
            unit="[###.##,####]",
        ),
        Layout('{"symbol":"~","at":17########,"bid":###.##,"ask":###.##,"last":###.##}', "letters"),
        Layout('{"symbol":"~","price":###.##,"volume":####}', "letters"),
        Layout('{"s":"~","p":###.##}', "letters"),
        Layout('{"p":#.~}', "digits"),
    ),
}


def least_bytes(kind: str, stamped: bool = False) -> int:
    """The smallest document of this kind, in bytes; ``stamped``: with a stamp."""
    if stamped:
        return min(layout.least_stamped_bytes for layout in KINDS[kind] if layout.filler != "digits")
    return min(layout.least_bytes for layout in KINDS[kind])


@cache
def payloads(kind: str, size: int, seed: int, least: int = 4, stamped: bool = False) -> tuple[str, ...]:
    """A pool of documents of exactly ``size`` UTF-8 bytes; the same seed gives the same documents on any machine.

    Args:
        kind: their shape.
        size: bytes of each.
        seed: the seed of the random generator.
        least: the smallest number of documents; pools of large documents are small.
        stamped: whether each has room for a stamp, where ``identity.PLACEHOLDER`` is.

    Raises:
        ValueError: if the size is too small for the kind.
    """
    count = max(least, min(POOL_DOCUMENTS, POOL_BYTES // max(size, 1)))
    layout, random = _layout(kind, size, stamped), Random(f"{seed}/{kind}/{size}")
    return tuple(_document(layout, size, random, stamped) for _ in range(count))


@cache
def example(kind: str, size: int) -> str:
    """One document of exactly ``size`` UTF-8 bytes, which costs as much as any other of its kind and size.

    Raises:
        ValueError: if the size is too small for the kind.
    """
    return _document(_layout(kind, size), size, Random(0))


def _layout(kind: str, size: int, stamped: bool = False) -> Layout:
    """The richest layout that fits."""
    least = least_bytes(kind, stamped)
    if size < least:
        why = " if deliveries are counted" if stamped else ""
        raise ValueError(f"payload_kind {kind!r} needs at least {least} payload_bytes{why}, got {size}")
    if stamped:
        layouts = (each for each in KINDS[kind] if each.filler != "digits" and each.least_stamped_bytes <= size)
        return next(layouts)
    return next(layout for layout in KINDS[kind] if layout.least_bytes <= size)


def _document(layout: Layout, size: int, random: Random, stamped: bool = False) -> str:
    stamp = PLACEHOLDER if stamped else ""
    room = size - layout.fixed_bytes - len(stamp)
    units = ""
    if layout.unit:
        # The first unit needs no comma; at least one byte remains for the filler, or its stamp.
        units = ",".join([layout.unit] * ((room + stamped) // (len(layout.unit) + 1)))
    filler = stamp
    if room > len(units):
        filler += _fill(layout.filler, room - len(units), random)
    text = layout.template.replace("*", units)
    drawn = re.sub("[#@]", lambda place: _draw("digits" if place[0] == "#" else "letters", random), text)
    return drawn.replace("~", filler)


def _draw(filler: Filler, random: Random) -> str:
    return random.choice("123456789" if filler == "digits" else "abcdefghijklmnopqrstuvwxyz")


def _fill(filler: Filler, length: int, random: Random) -> str:
    if filler != "words":
        return "".join(_draw(filler, random) for _ in range(length))
    text, words = "", VOCABULARY.split()
    while len(text) < length:
        text += random.choice(words) + " "
    # Cutting must not leave a space at the end, which would look like a mistake.
    return text[: length - 1] + _draw("letters", random)
