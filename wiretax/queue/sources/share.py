"""A queue that several processes drain: each has some of its publishers, and gets as large a part of its arrivals.

All processes draw the same arrivals, and for each of them which process has it. So all of them together get
exactly the arrivals that a single process would get, at the same times, and each one's part of a Poisson process
is a Poisson process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from wiretax.channels.workload import Process, Workload

# How many draws are made at a time.
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Share:
    """A process's part of a queue.

    Attributes:
        dealt: how many publishers each process has.
        index: which of the processes this is.
    """

    dealt: tuple[int, ...]
    index: int

    @property
    def publishers(self) -> int:
        """How many publishers this process has."""
        return self.dealt[self.index]

    @property
    def size(self) -> float:
        """Which share of all arrivals comes here, 0 to 1."""
        return self.publishers / sum(self.dealt) if self.publishers else 0.0

    def of(self, workload: Workload) -> Workload:
        """The workload as this process has it: with its part of the rate, and of the publishers if they are
        counted."""
        publishers = self.publishers if workload.arrivals.publishers else 0
        return workload.replace(rate=workload.arrivals.rate * self.size, publishers=publishers)

    def turns(self) -> list[bool]:
        """For each of as many events in a row as there are publishers: whether it comes here. Each process has its
        turns as far apart as they can be."""
        turns = [
            process == self.index
            for number in range(max(self.dealt, default=0))
            for process, publishers in enumerate(self.dealt)
            if number < publishers
        ]
        return turns if self.publishers else []


# Of a process whose publishers are not there yet.
NO_SHARE = Share((0,), 0)


def deal(publishers: int, users: Sequence[int]) -> tuple[int, ...]:
    """Deal publishers out to processes in turn.

    Args:
        publishers: how many; 0 for all users.
        users: how many users each process has, each of which can be one publisher.
    """
    left = min(publishers or sum(users), sum(users))
    dealt = [0] * len(users)
    while left:
        open_ = [each for each, most in enumerate(users) if dealt[each] < most][:left]
        for each in open_:
            dealt[each] += 1
        left -= len(open_)
    return tuple(dealt)


class SharedTimes:
    """Of ascending times, those of one process's events; ``inf`` while it has no publisher.

    Constant arrivals are dealt out in turn, all others by a draw for each. Events of a burst are drawn one by one,
    too, and each process has its part of the burst at the same moment.
    """

    def __init__(self, times: Iterator[float], process: Process, seed: str, share: Share) -> None:
        """
        Args:
            times: of all events; endless.
            process: how they arrive.
            seed: what is drawn from; the same in all processes.
            share: this process's.
        """
        self._times = times
        self._turn = 0
        self._in_turn = process == "constant"
        self._draws = _draws(seed)
        self._turns = share.turns()
        self._last_s = self._after_s = -inf

    def change(self, share: Share) -> None:
        """Have the events after the moment of the last one split in another way."""
        self._turns = share.turns()
        self._after_s = self._last_s

    def __iter__(self) -> Iterator[float]:
        return self

    def __next__(self) -> float:
        turns, of = self._turns, len(self._turns)
        if not of:
            return inf
        while True:
            time_s = self._last_s = next(self._times)
            if self._in_turn:
                self._turn += 1
                is_mine = turns[self._turn % of]
            else:
                is_mine = turns[int(next(self._draws) * of)]
            if is_mine and time_s > self._after_s:
                return time_s


def _draws(seed: str) -> Iterator[float]:
    random = np.random.default_rng(np.frombuffer(seed.encode(), dtype=np.uint8))
    while True:
        yield from random.random(BLOCK).tolist()
