"""Locust's QueueUser on events from outside: a Redis stream, a file, a pipe."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import environment
from redis_server import PROGRAM, STREAM, RedisServer
from test_redis import until
from warm import run_warm, start_warm

from wiretax.runs.reader import Run, find_run, read_run

LOCUSTFILE = Path(__file__).parents[2] / "scenarios" / "locustfile.py"
OPTIONS = ["-f", str(LOCUSTFILE), "--headless", "-u", "4", "-r", "4"]
TEXTS = ["", "Zoë 👍", *("x" * size for size in range(98))]
PAYLOAD_BYTES = sum(len(text.encode()) for text in TEXTS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps({"name": "e", "channel": "c", "data": text}) + "\n" for text in TEXTS))
    return path


def drain(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run_warm("locust", *OPTIONS, *arguments, "QueueUser", cwd=folder, env=environment(), stdin=stdin)


def saved(folder: Path) -> Run:
    run = read_run(find_run(folder / "results"))
    assert run.meta["valid"], run.meta["invalid_because"]
    return run


@pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed")
def test_a_stream_is_drained_and_acknowledged(server: RedisServer, tmp_path: Path) -> None:
    server.add(*TEXTS)
    arguments = ["--redis", server.url, "--stream", STREAM, "QueueUser"]
    process = start_warm("locust", *OPTIONS, *arguments, cwd=tmp_path, env=environment())
    until(lambda: process.poll() is not None or server.is_drained())
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    run = saved(tmp_path)
    assert run.meta["from_outside"] == {
        "read": 100,
        "published": 100,
        "acknowledged": 100,
        "redelivered": 0,
        "given_back": 0,
        "skipped": 0,
        "interruptions": 0,
    }
    assert server.pending() == 0
    assert run.meta["parts"]["total"]["payload_bytes"] == PAYLOAD_BYTES


@pytest.mark.parametrize("batch_size", [1, 10])
def test_a_file_is_published_at_a_rate_and_ends_the_run(tmp_path: Path, file: Path, batch_size: int) -> None:
    done = drain(tmp_path, "-t", "40s", "--events", str(file), "--rate", "100/s", "--batch-size", str(batch_size))
    assert done.returncode == 0, done.stderr
    run = saved(tmp_path)
    assert run.meta["from_outside"] == {"read": 100, "published": 100, "given_back": 0, "skipped": 0}
    assert run.meta["parts"]["total"]["payload_bytes"] == PAYLOAD_BYTES


def test_a_pipe_is_published_as_it_is_written(tmp_path: Path, file: Path) -> None:
    bad = '{"name": "e", "channels": ["a", "b"], "data": ""}\n'
    done = drain(tmp_path, "-t", "40s", "--events", "-", stdin=bad + file.read_text())
    # By default an invalid line is skipped, and the run fails at its end.
    assert done.returncode == 3, done.stderr
    assert "standard input, line 1: 2 channels; an item of a batch has one" in done.stderr
    assert "standard input: 1 event was not published: 1 invalid" in done.stderr
    assert saved(tmp_path).meta["from_outside"] == {"read": 100, "published": 100, "given_back": 0, "skipped": 1}


def test_a_bad_line_ends_the_run_where_that_was_chosen(tmp_path: Path, file: Path) -> None:
    file.write_text(file.read_text() + "{\n")
    done = drain(tmp_path, "-t", "40s", "--events", str(file), "--rate", "1000/s", "--on-error", "stop")
    assert done.returncode == 5
    assert "mine.jsonl, line 101: not JSON" in done.stderr
    assert saved(tmp_path).meta["from_outside"]["published"] == 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--redis", "redis://:hidden@127.0.0.1:1/0"), "--redis redis://127.0.0.1:1/0: "),
        (("--redis", "redis//:hidden@h"), "--redis: the address of Redis can't be used"),
        (("--events", "nowhere.jsonl"), "--events nowhere.jsonl: No such file"),
        (("--events", "-", "--redis", "redis://:hidden@h"), "--events and --redis: expected one of them"),
    ],
)
def test_what_can_not_be_read_is_said_before_anything_is_sent(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = drain(tmp_path, "-t", "1s", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "hidden" not in done.stderr + done.stdout
    assert not (tmp_path / "results").exists()
