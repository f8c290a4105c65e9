"""Deliveries that a core counts and matches per second, and the memory that millions of events take.

python -m benchmarks.deliveries
"""

from __future__ import annotations

import argparse
import resource
from time import monotonic, process_time

import numpy as np
from rich.console import Console

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.identity import Identity
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.websocket.messages import delivery, established
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.matching import match
from wiretax.delivery.counting.published import Published
from wiretax.delivery.counting.received import Received
from wiretax.delivery.subscribing.collector import Collector
from wiretax.delivery.subscribing.subscriber import Subscriber

CHANNEL = "orders"
DATA_BYTES = 100
# Events in a slice, and frames that one read from a socket brings.
SLICE_EVENTS = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=200_000, help="to count (default 200,000)")
    parser.add_argument("--events", type=int, default=10_000_000, help="to match (default 10 million)")
    given = parser.parse_args()
    console = Console()
    for frames in (1, 10):
        rate = counted_per_second(given.deliveries, frames)
        console.print(f"{rate:,.0f} deliveries per second of a core, {frames} in each read")
    seconds, megabytes = matched(given.events)
    console.print(
        f"{given.events:,} events matched in {seconds:.1f} s ({given.events / seconds:,.0f} per second), "
        f"{megabytes:,.0f} MB at most"
    )


def counted_per_second(deliveries: int, frames: int) -> float:
    """Deliveries per second of processor time that are parsed, counted and matched.

    Args:
        deliveries: how many.
        frames: how many come in each read from the socket.
    """
    from websockets.frames import Frame, Opcode
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

    identity = Identity.fresh(0.0)
    collector = Collector(identity.prefix, by_content=False)
    collector.channels = {CHANNEL: 0}
    subscriber = Subscriber(0, Endpoint("http", "127.0.0.1", 80, DEMO), collector)
    server = ServerProtocol()
    server.receive_data(subscriber.begin())
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    subscriber.receive(b"".join(server.data_to_send()), 0.0)
    subscriber.receive(Frame(Opcode.TEXT, established("1.2", 120)).serialize(mask=False), 0.0)
    reads = []
    for first in range(0, deliveries, frames):
        data = (identity.stamp(number, 0.0).ljust(DATA_BYTES, "x") for number in range(first, first + frames))
        sent = (delivery(Event("said", (CHANNEL,), each), CHANNEL) for each in data)
        reads.append(b"".join(Frame(Opcode.TEXT, each).serialize(mask=False) for each in sent))
    published = _published(0, len(reads) * frames)
    began_s = process_time()
    for each in reads:
        subscriber.receive(each, monotonic())
        collector.read()
    received = collector.take(DeliveryBytes(), ())
    tally = match(published, received, 1, 1.0, monotonic())
    spent_s = process_time() - began_s
    assert tally.delivered == len(reads) * frames
    return tally.delivered / spent_s


def matched(events: int) -> tuple[float, float]:
    """Processor time (s) to match that many events, slice by slice, and the most memory (MB) it took."""
    before_s, size = process_time(), min(SLICE_EVENTS, events)
    for first in range(0, events, size):
        published = _published(first, size)
        none = np.zeros(size, dtype=np.int16)
        received = Received(none, none, published.sequence.copy(), published.ended_s + 1e-3)
        assert match(published, received, 1, 1.0, 2.0).delivered == size
    return process_time() - before_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _published(first: int, events: int) -> Published:
    sequence = np.arange(first, first + events)
    intended_s = np.linspace(0.0, 1.0, events)
    none = np.zeros(events, dtype=np.int16)
    outcome, messages = none.astype(np.int8), none + np.int16(1)
    publisher = none.astype(np.int32)
    return Published(sequence, intended_s, intended_s, intended_s, outcome, sequence, messages, publisher)


if __name__ == "__main__":
    main()
