"""Drains a Redis stream until it is told to stop: python drain.py REDIS PUSHER_URL LOG CLAIM_IDLE_S.

The data of each event whose publish was acknowledged is a line of LOG, written before Redis is told. When it stops
it prints what became of the stream's entries.
"""

from __future__ import annotations

import locust  # noqa: F401  # it patches the standard library, as it does for users

# ruff: noqa: I001
import json
import signal
import sys
from pathlib import Path

import gevent
from gevent.event import Event as Signal

from wiretax.queue.redis.address import RedisAddress
from wiretax.queue.redis.stream import RedisStream
from wiretax.load.client.session import Session
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.wire.publishers.caller import Caller
from wiretax.wire.slices import Slice
from wiretax.wire.connections.target import Target

STREAM = "events"
PUBLISHERS = 4
WORKLOAD = Workload.of(api="batch", batch_size=10)


def main(redis_url: str, endpoint_url: str, log: Path, claim_idle_s: float) -> None:
    session = Session([Target(Endpoint.parse(endpoint_url))], seed=1, timeout_s=5)
    slice_ = Slice(WORKLOAD, 0)
    address = RedisAddress.parse(redis_url)
    source = RedisStream(address, STREAM, Limits(), "skip", print, claim_idle_s=claim_idle_s)
    stopped = Signal()
    gevent.signal_handler(signal.SIGTERM, stopped.set)
    with log.open("a") as lines:

        def publish() -> None:
            connection = session.connect(WORKLOAD)
            with Caller(connection, session.source(WORKLOAD), slice_) as caller:
                while arrivals := source.take(WORKLOAD.call.batch_size, 0.01):
                    if caller.call([arrival.event for arrival in arrivals]).acknowledged:
                        lines.writelines(f"{arrival.event.data}\n" for arrival in arrivals)
                        lines.flush()
                        source.acknowledge(arrivals)
                    else:
                        source.retry(arrivals)

        source.start()
        publishers = [gevent.spawn(publish) for _ in range(PUBLISHERS)]
        stopped.wait()
        source.close()
        gevent.joinall(publishers)
    session.close()
    print(json.dumps(source.counts.as_dict()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
