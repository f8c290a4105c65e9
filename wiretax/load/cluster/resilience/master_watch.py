"""A worker follows its connection to the master, and ends soon after it is lost for good.

Locust's worker notices a minute after the last heartbeat, and its users publish meanwhile. A master that ends,
even by kill -9, takes its connections along, and the worker's side sees that at once.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

import gevent
import zmq
from gevent.event import Event

# A connection may be interrupted this long, and after it came back the master has as long again to be heard.
GRACE_S = 3.0
# How long a process that ends waits for its last messages to leave.
SEND_TIMEOUT_S = 2.0
# What happened, and a number that depends on it.
EVENT = Struct("=hi")
CONNECTED, LOST = zmq.Event.HANDSHAKE_SUCCEEDED, zmq.Event.DISCONNECTED


class MasterWatch:
    """Started when the worker is connected."""

    def __init__(self, environment: Any, on_lost: Callable[[], object]) -> None:
        """``on_lost``: called once, when the master is gone for good."""
        self._runner = environment.runner
        self._on_lost = on_lost
        self._heard = Event()
        self._greenlet: Any = None
        environment.events.heartbeat_received.add_listener(lambda **_: self._heard.set())
        environment.events.quit.add_listener(self._send_rest)
        self._reset = self._runner.reset_connection
        self._runner.reset_connection = self._reset_connection
        self._follow()

    def _reset_connection(self) -> None:
        """Locust gives up the connection and opens another one, which takes its time to be there."""
        self._reset()
        self._follow(connected=False)

    def _send_rest(self, **_: Any) -> None:
        """Return once the last report has left, or after the timeout."""
        # A thread of zmq sends it, and would end with this process.
        self._greenlet.kill()
        self._runner.client.socket.context.destroy(linger=int(SEND_TIMEOUT_S * 1000))

    def _follow(self, connected: bool = True) -> None:
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            self._greenlet.kill(block=False)
        monitor = self._runner.client.socket.get_monitor_socket(CONNECTED | LOST)
        self._greenlet = gevent.spawn(self._watch, monitor, connected)

    def _watch(self, monitor: Any, connected: bool) -> None:
        while True:
            if connected:
                self._wait_for(monitor, LOST)
            if not self._is_back(monitor):
                break
            connected = True
        self._on_lost()

    def _is_back(self, monitor: Any) -> bool:
        """Whether the connection comes back in time, and to the same master: another one answers no heartbeat of a
        worker that it doesn't know."""
        connected = False
        with gevent.Timeout(GRACE_S, False):
            self._wait_for(monitor, CONNECTED)
            connected = True
        self._heard.clear()
        return connected and self._heard.wait(GRACE_S)

    @staticmethod
    def _wait_for(monitor: Any, event: int) -> None:
        # As zmq.utils.monitor does, which would load asyncio.
        while EVENT.unpack(monitor.recv_multipart()[0])[0] != event:
            pass
