"""A loop on gevent that signs, sends and reads, and does nothing else; ``--fixed``: without signing.

It has no timeouts, counts nothing and takes any response for a success. No load generator on gevent is faster.
"""

from __future__ import annotations

import _socket
import json
import os
import sys
from time import time

import gevent

from wiretax.channels.bodies.events import bodies
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import Workload

READ, RESPONSE_BYTES = 1, 4096
ENDPOINT = Endpoint.parse(os.environ["PUSHER_URL"])
BATCH_SIZE = int(os.environ["BENCH_BATCH_SIZE"])
WORKLOAD = Workload.of("trigger") if BATCH_SIZE == 1 else Workload.of("batch", BATCH_SIZE)
PROFILE = load_profile(WORKLOAD.transport.client)
head = RequestHead(ENDPOINT, PROFILE, WORKLOAD.call.api, WORKLOAD.transport.connection)
next_body = bodies(WORKLOAD, PROFILE, json.loads(os.environ["BENCH_DATA"]))


def user(signs: bool) -> None:
    """Send request after request over one connection."""
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.connect((ENDPOINT.host, ENDPOINT.port))
    connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    hub = gevent.get_hub()
    watcher = hub.loop.io(connection.fileno(), READ)
    watcher.start(gevent.getcurrent().switch)
    send, receive, wait, render = connection.send, connection.recv, hub.switch, head.render
    body = next_body()
    request = render(body, int(time())) + body
    while True:
        if signs:
            body = next_body()
            request = render(body, int(time())) + body
        if send(request) != len(request):
            sys.exit("the socket's buffer is full")
        wait()
        if not receive(RESPONSE_BYTES):
            sys.exit("the server closed")


if __name__ == "__main__":
    users = [gevent.spawn(user, "--fixed" not in sys.argv) for _ in range(int(os.environ["BENCH_CONNECTIONS"]))]
    gevent.joinall(users, raise_error=True)
