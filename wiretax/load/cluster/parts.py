"""The parts of a free run on workers: one begins with each stage and with each reset, everywhere by its number.

Workers learn of a part from a message or, if they come later, from their assignment. They number their windows
from the start of each part, and report its number with each window and with Locust's statistics. So the master
knows what was measured before a reset, however late it arrives.
"""

from __future__ import annotations

from time import monotonic

from wiretax.load.cluster.messages import MalformedError
from wiretax.load.free.windows import WINDOW_S
from wiretax.wire.slices import Slice


class Parts:
    """The parts of one test, as its master numbers them.

    Attributes:
        number: that of the current part, from 0.
        counts_from: the first part that counts; earlier ones were set aside.
    """

    def __init__(self) -> None:
        self.number = self.counts_from = 0
        self._stages = [0]
        self._began_s = monotonic()
        self._late: dict[int, tuple[int, int]] = {}
        self._rounds: dict[tuple[int, int], int] = {}

    def begin(self, stage: int, is_reset: bool) -> None:
        """Begin the next part, of this stage."""
        self._stages.append(stage)
        self.number += 1
        self._began_s = monotonic()
        if is_reset:
            self.counts_from = self.number

    def add_worker(self, number: int) -> None:
        """A worker comes, and numbers its windows from now on; its later parts begin with the others'."""
        self._late[number] = (self.number, round((monotonic() - self._began_s) / WINDOW_S))

    def place(self, slice_: Slice, worker: int) -> None:
        """Give a worker's window its stage, and the round of the other workers' windows of that time.

        Raises:
            MalformedError: its part has not begun, or its window is before it.
        """
        part, window = slice_.stage, slice_.round
        if window < 0:
            raise MalformedError("a window before the start")
        if part > self.number:
            raise MalformedError(f"a window of part {part}, and only {self.number} has begun")
        late, windows = self._late.get(worker, (0, 0))
        if part == late:
            window += windows
        slice_.stage = self._stages[part]
        slice_.counts = slice_.counts and part >= self.counts_from
        slice_.round = self._rounds.setdefault((part, window), len(self._rounds))
