"""A master and its workers over IPv6, as over IPv4."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

import gevent
import locust_unpatched  # noqa: F401
import pytest
import zmq
from locust.rpc import Message, zmqrpc

from wiretax.load.cluster.resilience.master_port import MasterPort


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


@pytest.fixture(autouse=True)
def _close_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Locust leaves the sockets of its messages, and their contexts, to the end of the process."""
    made: list[zmq.Context[Any]] = []

    def context() -> zmq.Context[Any]:
        made.append(create())
        return made[-1]

    create = zmqrpc.zmq.Context
    monkeypatch.setattr(zmqrpc.zmq, "Context", context)
    yield
    for each in made:
        each.destroy(linger=0)


@pytest.mark.parametrize(
    ("bound", "asked"), [("::1", "::1"), ("*", "::1"), ("[::1]", "[::1]"), ("*", "127.0.0.1"), ("*", "localhost")]
)
def test_workers_reach_a_master_at_any_address(bound: str, asked: str) -> None:
    master = MasterPort(bound, 0)
    worker = zmqrpc.Client(asked, master.port, "worker")
    worker.send(Message("quit", None, "worker"))
    with gevent.Timeout(20):
        sender, message = master.recv_from_client()
    assert (sender, message.type) == ("worker", "quit")


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_a_port_that_is_taken_is_named_as_a_url_has_it(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken, caplog.at_level(logging.ERROR):
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            MasterPort(host, port)
    assert ended.value.code == 2
    assert f"a master can't listen on [::1]:{port}: Address already in use; " in caplog.text
