"""A stream filled by ``wiretax feed`` and drained by publishers, one of them killed half way: no event is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from commands import Run, environment
from redis_server import PROGRAM, STREAM, RedisServer
from warm import Started, start_warm

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed")

PATIENCE_S = 120.0
CLAIM_IDLE_S = 1.0
DRAIN = Path(__file__).with_name("drain.py")
# Slow enough to be killed half way: 4 publishers of 10 events a call.
RTT_S = 0.01


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, keeps=True)
    yield server
    server.stop()


def until(true: Callable[[], bool]) -> None:
    until_s = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < until_s
        sleep(0.02)


@contextmanager
def draining(server: RedisServer, endpoint: Endpoint, log: Path) -> Iterator[Started]:
    app = endpoint.app
    url = f"{endpoint.scheme}://{app.key}:{app.secret}@{endpoint.full_authority}/apps/{app.app_id}"
    log.touch()
    arguments = [str(DRAIN), server.url, url, str(log), str(CLAIM_IDLE_S)]
    process = start_warm(*arguments, cwd=log.parent, env=environment())
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def published(*logs: Path) -> list[int]:
    # The last line of a publisher that was killed may be cut off.
    return [int(line) for log in logs for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]


def stop(process: Started) -> tuple[list[str], dict[str, int]]:
    """What it said, and the ledger of its stream."""
    process.terminate()
    *said, counts = process.communicate(timeout=PATIENCE_S)[0].splitlines()
    return said, json.loads(counts)


def test_a_publisher_killed_while_draining_loses_no_event(server: RedisServer, tmp_path: Path) -> None:
    events = 3000
    server.add(*map(str, range(events)))
    first, second = tmp_path / "first", tmp_path / "second"
    with embedded_mock(Limits(), CostModel(rtt=RTT_S)) as endpoint:
        with draining(server, endpoint, first) as killed:
            until(lambda: len(published(first)) > 300)
            killed.kill()
        until(lambda: server.connections() == 1)  # what it had sent before it died has been read
        left = server.pending()
        assert left
        assert len(published(first)) < events
        with draining(server, endpoint, second) as process:
            until(lambda: set(published(first, second)) == set(range(events)) and not server.pending())
            _, counts = stop(process)
        ledger = read_ledger(endpoint)
    assert ledger is not None
    assert set(published(first, second)) == set(range(events))
    assert counts["redelivered"] == left
    assert counts["published"] == counts["acknowledged"] == len(published(second))
    # What was sent twice is part of what is counted so: the mock took no more than that beyond each event once.
    assert 0 <= ledger["events"] - events <= left


def test_the_batch_around_poison_is_published_once_and_leaves_nothing_to_the_next_publisher(
    server: RedisServer, tmp_path: Path
) -> None:
    server.add("0", "1")
    for at in ("-1e308", "1e308", "nan", ""):
        server.add("99", at=at)
    server.add("2", "3")
    first, second = tmp_path / "first", tmp_path / "second"
    with embedded_mock(Limits(), CostModel()) as endpoint:
        with draining(server, endpoint, first) as process:
            until(lambda: set(published(first)) == {0, 1, 2, 3} and not server.pending())
            said, counts = stop(process)
        with draining(server, endpoint, second) as process:
            server.add("4")
            until(lambda: published(second) == [4] and not server.pending())
            _, again = stop(process)
        ledger = read_ledger(endpoint)
    assert ledger is not None
    assert ledger["events"] == 5
    assert [counts["published"], counts["skipped"], counts["acknowledged"]] == [4, 4, 8]
    assert [again["published"], again["skipped"], again["redelivered"]] == [1, 0, 0]
    assert len(said) == 4
    kept: Any = server.client.xrange(f"{STREAM}:rejected")
    assert [entry["at"] for _, entry in kept] == ["-1e308", "1e308", "nan", ""]


def test_redis_killed_while_a_publisher_drains_it_loses_no_event(server: RedisServer, tmp_path: Path) -> None:
    events = 2000
    server.add(*map(str, range(events)))
    log = tmp_path / "log"
    with (
        embedded_mock(Limits(), CostModel(rtt=RTT_S)) as endpoint,
        draining(server, endpoint, log) as process,
    ):
        until(lambda: len(published(log)) > 200)
        server.kill()
        sleep(0.3)
        server.start()
        until(lambda: set(published(log)) == set(range(events)) and not server.pending())
        said, counts = stop(process)
    assert counts["interruptions"] >= 1
    assert "is gone" in said[0]
    assert said[-1].endswith("is back; continuing")


def test_feed_fills_a_stream_at_a_rate_and_says_what_it_reached(server: RedisServer, run: Run) -> None:
    names = ("--channel", "room-{}", "--event", "moved", "--spread", "200")
    how = ("--rate", "500/s", "--count", "300", "--arrivals", "constant")
    fed = run("feed", *how, *names, WIRETAX_REDIS=server.url)
    assert fed.returncode == 0
    assert fed.stdout.splitlines()[0] == f"feed  {server.url}, stream wiretax"
    assert re.search(
        r"^300 events in \d+\.\d s: \d+/s, of 500/s requested \(constant\)$", fed.stdout, re.MULTILINE
    )
    entries = server.client.xrange("wiretax")
    assert len(entries) == 300
    fields = [dict(entry) for _, entry in entries]
    assert {len(each["data"].encode()) for each in fields} == {200}
    assert [(each["name"], each["channel"]) for each in fields] == [
        ("moved", f"room-{number % 200 + 1:03}") for number in range(300)
    ]
    times = [float(each["at"]) for each in fields]
    assert times[-1] - times[0] == pytest.approx(299 / 500, abs=1e-4)  # as meant, however late they were added


def test_feed_names_a_rate_that_no_machine_makes(server: RedisServer, run: Run) -> None:
    fed = run("feed", "--rate", "100000000/s", "--duration", "1s", "--stream", STREAM, "--redis", server.url)
    assert fed.returncode == 0
    assert "of 100,000,000/s requested" in fed.stdout
    assert "fell behind the requested rate" in fed.stderr
    assert f"{server.client.xlen(STREAM):,} events in " in fed.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", "5/s"), "expected --duration, --count or both, like --duration 10s"),
        (("--rate", "5"), "'5' is not a rate"),
        (("--rate", "5/s", "--duration", "0s"), "--duration 0s: expected a duration above zero"),
        (("--rate", "5/s", "--count", "1", "--kind", "char"), "did you mean chat?"),
        (("--rate", "5/s", "--count", "1", "--arrivals", "poison"), "did you mean poisson?"),
        (("--rate", "5/s", "--count", "1", "--payload", "3"), "--payload 3: expected 9"),
        (("--rate", "5/s", "--count", "1", "--spread", "0"), "--spread 0, expected 1 (the same in each call)"),
        (("--rate", "5/s", "--count", "1", "--channel", "a b"), "--channel 'a b': channel name may only hold"),
        (("--rate", "5/s", "--count", "1", "--redis", "mysql://:hidden@h"), "neither redis:// nor rediss://"),
        (("--rate", "5/s", "--count", "1", "--redis", "redis://:hidd/en@h"), "can't be read as a URL"),
        (("--rate", "5/s", "--count", "1", "--redis", "redis://:hidden@h/x"), "not the number of a database"),
    ],
)
def test_feed_says_in_a_line_what_it_can_not_do(run: Run, arguments: tuple[str, ...], said: str) -> None:
    fed = run("feed", *arguments)
    assert fed.returncode == 2
    assert said in fed.stderr
    assert fed.stderr.count("\n") == 1
    assert "hidd" not in fed.stderr + fed.stdout


def test_feed_without_redis_says_so_and_keeps_the_password(server: RedisServer, run: Run) -> None:
    server.kill()
    url = server.url.replace("//", "//user:hidden@")
    fed = run("feed", "--rate", "5/s", "--count", "1", "--redis", url)
    assert fed.returncode == 5
    assert "refused" in fed.stderr
    assert "hidden" not in fed.stderr + fed.stdout
