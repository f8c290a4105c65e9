"""The barrier that lets all users of a process into a slice at once."""

from __future__ import annotations

from gevent.event import Event

from wiretax.wire.slices import Slice


class SliceBarrier:
    """Users wait here for a slice, and return when it closes.

    Attributes:
        current: the open slice; None between slices.
    """

    def __init__(self, users: int) -> None:
        self._users = users
        self._waiting = 0
        self._opened = Event()
        self._all_wait = Event()
        self.current: Slice | None = None

    def expect(self, users: int) -> None:
        """Set the number of users that wait here from now on."""
        self._users = users
        self._all_wait.clear()
        if self._waiting == users:
            self._all_wait.set()

    def wait_for_slice(self) -> Slice:
        """Block the calling user until a slice is open."""
        while True:
            self._waiting += 1
            if self._waiting == self._users:
                self._all_wait.set()
            try:
                self._opened.wait()
            finally:
                self._waiting -= 1
                self._all_wait.clear()
            if self.current is not None:
                return self.current

    def open(self, slice_: Slice) -> None:
        """Let all users in at once."""
        self.current = slice_
        self._opened.set()

    def next_stage(self) -> Slice | None:
        """Have users go on in the slice of the next stage; None if the slice was closed meanwhile."""
        if self.current is not None:
            self.current = self.current.next_stage()
        return self.current

    def close(self) -> None:
        """Let no exchange begin any more; those under way go on."""
        if self.current is not None:
            self.current.close()
            self.current = None
        self._opened.clear()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Block until every user waits here; False if that took too long."""
        return bool(self._waiting == self._users or self._all_wait.wait(timeout_s))
