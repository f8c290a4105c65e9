"""Events that are read again and again, kept in a file: memory holds some of them at a time."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile, gettempdir
from weakref import finalize

import msgspec

from wiretax.channels.bodies.events import Event

# The fields of an event, in their order.
Kept = tuple[str, tuple[str, ...], str, str | None, str | None, bool]
# Events that are read at once, and the size of data after which reading stops earlier.
BLOCK_EVENTS = 64
BLOCK_CHARACTERS = 65_536


class EventFileError(OSError):
    """The file can't be written: one line that says where it would be."""


class EventFile:
    """A collection of events, in their order, in a nameless temporary file.

    Each iteration is independent of the others and holds one block.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        """Read all events once.

        Raises:
            EventFileError: there is no space for them. Whatever ``events`` raises is raised.
        """
        self._count = 0
        # Where each block begins, and the end of the last.
        self._offsets = array("Q", [0])
        self._decoder = msgspec.msgpack.Decoder(list[Kept])
        try:
            # Where it can, the system makes a file that never has a name, and that no killed process leaves.
            file = TemporaryFile(prefix="wiretax-", buffering=0)  # noqa: SIM115  # closed with the events
        except OSError as error:
            raise _cannot_keep(error) from None
        self._descriptor = file.fileno()
        finalize(self, file.close)
        encode = msgspec.msgpack.Encoder().encode
        block: list[Kept] = []
        characters = 0
        for event in events:
            options = event.socket_id, event.info, event.is_document
            block.append((event.name, event.channels, event.data, *options))
            characters += len(event.data)
            if len(block) == BLOCK_EVENTS or characters > BLOCK_CHARACTERS:
                self._append(encode(block))
                self._count += len(block)
                block, characters = [], 0
        if block:
            self._append(encode(block))
            self._count += len(block)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Event]:
        # Offsets are given with each read, since several iterations share the descriptor.
        for number in range(len(self._offsets) - 1):
            begin, end = self._offsets[number], self._offsets[number + 1]
            for kept in self._decoder.decode(os.pread(self._descriptor, end - begin, begin)):
                yield Event(*kept)

    def __contains__(self, event: object) -> bool:
        return any(each == event for each in self)

    def _append(self, data: bytes) -> None:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise _cannot_keep(error) from None
        self._offsets.append(self._offsets[-1] + len(data))


def _cannot_keep(error: OSError) -> EventFileError:
    return EventFileError(f"events can't be kept in {gettempdir()}: {error.strerror}; make space, or set TMPDIR")
