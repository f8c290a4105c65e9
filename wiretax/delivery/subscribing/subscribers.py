"""The subscribers of a run, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic, process_time

import gevent

from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.received import Received
from wiretax.delivery.subscribing.byte_stream import stream_to
from wiretax.delivery.subscribing.collector import Collector
from wiretax.delivery.subscribing.socket_subscriber import SocketSubscriber
from wiretax.delivery.subscribing.subscriber import Subscriber
from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.wire.connections.target import Target
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.counters import TcpCounters, TlsCounters, add_counters
from wiretax.wire.reach.addresses import Addresses

CHECK_S = 1.0
# How long a server may take to answer the close of a connection.
GOODBYE_S = 1.0
# Subscribers that connect at the same time: a server's backlog is limited.
AT_ONCE = 64


class Subscribers:
    """Subscribers of one server, as many as the slice with the most needs; they stay connected between slices."""

    def __init__(
        self,
        target: Target,
        prefix: str,
        by_content: bool = False,
        timeout_s: float = 10.0,
        own_process: bool = False,
    ) -> None:
        """
        Args:
            target: the server; of encrypted channels with the app's master key.
            prefix: what a sequence number is preceded by in the data of this run's events.
            by_content: whether events carry none, and are identified by their channel, name and data.
            timeout_s: how long a server may take to confirm connections and subscriptions.
            own_process: whether this process has nothing else to do, so that its processor time is theirs.
        """
        self._own_process = own_process
        target = replace(target, endpoint=target.endpoint.for_subscribers())
        self._target = target
        self._collector = Collector(prefix, by_content)
        self._timeout_s = timeout_s
        self._addresses = Addresses(*target.peer)
        self._watchdog = Watchdog(timeout_s)
        self._subscribers: list[SocketSubscriber] = []
        self._before = DeliveryBytes()
        self._cpu_s = 0.0
        self._deliveries = 0
        self._checking = gevent.spawn(self._check)

    def begin(self, channels: Sequence[str], subscribers: int) -> None:
        """Have that many subscribers subscribed to all of these channels, and no others to any.

        Args:
            channels: their names.
            subscribers: how many subscribe to each of them.

        Raises:
            SubscriberError: they don't get that far.
        """
        self._collector.channels = {channel: number for number, channel in enumerate(channels)}
        while len(self._subscribers) < subscribers:
            first = len(self._subscribers)
            for number in range(first, min(subscribers, first + AT_ONCE)):
                self._add(number)
            self._wait(self._subscribers[first:])
        for number, subscriber in enumerate(self._subscribers):
            subscriber.want(tuple(channels) if number < subscribers else ())
        self._wait(self._subscribers)
        self._take()  # what still came of the slice before

    def add_channels(self, channels: Sequence[str]) -> None:
        """Have all subscribers subscribed to these channels, too.

        Raises:
            SubscriberError: they don't get that far.
        """
        numbers = self._collector.channels
        for channel in channels:
            numbers.setdefault(channel, len(numbers))
        for each in self._subscribers:
            each.want_more(channels)
        self._wait(self._subscribers)

    def watch(self, channels: Sequence[str], told: Callable[[str, float], None]) -> None:
        """Have each delivery told: its data, and when it arrived (s, on ``time.monotonic``)."""
        self._collector.channels = {channel: number for number, channel in enumerate(channels)}
        self._collector.told = told

    def join(self, number: int, channels: Sequence[str]) -> None:
        """Have one subscriber more, subscribed to all of these channels.

        Raises:
            SubscriberError: it does not get that far.
        """
        self._add(number)
        own = [each for each in self._subscribers if each.number == number]
        own[0].want(tuple(channels))
        self._wait(own)

    def leave(self, number: int) -> None:
        """Have a subscriber subscribed to nothing any more."""
        for each in self._subscribers:
            if each.number == number:
                each.want(())

    def finish(self, expected: int, grace_s: float) -> Received:
        """What was received since ``begin``, as soon as all has come or nothing came for the grace time.

        Args:
            expected: deliveries that should come.
            grace_s: how long to wait for the next one (s).
        """
        collector = self._collector
        collector.await_(self._deliveries + expected)
        since_s, missed = monotonic(), collector.deliveries
        while not collector.reached.is_set():
            left_s = since_s + grace_s - monotonic()
            if left_s <= 0:
                break
            collector.reached.wait(left_s)
            if collector.deliveries > missed:
                since_s, missed = collector.latest_s, collector.deliveries
        # Some may have come twice, and others still be on their way: an answer to a ping comes after these.
        self._flush(grace_s)
        return self._take()

    def progress(self) -> tuple[int, float]:
        """How many deliveries there were in all, and when the latest one came (s, on ``time.monotonic``)."""
        return self._collector.deliveries, self._collector.latest_s

    def totals(self) -> DeliveryBytes:
        """What all connections have carried so far."""
        tcp: TcpCounters | None = TcpCounters()
        tls, opened, sent, received = TlsCounters(), 0, 0, 0
        for each in self._subscribers:
            stream = each.stream
            tcp, tls = add_counters(tcp, stream.tcp()), add_counters(tls, stream.tls()) or tls
            opened, sent, received = opened + stream.opened, sent + stream.sent, received + stream.received
        layers = self._collector.layers().as_dict()
        found = (
            {"tcp_sent": -1, "tcp_received": -1}
            if tcp is None
            else {
                "tcp_sent": tcp.sent,
                "tcp_received": tcp.received,
                "segments_out": tcp.segments_out + tcp.close_segments_out,
                "segments_in": tcp.segments_in + tcp.close_segments_in,
                "tcp_ip_sent": tcp.headers_out,
                "tcp_ip_received": tcp.headers_in,
            }
        )
        counted = {"sent": sent, "received": received, "tls_sent": tls.sent, "tls_received": tls.received}
        return DeliveryBytes(**{**layers, **counted, **found, "connections": opened})

    def close(self) -> DeliveryBytes:
        """Close all connections: what they carried in all."""
        self._checking.kill()
        for each in self._subscribers:
            each.say_goodbye()
        for each in self._subscribers:
            each.close(GOODBYE_S)
        self._watchdog.stop()
        return self.totals()

    def _add(self, number: int) -> None:
        state = Subscriber(number, self._target.endpoint, self._collector)
        stream = stream_to(self._target, self._timeout_s, self._addresses)
        self._watchdog.add(stream)
        place = self._target.endpoint.public_url
        self._subscribers.append(SocketSubscriber(state, stream, self._collector, place))

    def _wait(self, subscribers: Sequence[SocketSubscriber]) -> None:
        """Wait until the server has confirmed all that subscribers asked for."""
        until_s = monotonic() + self._timeout_s
        for each in subscribers:
            while not each.settled.is_set():
                if self._collector.error:
                    raise SubscriberError(self._collector.error)
                if monotonic() > until_s:
                    where = self._target.endpoint.public_url
                    raise SubscriberError(
                        f"{where}: subscriber {each.number + 1} was not subscribed within {self._timeout_s:g} s; "
                        "check that the server speaks the Pusher protocol at /app/KEY"
                    )
                each.settled.wait(0.1)

    def _flush(self, timeout_s: float) -> None:
        """Wait until connected subscribers have received what was sent to them so far."""
        connected = [each for each in self._subscribers if each.settled.is_set() and each.is_subscribed]
        for each in connected:
            each.ask()
        until_s = monotonic() + timeout_s
        for each in connected:
            each.settled.wait(max(0.0, until_s - monotonic()))

    def _take(self) -> Received:
        totals, cpu_s = self.totals(), process_time()
        gaps = [gap for each in self._subscribers if (gap := each.gap()) is not None]
        received = self._collector.take(totals.minus(self._before), gaps)
        self._before, self._cpu_s, spent_s = totals, cpu_s, cpu_s - self._cpu_s
        self._deliveries = self._collector.deliveries
        return replace(received, cpu_s=spent_s if self._own_process else 0.0)

    def _check(self) -> None:
        while True:
            gevent.sleep(CHECK_S)
            for each in self._subscribers:
                each.check(monotonic())
