"""The Redis source against a real Redis: order, acknowledgement, what is claimed, and Redis gone in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, time
from typing import Any

import gevent
import pytest
import redis
from redis_server import PROGRAM, STREAM, RedisServer

from wiretax.channels.limits import Limits
from wiretax.channels.validation import library_check
from wiretax.channels.workload import Workload
from wiretax.queue.redis.address import RedisAddress
from wiretax.queue.redis.reader import StreamError
from wiretax.queue.redis.stream import RedisStream

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed")

PATIENCE_S = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def keeping_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, keeps=True)
    yield server
    server.stop()


@contextmanager
def reading(server: RedisServer, said: list[str] | None = None, **more: Any) -> Iterator[RedisStream]:
    say = ([] if said is None else said).append
    source = RedisStream(
        RedisAddress.parse(server.url), STREAM, Limits(), more.pop("on_error", "skip"), say, **more
    )
    with gevent.Timeout(PATIENCE_S):
        source.start()
        try:
            yield source
        finally:
            source.close()


def until(true: Callable[[], bool]) -> None:
    """Let the source's greenlets run until something is so."""
    with gevent.Timeout(PATIENCE_S):
        while not true():
            gevent.sleep(0.01)


def take(source: RedisStream, count: int) -> list[str]:
    """The data of the next ``count`` arrivals, each published and acknowledged."""
    texts: list[str] = []
    while len(texts) < count:
        arrivals = source.take(count - len(texts), 0)
        assert arrivals
        texts += [arrival.event.data for arrival in arrivals]
        source.acknowledge(arrivals)
    return texts


def test_events_come_in_order_whole_and_with_their_time(server: RedisServer) -> None:
    server.add("1", "Zoë 👍", at=time() - 5)
    more = {"socket_id": "12.34", "info": "subscription_count", "key": "k"}
    server.client.xadd(STREAM, {"name": "n", "channels": '["a","b"]', "data": "3", **more})
    said: list[str] = []
    with reading(server, said) as source:
        arrivals = source.take(2, 10)
        arrivals += source.take(1, 0)
    assert (arrivals[2].event.socket_id, arrivals[2].event.info) == ("12.34", "subscription_count")
    [unsent] = said
    assert unsent.startswith(f"stream {STREAM}, entry ")
    assert ": field 'key' is not sent, here and in later events; an event has " in unsent
    assert [arrival.event.data for arrival in arrivals] == ["1", "Zoë 👍", "3"]
    assert [arrival.event.channels for arrival in arrivals] == [("my-channel",)] * 2 + [("a", "b")]
    assert 4.9 < monotonic() - arrivals[0].intended_s < 5 + PATIENCE_S
    assert monotonic() - arrivals[2].intended_s < PATIENCE_S  # by its id


def test_a_batch_waits_for_more_until_its_linger_is_over(server: RedisServer) -> None:
    with reading(server) as source:
        taken = gevent.spawn(source.take, 3, PATIENCE_S)
        server.add("1", "2")
        until(lambda: source.waiting() >= 2)
        assert not taken.ready()
        server.add("3")
        assert [arrival.event.data for arrival in taken.get()] == ["1", "2", "3"]
        server.add("4", at=time() - 60)
        assert len(source.take(3, 30)) == 1  # its linger was over long ago


def test_nothing_is_acknowledged_before_its_publish_was(server: RedisServer) -> None:
    server.add("1", "2", "3")
    with reading(server) as source:
        arrivals = source.take(3, PATIENCE_S)
        gevent.sleep(0.1)
        assert server.pending() == 3
        source.acknowledge(arrivals[:2])
        until(lambda: source.counts.acknowledged == 2)
        assert server.pending() == 1
        assert source.counts.as_dict()["published"] == 2


def test_an_entry_that_the_client_library_refuses_is_set_aside_with_the_reason(server: RedisServer) -> None:
    server.add("1", "👍" + "x" * 3000, "3")
    said: list[str] = []
    with reading(server, said, library=library_check(Workload.of("batch", 10, client="python"))) as source:
        assert take(source, 2) == ["1", "3"]
        until(lambda: server.client.xlen(f"{STREAM}:rejected") == 1)
        assert source.counts.skipped == 1
    assert "pusher 3.3.4 (client python) sends data of at most 10,240" in said[0]


def test_what_is_given_back_is_taken_again_in_its_place(server: RedisServer) -> None:
    server.add("1", "2", "3")
    with reading(server) as source:
        source.retry(source.take(2, PATIENCE_S))
        assert take(source, 3) == ["1", "2", "3"]
        assert source.counts.given_back == 2
        assert source.counts.redelivered == 0


def test_what_the_server_rejected_is_not_taken_again_and_stays_in_the_stream(server: RedisServer) -> None:
    server.add("1", "2", "3")
    with reading(server, consumer="one") as source:
        source.reject(source.take(2, PATIENCE_S))
        source.put_back(source.take(1, PATIENCE_S))
        assert take(source, 1) == ["3"]
        until(lambda: source.counts.acknowledged == 1)
        assert source.counts.given_back == 0
    assert server.consumers() == ["one"]  # what it holds is the next one's
    assert server.pending() == 2
    with reading(server, consumer="one") as source:
        assert take(source, 2) == ["1", "2"]


def test_publishers_share_a_stream_without_sharing_an_event(server: RedisServer) -> None:
    with reading(server) as source:
        publishers = [gevent.spawn(take, source, 100) for _ in range(4)]
        server.add(*map(str, range(400)))
        texts = [text for publisher in publishers for text in publisher.get()]
        until(lambda: source.counts.acknowledged == 400)
    assert sorted(map(int, texts)) == list(range(400))
    assert server.pending() == 0


def test_the_queue_is_as_deep_as_what_nobody_has_taken(server: RedisServer) -> None:
    server.add(*map(str, range(50)))
    with reading(server, read_ahead=10) as source:
        until(lambda: source.waiting() == 50)
        take(source, 50)
        until(lambda: source.waiting() == 0)


def test_what_a_dead_consumer_left_is_claimed_and_counted(server: RedisServer) -> None:
    server.add("1", "2", "3")
    dead: Any = server.client
    dead.xgroup_create(STREAM, "wiretax", id="0")
    dead.xreadgroup("wiretax", "dead", {STREAM: ">"}, count=2)
    with reading(server, claim_idle_s=0.2) as source:
        assert sorted(take(source, 3)) == ["1", "2", "3"]
        assert source.counts.redelivered == 2
    assert server.pending() == 0


def test_a_consumer_of_the_same_name_goes_on_at_once(server: RedisServer) -> None:
    server.add("1", "2", "3")
    with reading(server, consumer="one") as source:
        source.take(2, PATIENCE_S)
    with reading(server, consumer="one") as source:
        assert take(source, 3) == ["1", "2", "3"]
        assert source.counts.redelivered == 3  # the third was read ahead


def test_a_slow_consumer_keeps_what_it_holds(server: RedisServer) -> None:
    server.add("1", "2")
    with reading(server, consumer="slow", claim_idle_s=0.3) as slow:
        held = slow.take(2, PATIENCE_S)
        with reading(server, consumer="other", claim_idle_s=0.3) as other:
            gevent.sleep(1)
            assert other.counts.read == 0
        slow.acknowledge(held)
        until(lambda: slow.counts.acknowledged == 2)


def test_a_consumer_that_is_done_leaves_the_group(server: RedisServer) -> None:
    server.add("1", "2")
    with reading(server, consumer="one") as source:
        take(source, 2)
    assert server.consumers() == []
    server.add("3")
    with reading(server, consumer="two") as source:
        source.take(1, PATIENCE_S)
    assert server.consumers() == ["two"]  # it holds what the next one has to claim
    assert server.pending() == 1


def test_redis_killed_and_started_again_loses_nothing(keeping_server: RedisServer) -> None:
    server, said = keeping_server, list[str]()
    server.add(*map(str, range(20)))
    with reading(server, said, read_ahead=5) as source:
        in_flight = source.take(3, PATIENCE_S)
        server.kill()
        until(lambda: source.counts.interruptions == 1)
        source.acknowledge(in_flight)  # published while Redis was gone
        server.start()
        server.add("20")
        texts = take(source, 18)
        until(lambda: source.counts.acknowledged == 21)
        assert [arrival.event.data for arrival in in_flight] + texts == [str(each) for each in range(21)]
        assert source.counts.redelivered == 0
    assert server.pending() == 0
    assert "is gone" in said[0]
    assert said[1].endswith("is back; continuing")
    assert len(said) == 2


def test_redis_that_answers_nothing_for_a_while_loses_nothing(server: RedisServer) -> None:
    said = list[str]()
    with reading(server, said) as source:
        server.add("1")
        assert take(source, 1) == ["1"]
        server.freeze()
        until(lambda: source.counts.interruptions == 1)
        server.thaw()
        server.add("2")
        assert take(source, 1) == ["2"]
        until(lambda: source.counts.acknowledged == 2)
    assert server.pending() == 0


def test_a_redis_that_forgot_everything_is_joined_anew(server: RedisServer) -> None:
    said = list[str]()
    with reading(server, said) as source:
        server.add("1")
        assert take(source, 1) == ["1"]
        gevent.sleep(0.1)  # it waits for the next one
        server.client.flushall()
        server.add("2")
        assert take(source, 1) == ["2"]
        until(lambda: source.counts.acknowledged == 2)
    assert any("group wiretax is gone" in line for line in said)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "n", "channel": "c"}, "no data"),
        ({"name": "n", "channel": "a b", "data": "x"}, "channel name may only hold"),
        ({"name": "n", "channel": "c", "data": "x" * 10_241}, "exceeds the allowed maximum (10240 bytes): 10241"),
        ({"name": "n", "channels": "c", "data": "x"}, "channels is not JSON"),
        ({"name": "n", "channel": "c", "data": b"\xff"}, "not UTF-8"),
        ({"name": "n", "channel": "c", "data": "x", "at": "noon"}, "at is 'noon'"),
        ({"name": "n", "channel": "c", "data": "x", "at": "-1e308"}, "at is '-1e308'"),
        ({"name": "n", "channel": "c", "data": "x", "at": "nan"}, "at is 'nan'"),
    ],
)
def test_an_entry_that_is_no_event_is_skipped_or_ends_it(
    server: RedisServer, fields: dict[Any, Any], wrong: str
) -> None:
    bad: Any = server.client.xadd(STREAM, fields)
    server.add("1")
    said = list[str]()
    with reading(server, said) as source:
        assert take(source, 1) == ["1"]
        until(lambda: source.counts.acknowledged == 2)
        assert source.counts.skipped == 1
    assert f"entry {bad}: " in said[0]
    assert wrong in said[0]
    assert said[0].endswith("; skipped, and kept in events:rejected")
    assert server.pending() == 0
    with redis.Redis(port=server.port, protocol=2) as raw:
        kept: Any = raw.xrange("events:rejected")
    [(_, copy)] = kept
    assert copy.pop(b"wiretax:id").decode() == bad
    assert wrong in copy.pop(b"wiretax:reason").decode()
    assert copy == {
        name.encode(): each if isinstance(each, bytes) else each.encode() for name, each in fields.items()
    }
    server.client.xgroup_destroy(STREAM, "wiretax")
    with reading(server, on_error="stop") as source:
        assert source.take(1, 0) == []
        assert wrong in str(source.error)


def test_poison_that_redis_does_not_keep_is_acknowledged_all_the_same(server: RedisServer) -> None:
    server.client.set("events:rejected", "taken by something else")
    server.add("poison", at="inf")
    server.add("poison", at="")
    server.add("1")
    said = list[str]()
    with reading(server, said) as source:
        assert take(source, 1) == ["1"]
        until(lambda: source.counts.acknowledged == 3)
        assert server.pending() == 0
    assert ["WRONGTYPE" in each for each in said] == [False, False, True]
    assert said[-1].startswith("events:rejected can't keep invalid entries: ")


def test_a_long_field_of_poison_is_kept_in_part(server: RedisServer) -> None:
    server.add("x" * 1_000_000)
    with reading(server) as source:
        until(lambda: source.counts.acknowledged == 1)
    kept: Any = server.client.xrange("events:rejected")
    [(_, copy)] = kept
    assert copy["data"] == "x" * 65_536
    assert server.client.xlen(STREAM) == 1


def test_without_redis_it_says_so_and_keeps_the_password(server: RedisServer) -> None:
    server.client.set("text", "no stream")
    source = RedisStream(RedisAddress.parse(server.url), "text", Limits(), "skip", print)
    with pytest.raises(StreamError, match="WRONGTYPE"):
        source.start()
    server.kill()
    url = server.url.replace("//", "//user:hidden@")
    source = RedisStream(RedisAddress.parse(url), STREAM, Limits(), "skip", print)
    with pytest.raises(StreamError, match="refused") as raised:
        source.start()
    assert "hidden" not in str(raised.value) + repr(RedisAddress.parse(url))


def test_closed_while_publishing_what_was_read_is_published_and_acknowledged(server: RedisServer) -> None:
    server.add("1", "2", "3")
    info: Any = partial(server.client.info, "clients")
    with reading(server) as source:
        in_flight = source.take(1, PATIENCE_S)
        until(lambda: source.counts.read == 3)
        source.close()
        # Redis delivers to a reader until it has noticed that the reader has disconnected.
        until(lambda: info()["blocked_clients"] == 0)
        server.add("4")
        rest = source.take(10, PATIENCE_S)
        assert [arrival.event.data for arrival in rest] == ["2", "3"]
        source.acknowledge(rest)
        source.acknowledge(in_flight)
        assert server.pending() == 0
        assert server.consumers() == []
        assert source.take(1, 0) == []


def test_closed_while_redis_is_gone_it_says_what_will_be_sent_twice(keeping_server: RedisServer) -> None:
    server, said = keeping_server, list[str]()
    server.add("1", "2")
    with reading(server, said) as source:
        arrivals = source.take(2, PATIENCE_S)
        server.kill()
        source.acknowledge(arrivals)
        source.close()
    assert "2 events were published and could not be acknowledged" in said[-1]
    server.start()
    with reading(server, claim_idle_s=0.1) as source:
        assert take(source, 2) == ["1", "2"]
        assert source.counts.redelivered == 2
