"""Connections through a web proxy: their bytes are counted whole, and refusals are one line."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_proxy import OPENED, WebProxy, web_proxy

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.load.client.preflight import EndpointRefusedError, preflight
from wiretax.load.client.session import Session
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.ledger import Peer
from wiretax.wire.reach.proxy import Proxy
from wiretax.wire.slices import Slice

# Nothing resolves it: only the proxy needs to know where it is.
ENDPOINT = Endpoint("https", "ws.invalid", 443, DEMO)
TIMEOUT_S = 5.0
AUTHORIZATION = f"Basic {b64encode(b'user:hidden').decode()}"


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    authority = tmp_path_factory.mktemp("authority") / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as endpoint:
        yield endpoint


def through(proxy: WebProxy, authorization: str = "") -> Target:
    way = Proxy("127.0.0.1", proxy.port, "HTTPS_PROXY", authorization)
    return target_of(ENDPOINT, insecure=True, proxy=way)


@pytest.mark.parametrize("client", ["reference", LIBRARY])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_the_connect_exchange_is_part_of_the_connections_cost(
    mock: Endpoint, client: str, connection: Any
) -> None:
    workload = Workload.of(payload_bytes=10, client=client, tls=True, connection=connection)
    with web_proxy((mock.host, mock.port)) as proxy:
        target = through(proxy, AUTHORIZATION)
        before = read_ledger(ENDPOINT, target.fresh_context(), target.tunnel)
        assert before is not None
        proxy.settle()
        asked, received, sent = len(proxy.asked), proxy.received, proxy.sent
        session = Session([target], 1, TIMEOUT_S)
        own = session.connect(workload)
        publisher, slice_ = session.publisher(own, workload), Slice(workload, 0)
        for _ in range(3):
            publisher.publish(session.source(workload), slice_, until_ns=0)
        slice_.settle()
        session.disconnect(own)
        witness = session.witness()
        session.close()
        proxy.settle()
        heads = proxy.asked[asked:]
        received, sent = proxy.received - received, proxy.sent - sent
        after = read_ledger(ENDPOINT, target.fresh_context(), target.tunnel)
    assert after is not None
    tally = slice_.measured
    opened = 1 if connection == "keep-alive" else 3
    assert heads == [target.proxy.request(ENDPOINT)] * opened  # type: ignore[union-attr]
    assert (tally.requests, tally.failures) == (3, 0)
    # HTTP's bytes alone are what model, socket and mock count.
    assert tally.sent_bytes == witness.sent_bytes == after["request_bytes"] - before["request_bytes"]
    assert tally.received_bytes == witness.received_bytes == after["response_bytes"] - before["response_bytes"]
    # The rest, with CONNECT and its reply, is what TLS adds, in its fixed part: together all that the proxy saw.
    assert witness.sent_bytes + witness.tls.sent == received
    assert witness.tls.handshake_sent > opened * len(heads[0])
    assert witness.tls.handshake_received > opened * len(OPENED)
    if witness.tcp is not None:
        assert witness.tcp.sent == received
        assert witness.tcp.received == witness.received_bytes + witness.tls.received
    assert witness.peers == {Peer("endpoint", "127.0.0.1", proxy.port): opened}
    assert witness.connections.opened == opened
    assert sent >= witness.received_bytes + witness.tls.received


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "407 Proxy Authentication Required; check user and",
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden; it may not allow this host or port"),
        (b"HTTP/1.1 200", "without a reply to CONNECT"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_named(mock: Endpoint, reply: bytes, says: str) -> None:
    with web_proxy((mock.host, mock.port), reply) as proxy:
        session = Session([through(proxy, AUTHORIZATION)], 1, TIMEOUT_S)
        with pytest.raises(EndpointRefusedError) as refused:
            preflight(session, [Workload.of(payload_bytes=10, tls=True)], -1)
        witness = session.witness()
        session.close()
        assert not read_ledger(ENDPOINT, through(proxy).fresh_context(), through(proxy).tunnel)
        assert not through(proxy).ask_for_certificate(TIMEOUT_S).asks
    message = str(refused.value)
    assert message.startswith(
        f"no call to https://ws.invalid/apps/123456: the proxy http://127.0.0.1:{proxy.port} (HTTPS_PROXY)"
    )
    assert says in message
    assert "hidden" not in message
    assert AUTHORIZATION.partition(" ")[2] not in message
    # The refused exchange is counted, too.
    if witness.tcp is not None:
        assert witness.tcp.sent == witness.tls.sent > 0
        assert witness.tcp.received == witness.tls.received == len(reply)


def test_a_proxy_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = free.getsockname()[1]
    session = Session([target_of(ENDPOINT, proxy=Proxy("127.0.0.1", gone, "all_proxy"))], 1, TIMEOUT_S)
    with pytest.raises(
        EndpointRefusedError, match=rf"the proxy http://127\.0\.0\.1:{gone} \(all_proxy\).*refused"
    ):
        preflight(session, [Workload.of(payload_bytes=10, tls=True)], -1)
    session.close()


def test_the_password_of_a_proxy_is_in_no_repr(tmp_path: Path) -> None:
    target = target_of(ENDPOINT, proxy=Proxy("p", 1, "HTTPS_PROXY", AUTHORIZATION))
    assert AUTHORIZATION.partition(" ")[2] not in repr(target) + repr(target.tunnel)
