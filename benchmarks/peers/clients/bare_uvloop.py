"""The same loop as ``bare_gevent`` on asyncio, with protocols on uvloop, the fastest that Python has."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from time import time
from typing import cast

import uvloop

from wiretax.channels.bodies.events import bodies
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import Workload

ENDPOINT = Endpoint.parse(os.environ["PUSHER_URL"])
BATCH_SIZE = int(os.environ["BENCH_BATCH_SIZE"])
WORKLOAD = Workload.of("trigger") if BATCH_SIZE == 1 else Workload.of("batch", BATCH_SIZE)
PROFILE = load_profile(WORKLOAD.transport.client)
render = RequestHead(ENDPOINT, PROFILE, WORKLOAD.call.api, WORKLOAD.transport.connection).render
next_body = bodies(WORKLOAD, PROFILE, json.loads(os.environ["BENCH_DATA"]))


class User(asyncio.Protocol):
    """One connection: each response is followed by the next request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.write = cast(asyncio.Transport, transport).write
        self.send()

    def data_received(self, data: bytes) -> None:
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        sys.exit("the server closed")

    def send(self) -> None:
        body = next_body()
        self.write(render(body, int(time())) + body)


async def main() -> None:
    loop = asyncio.get_running_loop()
    for _ in range(int(os.environ["BENCH_CONNECTIONS"])):
        await loop.create_connection(User, ENDPOINT.host, ENDPOINT.port)
    await loop.create_future()


if __name__ == "__main__":
    uvloop.run(main())
