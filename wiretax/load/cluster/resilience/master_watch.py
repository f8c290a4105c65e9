"""A worker follows its connection to the master, and ends soon after the master is gone for good, or silent.

Locust's worker notices a minute after the last heartbeat, and its users publish meanwhile. A master that ends,
even by kill -9, takes its connections along, and the worker's side sees that at once. One that is stopped, or
whose machine lost its power, leaves its connections open: its heartbeats are missing (``silence``).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

import gevent
import zmq
from gevent.event import Event

from wiretax.load.cluster.resilience import silence

# A connection may be interrupted this long, and after it came back the master has as long again to be heard.
GRACE_S = 3.0
# How long a process that ends waits for its last messages to leave.
SEND_TIMEOUT_S = 2.0
# What happened, and a number that depends on it.
EVENT = Struct("=hi")
CONNECTED, LOST = zmq.Event.HANDSHAKE_SUCCEEDED, zmq.Event.DISCONNECTED


class MasterWatch:
    """Started when the worker is connected."""

    def __init__(
        self, environment: Any, publishes: Callable[[], bool], on_lost: Callable[[str, str], object]
    ) -> None:
        """Follow the connection, and the master's heartbeats.

        Args:
            environment: the worker's.
            publishes: whether its users do.
            on_lost: called once, with what became of the master and of what this worker sent.
        """
        self._runner = environment.runner
        self._on_lost = on_lost
        self._silence = silence.Silence(publishes)
        self._heard = Event()
        self._is_gone = False
        self._following: Any = None
        self._counting = gevent.spawn(self._count_beats)
        environment.events.heartbeat_received.add_listener(self._hear)
        environment.events.quit.add_listener(self._send_rest)
        self._reset = self._runner.reset_connection
        self._runner.reset_connection = self._reset_connection
        self._follow()

    def _hear(self, **_: Any) -> None:
        self._heard.set()
        self._silence.hear()

    def _count_beats(self) -> None:
        gevent.sleep(silence.BEAT_S)
        while not self._silence.beat():
            gevent.sleep(silence.BEAT_S)
        self._following.kill()
        silent_s = silence.BEAT_S * silence.SILENT_BEATS
        self._on_lost(f"the master sent no heartbeat for {silent_s:g} s", "no run has unless the master goes on")

    def _reset_connection(self) -> None:
        """Locust gives up the connection and opens another one, which takes its time to be there."""
        self._reset()
        self._follow(connected=False)

    def _send_rest(self, **_: Any) -> None:
        """Return once the last report has left, or after the timeout."""
        gevent.killall([self._following, self._counting])
        # A thread of zmq sends it, and would end with this process.
        timeout_s = 0.0 if self._is_gone else SEND_TIMEOUT_S
        self._runner.client.socket.context.destroy(linger=int(timeout_s * 1000))

    def _follow(self, connected: bool = True) -> None:
        if self._following is not None and self._following is not gevent.getcurrent():
            self._following.kill(block=False)
        monitor = self._runner.client.socket.get_monitor_socket(CONNECTED | LOST)
        self._following = gevent.spawn(self._watch, monitor, connected)

    def _watch(self, monitor: Any, connected: bool) -> None:
        while True:
            if connected:
                self._wait_for(monitor, LOST)
            if not self._is_back(monitor):
                break
            connected = True
        self._is_gone = True
        self._counting.kill()
        self._on_lost("the master is gone", "no run has now")

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
