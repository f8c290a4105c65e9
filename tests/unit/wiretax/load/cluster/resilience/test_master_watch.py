"""A worker follows its connection: an interruption ends nothing, a master that is gone for good does."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A master and a worker of Locust's own sockets. The master goes, and may come back, with or without heartbeats.
SCRIPT = """
import locust, sys
from types import SimpleNamespace
import gevent
from locust.event import EventHook
from locust.exception import RPCError
from locust.rpc import zmqrpc
import wiretax.load.cluster.resilience.master_watch as master_watch

comes_back, is_heard = (word in sys.argv for word in ("back", "heard"))
master_watch.GRACE_S = 5.0 if is_heard else 0.5
master = zmqrpc.Server("127.0.0.1", 0)
client = zmqrpc.Client("127.0.0.1", master.port, "worker")
runner = SimpleNamespace(client=client, reset_connection=lambda: None)
events = SimpleNamespace(heartbeat_received=EventHook(), quit=EventHook())
lost, back = gevent.event.Event(), gevent.event.Event()
environment = SimpleNamespace(runner=runner, events=events)
master_watch.MasterWatch(environment, lambda: False, lambda *_: lost.set())
client.socket.send(b"here")
master.socket.recv_multipart()
master.close(linger=0)
if comes_back:
    port, master = master.port, None
    while master is None:
        try:
            master = zmqrpc.Server("127.0.0.1", port)
        except RPCError:  # the library closes ports in the background
            gevent.sleep(0.01)
    client.socket.send(b"here")
    master.socket.recv_multipart()
if is_heard:
    gevent.spawn(lambda: [(events.heartbeat_received.fire(), gevent.sleep(0.05)) for _ in range(200)])
print("lost" if lost.wait(6 if is_heard else 20) else "there")
"""


@pytest.mark.parametrize(
    ("words", "end"), [([], "lost"), (["back"], "lost"), (["back", "heard"], "there")], ids=str
)
def test_a_worker_ends_unless_the_same_master_is_back_in_time(words: list[str], end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"{end}\n", done.stderr
