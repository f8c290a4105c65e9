"""The queue of a free run with workers: each gets arrivals as it has publishers, which come and go."""

from __future__ import annotations

from typing import Any

import gevent

from wiretax.load.cluster import messages
from wiretax.load.cluster.registry import MISSING

# How often a master looks where publishers are. Workers report that when they have started or stopped users.
LOOK_S = 0.2


class QueueDealing:
    """A master's side: it tells each worker its part of the arrivals, again whenever that changes."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._dealt: dict[str, int] = {}
        self._greenlet: gevent.Greenlet | None = None

    def begin(self) -> None:
        """A test begins: no worker has publishers yet."""
        self.end()
        self._dealt = {}
        self._greenlet = gevent.spawn(self._look_regularly)

    def renew(self) -> None:
        """A worker begins the test, and knows of no part yet: tell all at the next look."""
        self._dealt = {}

    def end(self) -> None:
        """The test is about to end: arrivals stay as they are."""
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            self._greenlet.kill()
        self._greenlet = None

    def look(self) -> None:
        """Tell all workers their parts, if publishers have started or stopped since the last look."""
        runner = self._environment.runner
        classes = self._environment.user_classes
        draining = [each.__name__ for each in classes if getattr(each, "drains_queue", False)]
        dealt = {
            client_id: sum(node.user_classes_count.get(name, 0) for name in draining)
            for client_id, node in list(runner.clients.items())
            if node.state != MISSING
        }
        if dealt == self._dealt or not (any(dealt.values()) or any(self._dealt.values())):
            return
        self._dealt = dealt
        for index, client_id in enumerate(dealt):
            share = {"dealt": list(dealt.values()), "index": index}
            runner.send_message(messages.SHARE, share, client_id=client_id)

    def _look_regularly(self) -> None:
        while True:
            gevent.sleep(LOOK_S)
            self.look()
