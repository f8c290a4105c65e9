"""Where the frames of an HTTP/2 connection end."""

from __future__ import annotations

from collections.abc import Iterator

PREFACE_BYTES = 24
HEADER_BYTES = 9
LENGTH_BYTES = 3


class Frames:
    """Cuts what a client sends behind each of its frames, without keeping any of them."""

    __slots__ = ("_header", "_left")

    def __init__(self) -> None:
        self._left = PREFACE_BYTES  # bytes until the preface or the frame ends
        self._header = bytearray()  # the part received of a frame's header

    def cut(self, data: bytes) -> Iterator[bytes]:
        """The same bytes in pieces that hold the end of one frame at most, and only at their end."""
        start = 0
        while start < len(data):
            end = start
            if not self._left:
                end = start + HEADER_BYTES - len(self._header)
                self._header += data[start:end]
                if len(self._header) == HEADER_BYTES:
                    self._left = int.from_bytes(self._header[:LENGTH_BYTES])
                    self._header.clear()
            step = min(self._left, max(0, len(data) - end))
            self._left -= step
            yield data[start : end + step]
            start = end + step
