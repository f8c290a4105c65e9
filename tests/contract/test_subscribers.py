"""Subscribers of a real mock: every byte is counted, and what becomes of a connection has its consequence."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gevent
import pytest
import websockets.sync.client
from websockets.exceptions import ConnectionClosed

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.identity import Identity
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.websocket import messages
from wiretax.channels.websocket.subscription import auth, member
from wiretax.channels.workload import Workload
from wiretax.delivery.counting.accounts import differences
from wiretax.delivery.subscribing.process import SubscriberProcess
from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.delivery.subscribing.subscribers import Subscribers
from wiretax.load.client.session import Session
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import Fault, FaultList
from wiretax.mock.process import embedded_target, read_ledger
from wiretax.wire.connections.target import Target
from wiretax.wire.publishers.caller import CallResult
from wiretax.wire.slices import Slice

IDENTITY = Identity.fresh(0.0)
Publish = Callable[..., CallResult]


@contextmanager
def mock(tls: bool = False, fault: Fault | None = None) -> Iterator[Target]:
    faults = FaultList((fault,)) if fault else FaultList()
    with embedded_target(Limits(batch_size=1000), CostModel(), "ecdsa" if tls else None, faults) as target:
        yield target


@contextmanager
def publishing(target: Target) -> Iterator[Publish]:
    """Publishes numbered events to a channel, as a trigger or a batch."""
    session = Session([target], seed=1, timeout_s=10.0)
    workload = Workload.of("batch", 10, tls=target.tls)
    connection = session.connect(workload)

    def publish(channel: str, first: int, count: int, size: int = 100) -> CallResult:
        numbers = range(first, first + count)
        events = [Event("said", (channel,), IDENTITY.stamp(each, 1.0).ljust(size, "x")) for each in numbers]
        with session.caller(connection, Slice(workload, 0)) as caller:
            result = caller.call(events)
        assert result.acknowledged
        return result

    try:
        yield publish
    finally:
        session.disconnect(connection)
        session.close()


@pytest.mark.parametrize("kind", [Subscribers, SubscriberProcess])
@pytest.mark.parametrize("tls", [False, True])
def test_every_byte_is_counted_once(tls: bool, kind: type[Subscribers | SubscriberProcess]) -> None:
    channels = ("chat", "private-chat", "presence-room")
    with mock(tls) as target, publishing(target) as publish:
        before = read_ledger(target.endpoint, target.fresh_context())
        assert before is not None
        subscribers = kind(target, IDENTITY.prefix)
        subscribers.begin(channels, 3)
        for number, channel in enumerate(channels):
            publish(channel, 10 * number, 10)
        received = subscribers.finish(90, 10.0)
        own = received.bytes
        assert (own.messages, own.payload) == (90, 9000)
        assert own.layers == own.sent + own.received
        assert sorted(zip(received.sequence.tolist(), received.subscriber.tolist(), strict=True)) == [
            (number, who) for number in range(30) for who in range(3)
        ]
        assert received.channel.tolist().count(1) == 30
        totals = subscribers.close()
        ledger = read_ledger(target.endpoint, target.fresh_context())
        assert ledger is not None
        assert [*differences(totals, ledger["delivery"])] == []
        assert totals.connections == ledger["delivery"]["connections"] == 3


def test_a_subscriber_that_is_not_needed_any_more_gets_nothing() -> None:
    with mock() as target, publishing(target) as publish:
        subscribers = Subscribers(target, IDENTITY.prefix)
        subscribers.begin(["chat"], 2)
        subscribers.begin(["chat"], 1)
        publish("chat", 0, 5)
        assert len(subscribers.finish(5, 10.0)) == 5
        subscribers.begin(["other"], 2)
        publish("chat", 5, 5)
        publish("other", 10, 5)
        assert sorted(subscribers.finish(10, 10.0).sequence.tolist()) == sorted([*range(10, 15)] * 2)
        assert [*differences(subscribers.close(), None)] == []


def test_nothing_is_waited_for_longer_than_the_grace_time() -> None:
    with mock() as target, publishing(target) as publish:
        subscribers = Subscribers(target, IDENTITY.prefix)
        subscribers.begin(["chat"], 1)
        publish("chat", 0, 2)
        assert len(subscribers.finish(3, 0.05)) == 2
        subscribers.close()


def test_a_key_that_the_server_does_not_know_ends_it_with_a_line() -> None:
    with mock() as target:
        app = replace(target.endpoint.app, key="unknown")
        subscribers = Subscribers(replace(target, endpoint=replace(target.endpoint, app=app)), IDENTITY.prefix)
        with pytest.raises(SubscriberError, match=r"can't connect: 4001 \(application does not exist\)"):
            subscribers.begin(["chat"], 1)
        subscribers.close()


def test_a_wrong_secret_ends_it_with_a_line_that_does_not_show_it() -> None:
    with mock() as target:
        app = replace(target.endpoint.app, secret="not-the-secret")
        subscribers = Subscribers(replace(target, endpoint=replace(target.endpoint, app=app)), IDENTITY.prefix)
        with pytest.raises(SubscriberError, match=r"private-chat was refused: .*; check key and secret") as raised:
            subscribers.begin(["private-chat"], 1)
        assert "not-the-secret" not in str(raised.value)
        subscribers.close()


def test_nobody_listens() -> None:
    with mock() as target:
        pass
    subscribers = SubscriberProcess(target, IDENTITY.prefix)
    with pytest.raises(SubscriberError, match="subscriber 1 can't connect: Connection refused"):
        subscribers.begin(["chat"], 1)
    subscribers.close()


def test_a_subscriber_that_is_told_to_connect_again_does_so_at_once() -> None:
    with mock(fault=Fault("disconnect-subscriber", 1.0)) as target, publishing(target) as publish:
        subscribers = Subscribers(target, IDENTITY.prefix)
        subscribers.begin(["chat"], 1)
        publish("chat", 0, 1)
        ledger: dict[str, Any] | None = {"delivery": {"subscriptions": 1}}
        with gevent.Timeout(10):
            while ledger is not None and ledger["delivery"]["subscriptions"] < 2:
                gevent.sleep(0.01)
                ledger = read_ledger(target.endpoint)
        assert ledger is not None
        assert ledger["delivery"]["connections"] == 2
        assert [*differences(subscribers.close(), ledger["delivery"])] == []


def test_a_stopped_subscriber_shows_its_own_backlog() -> None:
    with mock() as target, publishing(target) as publish:
        subscribers = SubscriberProcess(target, IDENTITY.prefix)
        subscribers.begin(["chat"], 1)
        os.kill(subscribers.pid, signal.SIGSTOP)
        for number in range(20):
            publish("chat", 10 * number, 10, size=5_000)
        os.kill(subscribers.pid, signal.SIGCONT)
        received = subscribers.finish(200, 10.0)
        assert len(received) == 200
        assert received.backlog_bytes > 500_000
        subscribers.close()


def test_a_process_that_died_is_a_line() -> None:
    with mock() as target:
        subscribers = SubscriberProcess(target, IDENTITY.prefix)
        os.kill(subscribers.pid, signal.SIGKILL)
        with pytest.raises(SubscriberError, match="the subscribers' process"):
            subscribers.begin(["chat"], 1)
        subscribers.close()


# What the mock itself does, with another library's client.


@contextmanager
def connected(endpoint: Endpoint, query: str = "") -> Iterator[Any]:
    path = messages.path(endpoint.app.key) + query
    with websockets.sync.client.connect(
        f"ws://{endpoint.host}:{endpoint.port}{path}", compression=None, proxy=None
    ) as connection:
        yield connection


def said(connection: Any) -> messages.Message:
    return messages.parse(connection.recv(timeout=10).encode())


def test_the_sender_of_an_event_does_not_get_it() -> None:
    with mock() as target, connected(target.endpoint) as one, connected(target.endpoint) as other:
        ids = [said(each).document()["socket_id"] for each in (one, other)]
        for each in (one, other):
            each.send(messages.subscribe("chat").decode())
            assert said(each).event == messages.SUCCEEDED
        session = Session([target], seed=1, timeout_s=10.0)
        workload = Workload.of("trigger")
        connection = session.connect(workload)
        with session.caller(connection, Slice(workload, 0)) as caller:
            assert caller.call([Event("said", ("chat",), "1", socket_id=ids[0])]).acknowledged
            assert caller.call([Event("said", ("chat",), "2")]).acknowledged
        session.disconnect(connection)
        session.close()
        assert said(one).data == "2"
        assert [said(other).data, said(other).data] == ["1", "2"]


def test_members_of_a_presence_channel_see_each_other() -> None:
    with mock() as target, connected(target.endpoint) as one, connected(target.endpoint) as other:
        app = target.endpoint.app
        for name, each in (("ann", one), ("bob", other)):
            socket_id = said(each).document()["socket_id"]
            data = member(name)
            each.send(
                messages.subscribe("presence-room", auth(app, socket_id, "presence-room", data), data).decode()
            )
            who = said(each)
            assert who.event == messages.SUCCEEDED
        assert who.document()["presence"]["ids"] == ["ann", "bob"]
        assert said(one)[:2] == ("pusher_internal:member_added", "presence-room")
        other.close()
        gone = said(one)
        assert (gone.event, gone.document()) == ("pusher_internal:member_removed", {"user_id": "bob"})


@pytest.mark.parametrize(
    ("version", "code"), [("protocol=7x", 4006), ("protocol=99", 4007), ("", 4008)]
)  # fmt: skip
def test_versions_that_are_not_spoken(version: str, code: int) -> None:
    with mock() as target:
        endpoint = target.endpoint
        url = f"ws://{endpoint.host}:{endpoint.port}/app/{endpoint.app.key}?{version}"
        with websockets.sync.client.connect(url, compression=None, proxy=None) as connection:
            assert said(connection).document()["code"] == code
            with pytest.raises(ConnectionClosed):
                connection.recv(timeout=10)


def test_it_answers_pings_and_ignores_what_it_does_not_know() -> None:
    with mock() as target, connected(target.endpoint) as one:
        said(one)
        one.send("not JSON")
        assert said(one).event == messages.ERROR
        one.send('{"event":"pusher:signin","data":{}}')
        one.send(messages.ping().decode())
        assert said(one).event == messages.PONG
        one.send(messages.subscribe("no channel").decode())
        assert said(one).event == messages.ERROR
