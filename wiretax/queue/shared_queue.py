"""A free run's queue of generated events that several processes drain: this process's part of it."""

from __future__ import annotations

from wiretax.channels.workload import Workload
from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.queue import Queue
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.queue.sources.share import Share


class SharedQueue(Queue):
    """A queue whose part of the arrivals changes, as publishers start and stop in this process and in others."""

    def __init__(self, workload: Workload, seed: int, share: Share, clock: Clock = GEVENT_CLOCK) -> None:
        """
        Args:
            workload: of all processes.
            seed: what events and arrivals are drawn from.
            share: this process's, to begin with.
            clock: what arrivals are timed with.
        """
        source = GeneratedSource.of(workload, seed, 0, clock=clock, share=share)
        super().__init__(share.of(workload), source, clock=clock)
        self._whole = workload
        self._generated = source

    def change_share(self, share: Share) -> None:
        """Have another part of the arrivals from now on."""
        self._workload = share.of(self._whole)
        self._generated.change_share(share, self._workload.arrivals.rate)
