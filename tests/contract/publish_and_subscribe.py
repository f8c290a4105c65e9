"""``python publish_and_subscribe.py URL CALLS``: publishes and subscribes with wiretax, and prints what both saw
as JSON. It is a program, so that it can run in a network namespace."""

from __future__ import annotations

import json
import sys
from time import monotonic

from wiretax.channels.bodies.channel_names import all_channels
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.delivery.counting.matching import match
from wiretax.delivery.subscribing.subscribers import Subscribers
from wiretax.delivery.tracked_caller import publish_tracked
from wiretax.load.client.session import Session
from wiretax.wire.connections.target import Target
from wiretax.wire.slices import Slice

# One workload after the other; each has its own channels.
WORKLOADS = (
    Workload.of("trigger", 1, channel_name="chat"),
    Workload.of("batch", 10, channel_name="private-chat"),
    Workload.of("batch", 5, channel_name="presence-room"),
    Workload.of("trigger", 1, channel_name="vault", encrypted=True, client="node"),
    Workload.of("multi_trigger", 1, 3, channel_name="room-{}"),
)


def main(url: str, calls: int) -> None:
    endpoint = Endpoint.parse(url)
    app = type(endpoint.app)(endpoint.app.app_id, endpoint.app.key, endpoint.app.secret, DEMO.master_key)
    target = Target(Endpoint(endpoint.scheme, endpoint.host, endpoint.port, app, endpoint.prefix))
    session = Session([target], seed=1, timeout_s=10.0, counts_deliveries=True)
    log = session.publish_log
    assert log is not None
    assert log.identity is not None
    subscribers = Subscribers(target, log.identity.prefix)
    found = []
    for workload in WORKLOADS:
        channels = all_channels(workload)
        subscribers.begin(channels, 1)
        slice_ = Slice(workload, 0)
        connection = session.connect(workload)
        caller = session.caller(connection, slice_)
        events = session.events(workload)
        sent = 0

        def counted(made=events, own=slice_, size=workload.call.batch_size):
            nonlocal sent
            for event in made:
                sent += 1
                if sent == calls * size:
                    own.close()
                yield event

        publish_tracked(caller, counted(), slice_)
        published = log.take()
        received = subscribers.finish(int(published.messages.sum()), 5.0)
        tally = match(published, received, 1, 5.0, monotonic())
        found.append(
            {
                "channels": channels,
                "sent": tally.sent,
                "acknowledged": tally.acknowledged,
                "delivered": tally.delivered,
                "adds_up": tally.adds_up,
                "received": [
                    [channels[c], int(s)] for c, s in zip(received.channel, received.sequence, strict=True)
                ],
            }
        )
        session.disconnect(connection)
    totals = subscribers.close()
    session.close()
    counted_bytes = [totals.layers, totals.sent + totals.received, totals.tcp_sent + totals.tcp_received]
    json.dump({"prefix": log.identity.prefix, "bytes": counted_bytes, "workloads": found}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
