"""The cores of this machine: who runs where, and what else runs there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from wiretax.runs.machine import IDLE


@dataclass(frozen=True, slots=True)
class Cores:
    """Where generator and mock run.

    Attributes:
        allowed: the cores this process may use, sorted; empty where the system doesn't tell.
    """

    allowed: tuple[int, ...]

    @classmethod
    def find(cls) -> Cores:
        return cls(tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ())

    @property
    def pinned(self) -> bool:
        """Whether each side has a core of its own: the first and the last, seldom two threads of one."""
        return len(self.allowed) > 1

    @property
    def single(self) -> bool:
        """Whether generator and mock share one core."""
        return len(self.allowed) == 1

    @property
    def generator(self) -> int | None:
        return self.allowed[0] if self.pinned else None

    @property
    def mock(self) -> int | None:
        return self.allowed[-1] if self.pinned else None

    def __str__(self) -> str:
        if self.pinned:
            return f"each generator on core {self.generator}, the mock on core {self.mock}"
        return "nothing is pinned, for want of two cores to pin to: generator and mock share what there is"

    def busy_s(self) -> float:
        """Processor time spent so far on these two cores, or on all where nothing is pinned; stolen time too."""
        ours = {self.generator, self.mock} if self.pinned else set(self.allowed)
        busy = 0.0
        for core, times in enumerate(psutil.cpu_times(percpu=True)):
            if not ours or core in ours:
                busy += sum(times) - sum(getattr(times, name, 0.0) for name in IDLE)
        return busy


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started inside inherits this core; None leaves it to the system."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
