"""One subscriber on gevent's loop: it connects, subscribes and reads, and connects again as close codes ask."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from fcntl import ioctl
from math import inf
from termios import FIONREAD
from time import monotonic

import gevent
from gevent.event import Event as Signal

from wiretax.channels.websocket.close_codes import in_words, pause_s, reaction
from wiretax.delivery.counting.received import Gap
from wiretax.delivery.subscribing.byte_stream import Stream
from wiretax.delivery.subscribing.collector import Collector
from wiretax.delivery.subscribing.subscriber import Subscriber
from wiretax.wire.connections.connection import RECEIVE_BYTES

# A server that answers no ping for that long is gone.
PONG_TIMEOUT_S = 30.0


class SocketSubscriber:
    """A subscriber with its socket.

    Attributes:
        number: the subscriber's.
        stream: its connection, of which there is one at a time.
        settled: set while the server has confirmed all that was asked for.
    """

    def __init__(self, state: Subscriber, stream: Stream, collector: Collector, place: str) -> None:
        """
        Args:
            state: what happens on the connection.
            stream: to the server, not connected.
            collector: gets what arrives.
            place: the server in words, without secrets.
        """
        self.number = state.number
        self.stream = stream
        self.settled = Signal()
        self._state = state
        self._collector = collector
        self._place = place
        self._wanted: tuple[str, ...] = ()
        self._closing = Signal()
        self._lost_s = inf
        self._why = ""
        self._was_established = False
        self._last_read_s = self._asked_s = 0.0
        self._greenlet = gevent.spawn(self._run)

    def want(self, channels: tuple[str, ...]) -> None:
        """Be subscribed to these channels and to no others."""
        gone = [each for each in self._wanted if each not in channels]
        self._wanted = channels
        if self._state.socket_id:
            if gone:
                # There is no confirmation: whatever comes after the pong comes without these channels.
                self.stream.write(self._state.unsubscribe(gone) + self._state.ping())
            new = [each for each in channels if each not in self._state.confirmed]
            if new:
                self.stream.write(self._state.subscribe(new))
        self._settle()

    def want_more(self, channels: Sequence[str]) -> None:
        """Be subscribed to these channels, too."""
        new = [each for each in dict.fromkeys(channels) if each not in self._state.confirmed]
        self._wanted += tuple(new)
        if new and self._state.socket_id:
            self.stream.write(self._state.subscribe(new))
        self._settle()

    @property
    def is_subscribed(self) -> bool:
        """Whether it wants the events of any channel."""
        return bool(self._wanted)

    def ask(self) -> None:
        """Ask the server for a sign of life, until which it is not settled."""
        with suppress(OSError):
            self.stream.write(self._state.ping())
            self._settle()

    def check(self, now_s: float) -> None:
        """Called every second or so: send a ping after a silence, and give a silent server up."""
        state = self._state
        if not state.socket_id or state.pings == state.pongs:
            if state.socket_id and now_s - self._last_read_s > state.activity_timeout_s:
                self._asked_s = now_s
                self.stream.write(state.ping())
        elif now_s - max(self._asked_s, self._last_read_s) > PONG_TIMEOUT_S:
            self._state.reason = "no answer to a ping"
            self.stream.time_out()

    def gap(self) -> Gap | None:
        """Since when it is not connected; None if it is, or never was."""
        return None if self._lost_s == inf else Gap(self.number, self._lost_s, inf, self._why)

    def say_goodbye(self) -> None:
        """Ask the server to close the connection, which it does once it has read everything."""
        self._closing.set()
        goodbye = self._state.close()
        if goodbye:
            with suppress(OSError):
                self.stream.write(goodbye)

    def close(self, timeout_s: float) -> None:
        """Wait until the server has closed the connection, or that long, and close it."""
        self._greenlet.join(timeout_s)
        self._greenlet.kill()
        self.stream.close(by_server=False)

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._state.reason = ""
            try:
                self._connect()
                self._read_until_over()
                self._why = in_words(self._state.code, self._state.reason)
            except OSError as error:
                self._why = self._state.reason or error.strerror or str(error) or "no answer in time"
            if self._closing.is_set():
                return
            failures = 0 if self._was_established and self._state.socket_id else failures + 1
            self._note_loss()
            how = reaction(self._state.code)
            if how == "give up" or not self._was_established or self._state.refused:
                self._collector.give_up(self._in_words())
                return
            if how == "pause" or failures:
                self._closing.wait(pause_s(failures))

    def _connect(self) -> None:
        hello = self._state.begin()
        self.stream.open()
        self.stream.write(hello)

    def _read_until_over(self) -> None:
        state, stream, collector = self._state, self.stream, self._collector
        while True:
            data = stream.read()
            now_s = self._last_read_s = monotonic()
            backlog = len(data)
            if backlog == RECEIVE_BYTES:
                backlog += self._unread()
            if backlog > collector.backlog_bytes:
                collector.backlog_bytes = backlog
            was_established = bool(state.socket_id)
            reply = state.receive(data, now_s)
            if reply:
                stream.write(reply)
            if state.socket_id and not was_established:
                self._was_established = True
                stream.write(state.subscribe(self._wanted))
            if state.refused:
                return
            if not self.settled.is_set():
                self._settle()
            collector.read()
            if not data or state.is_over:
                return

    def _unread(self) -> int:
        """Bytes that arrived and were not read yet."""
        found = array("i", [0])
        descriptor = self.stream.descriptor
        if descriptor is not None:
            ioctl(descriptor, FIONREAD, found)
        return found[0]

    def _settle(self) -> None:
        """See whether all that was asked for is confirmed."""
        state = self._state
        wanted, confirmed = self._wanted, state.confirmed
        # Numbers first: with thousands of channels, the comparison takes long.
        has_all = len(confirmed) >= len(wanted) and confirmed.issuperset(wanted)
        if state.socket_id and state.pongs == state.pings and has_all:
            self.settled.set()
            if self._lost_s < inf:
                self._collector.add_gap(Gap(self.number, self._lost_s, monotonic(), self._why))
                self._lost_s = inf
        else:
            self.settled.clear()

    def _note_loss(self) -> None:
        self.settled.clear()
        if self._was_established and self._lost_s == inf:
            self._lost_s = monotonic()
        self.stream.close(by_server=self._state.is_over)
        self._state.socket_id = ""

    def _in_words(self) -> str:
        if self._state.refused:
            return f"{self._place}: {self._state.refused}; check key and secret"
        return f"{self._place}: subscriber {self.number + 1} can't connect: {self._why}"
