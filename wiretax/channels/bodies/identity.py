"""What tells events apart at their subscriber: a stamp inside the data, of the same length in each.

A stamp takes the place of 24 characters of the data's filler. It has letters and digits only, so no library
escapes it, and all events of a workload keep their size.
"""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex

MARK = "wt"
TAG_DIGITS, SEQUENCE_DIGITS, TIME_DIGITS = 6, 7, 9
STAMP_BYTES = len(MARK) + TAG_DIGITS + SEQUENCE_DIGITS + TIME_DIGITS
# Stands where the stamp will be.
PLACEHOLDER = MARK.ljust(STAMP_BYTES, "0")
_FORMAT = f"%0{SEQUENCE_DIGITS}x%0{TIME_DIGITS}x"
# Numbers and times begin again after this many events and microseconds: 268 million, and 19 hours.
_SEQUENCES, _MICROSECONDS = 16**SEQUENCE_DIGITS, 16**TIME_DIGITS


@dataclass(frozen=True, slots=True)
class Identity:
    """One process's publishing in one run.

    Attributes:
        tag: tells its events from those of others.
        epoch_s: where its times begin, seconds on ``time.monotonic``.
    """

    tag: str
    epoch_s: float

    @classmethod
    def fresh(cls, epoch_s: float) -> Identity:
        """One that no other run has."""
        return cls(token_hex(TAG_DIGITS // 2), epoch_s)

    @property
    def prefix(self) -> str:
        """What the sequence number in each of its events follows."""
        return MARK + self.tag

    def stamp(self, sequence: int, intended_s: float) -> str:
        """The stamp of an event.

        Args:
            sequence: its number.
            intended_s: when it was meant to arrive at the publisher, seconds on ``time.monotonic``.
        """
        microseconds = max(0, round((intended_s - self.epoch_s) * 1e6))
        return self.prefix + _FORMAT % (sequence % _SEQUENCES, microseconds % _MICROSECONDS)

    def read(self, data: str) -> tuple[int, float] | None:
        """The number and the intended time (s, on ``time.monotonic``) of an event of its own, by its data; None if
        it is no such event."""
        at = data.find(self.prefix) + len(self.prefix)
        if at < len(self.prefix):
            return None
        middle, end = at + SEQUENCE_DIGITS, at + SEQUENCE_DIGITS + TIME_DIGITS
        try:
            return int(data[at:middle], 16), self.epoch_s + int(data[middle:end], 16) / 1e6
        except ValueError:
            return None
