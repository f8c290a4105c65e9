"""The mock as an HTTP/1.1 server and as a command: framing, bounds, its count of bytes, how it starts and ends."""

from __future__ import annotations

import json
import pickle
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from subprocess import PIPE
from time import monotonic

import pytest
from mock_client import (
    BATCH,
    EVENTS,
    TIMEOUT_S,
    Client,
    batch_body,
    batch_item,
    chunked,
    dribbled,
    ended_mock,
    ledger,
    publish,
    request,
    request_head,
    signed_target,
    started_mock,
    trigger_body,
)

import wiretax.mock.process
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import difference
from wiretax.mock.options import MockOptions
from wiretax.mock.process import LISTENING, MockError, embedded_mock, read_ledger, start_process
from wiretax.mock.protocols.connection import MAX_HEAD_BYTES
from wiretax.mock.server import BODY_ALLOWANCE

BODY = trigger_body()
# What a mock with these limits takes at most: room for any head of a batch, and each byte of data escaped.
MAX_BODY_BYTES = BODY_ALLOWANCE + 6 * Limits().batch_size * Limits().data_bytes


def head_and_body(body: bytes = BODY, *headers: str) -> tuple[bytes, bytes]:
    """The two parts of a signed trigger."""
    sent = publish(EVENTS, body, *headers)
    return sent[: -len(body)], sent[-len(body) :]


def asking_info(channel: str) -> bytes:
    """A trigger whose answer can be told from others."""
    return publish(EVENTS, trigger_body(channels=[channel], info="user_count"))


def test_questions_are_answered_on_the_connection_that_publishes(either_mock: Endpoint) -> None:
    before, app = ledger(either_mock), f"/apps/{DEMO.app_id}"
    ended = f"{app}/users/u/terminate_connections"
    asked = [
        request(signed_target(path, b"", method="GET", body_md5=None), method="GET")
        for path in (f"{app}/channels", f"{app}/channels/c", f"{app}/channels/presence-c/users")
    ]
    with Client(either_mock) as client:
        client.send(b"".join([publish(EVENTS, BODY), *asked, publish(ended, b"{}"), publish(EVENTS, BODY)]))
        answers = [client.read() for _ in range(6)]
        assert client.ask(request(f"{app}/channels", method="GET")).status == 401
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    bodies = [b"{}", b'{"channels":{}}', b'{"occupied":false}', b'{"users":[]}', b"{}", b"{}"]
    assert [(answer.status, answer.body) for answer in answers] == [(200, body) for body in bodies]
    counted = difference(ledger(either_mock), before)
    assert (counted["requests"], counted["events"], counted["rejected"]) == (7, 2, {"auth_missing": 1})


# Connections


def test_a_connection_serves_many_requests(mock: Endpoint) -> None:
    before = ledger(mock)
    with Client(mock) as client:
        for _ in range(200):
            assert client.ask(publish(EVENTS, BODY)).status == 200
        counted = difference(ledger(mock), before)
    assert (counted["connections"], counted["requests"], counted["events"]) == (1, 200, 200)


@pytest.mark.parametrize(
    "closing",
    [
        lambda: publish(EVENTS, BODY, "Connection: close"),
        lambda: publish(EVENTS, BODY, "Connection: Close"),
        lambda: publish(EVENTS, BODY).replace(b"HTTP/1.1", b"HTTP/1.0"),
        lambda: publish(EVENTS, BODY, "Connection: close", secret="wrong"),
    ],
    ids=["close", "another case", "HTTP/1.0", "a refusal"],
)
def test_a_connection_closes_when_asked_to(either_mock: Endpoint, closing: Callable[[], bytes]) -> None:
    with Client(either_mock) as client:
        assert client.ask(closing()).headers["connection"] == "close"
        assert client.has_ended()


def test_nothing_after_a_closing_request_is_answered_or_counted(either_mock: Endpoint) -> None:
    before = ledger(either_mock)
    with Client(either_mock) as client:
        first = client.ask(publish(EVENTS, BODY, "Connection: close") + publish(EVENTS, BODY))
        assert (first.status, first.body) == (200, b"{}")
        assert client.has_ended()
    counted = difference(ledger(either_mock), before)
    assert counted["rejected"] == {}
    assert (counted["requests"], counted["events"]) == (1, 1)
    assert counted["response_bytes"] == client.received


def test_a_client_that_ends_its_side_still_gets_its_answer(either_mock: Endpoint) -> None:
    with Client(either_mock) as client:
        client.send(publish(EVENTS, BODY))
        client.end_writing()
        assert client.read().status == 200
        assert client.has_ended()


def test_an_idle_connection_is_closed_and_a_busy_one_is_not() -> None:
    with (
        started_mock("--idle-timeout", "0.8s") as (_, mock),
        Client(mock) as busy,
        Client(mock) as silent,
        Client(mock) as unfinished,
    ):
        silent.ask(publish(EVENTS, BODY))
        unfinished.send(publish(EVENTS, BODY)[:-1])
        began = monotonic()
        while not silent.has_more(within=0.05):
            assert monotonic() - began < TIMEOUT_S
            assert busy.ask(publish(EVENTS, BODY)).status == 200
        # The event loop's timers count whole milliseconds.
        assert monotonic() - began >= 0.798
        assert silent.has_ended()
        assert unfinished.has_ended()
        assert busy.ask(publish(EVENTS, BODY)).status == 200


@pytest.mark.parametrize("rtt", ["0ms", "20ms"])
def test_clients_that_vanish_leave_the_mock_alive(rtt: str) -> None:
    sent = publish(EVENTS, trigger_body(data="x" * 1000))
    with started_mock("--rtt", rtt) as (process, mock):
        for length in (0, len(sent) // 4, len(sent) - 500, len(sent)):
            with Client(mock) as vanishing:
                vanishing.send(sent[:length])
                vanishing.reset()
        with Client(mock) as client:
            # The second answer is due after those of the connections that are gone.
            for _ in range(2):
                assert client.ask(publish(EVENTS, BODY)).status == 200
        process.terminate()
        _, said = process.communicate(timeout=TIMEOUT_S)
    assert said == ""


# Framing


def in_pieces(cut: Callable[[bytes], list[bytes]]) -> Callable[[], list[bytes]]:
    return lambda: cut(publish(EVENTS, BODY))


FRAMINGS: dict[str, Callable[[], list[bytes]]] = {
    "one write": in_pieces(lambda sent: [sent]),
    "head and body apart": lambda: list(head_and_body()),
    "cut in the request line": in_pieces(lambda sent: [sent[:50], sent[50:]]),
    "cut in the blank line": lambda: [head_and_body()[0][:-2], b"\r\n" + BODY],
    "cut before the last byte": in_pieces(lambda sent: [sent[:-1], sent[-1:]]),
    "byte by byte": in_pieces(dribbled),
    "chunked": lambda: [chunked(signed_target(EVENTS, BODY), BODY)],
    "chunked, small chunks": lambda: [chunked(signed_target(EVENTS, BODY), *dribbled(BODY))],
    "chunked, byte by byte": lambda: dribbled(chunked(signed_target(EVENTS, BODY), BODY[:9], BODY[9:])),
    "blank lines before it": in_pieces(lambda sent: [b"\r\n\r\n" + sent]),
}


@pytest.mark.parametrize("slices", FRAMINGS.values(), ids=FRAMINGS)
def test_a_request_is_read_however_it_comes(
    mock: Endpoint, client: Client, slices: Callable[[], list[bytes]]
) -> None:
    before = ledger(mock)
    assert client.ask(*slices()).status == 200
    # A second one shows that the end of the first was found.
    assert client.ask(publish(EVENTS, BODY)).status == 200
    assert difference(ledger(mock), before)["requests"] == 2


@pytest.mark.parametrize("origin", ["http://mock.test", "HTTPS://mock.test:443"])
def test_a_target_may_be_absolute(mock: Endpoint, client: Client, origin: str) -> None:
    before = ledger(mock)
    assert client.ask(request(origin + signed_target(EVENTS, BODY), BODY)).status == 200
    assert difference(ledger(mock), before)["events"] == 1


@pytest.mark.parametrize("slices", [1, 2, 3], ids="cut in {}".format)
def test_pipelined_requests_are_answered_in_order(either_mock: Endpoint, slices: int) -> None:
    names = [f"channel-{number}" for number in range(5)]
    sent = b"".join(map(asking_info, names))
    cuts = [len(sent) * cut // slices for cut in range(slices + 1)]
    with Client(either_mock) as client:
        client.send(*(sent[start:end] for start, end in pairwise(cuts)))
        assert [json.loads(client.read().body) for _ in names] == [{"channels": {name: {}}} for name in names]


def test_requests_before_garbage_are_answered_first(either_mock: Endpoint) -> None:
    with Client(either_mock) as client:
        client.send(publish(EVENTS, BODY) + b"GARBAGE\r\n\r\n")
        assert [client.read().status for _ in range(2)] == [200, 400]
        assert client.has_ended()


@pytest.mark.parametrize(
    "cut",
    [lambda head: [head], lambda head: [head[:-20], head[-20:]], dribbled],
    ids=["head whole", "head in two", "head byte by byte"],
)
@pytest.mark.parametrize("value", ["Expect: 100-continue", "expect: 100-Continue", "Expect:\t100-continue"])
def test_a_client_that_waits_for_it_is_told_to_continue(
    client: Client, value: str, cut: Callable[[bytes], list[bytes]]
) -> None:
    head, body = head_and_body(BODY, value)
    interim = client.ask(*cut(head))
    assert (interim.status, interim.headers, interim.body) == (100, {}, b"")
    assert client.ask(body).status == 200


def test_a_client_is_told_to_continue_once(mock: Endpoint, client: Client) -> None:
    head = request_head(signed_target(EVENTS, BODY), "Expect: 100-continue", "Transfer-Encoding: chunked")
    # Once the ledger has answered, the mock has read what was sent before.
    client.send(head[:-2])
    ledger(mock)
    assert client.ask(head[-2:]).status == 100
    for slice_ in (*dribbled(b"%x" % len(BODY)), b"\r\n"):
        client.send(slice_)
        ledger(mock)
    assert client.ask(BODY + b"\r\n0\r\n\r\n").status == 200


def test_a_client_that_does_not_wait_is_not_told_to_continue(client: Client) -> None:
    assert client.ask(publish(EVENTS, BODY, "Expect: 100-continue")).status == 200
    assert client.ask(publish(EVENTS, BODY)).status == 200


@pytest.mark.parametrize(
    "offering",
    [
        lambda: publish(EVENTS, BODY, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
        lambda: request_head("api:443", method="CONNECT"),
    ],
    ids=["h2c", "CONNECT"],
)
def test_an_offer_to_switch_protocols_gets_one_answer(mock: Endpoint, offering: Callable[[], bytes]) -> None:
    before = ledger(mock)
    with Client(mock) as client:
        answer = client.ask(offering())
        assert answer.headers.get("connection") == "close", answer.text
        assert answer.status == 400
        assert client.has_ended()
    assert difference(ledger(mock), before)["rejected"] == {"http": 1}


# Bounds


def gives_up(mock: Endpoint, slices: list[bytes], status: int, reason: str) -> None:
    """Send what can't be read as a request; shows that it is answered once, counted once, and closed."""
    before = ledger(mock)
    with Client(mock) as client:
        answer = client.ask(*slices)
        assert answer.status == status, answer.text
        assert answer.text
        assert answer.headers["connection"] == "close"
        assert client.has_ended()
    counted = difference(ledger(mock), before)
    assert counted["rejected"] == {reason: 1}
    assert (counted["requests"], counted["events"]) == (1, 0)
    assert (counted["request_bytes"], counted["response_bytes"]) == (client.sent, client.received)


GARBAGE = {
    "words": b"GARBAGE\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a field without a colon": request_head(EVENTS, "Content-Length 3"),
    "a length that is no number": request_head(EVENTS, "Content-Length: many"),
    "a length below zero": request_head(EVENTS, "Content-Length: -1"),
    "two lengths": request_head(EVENTS, "Content-Length: 3", "Content-Length: 4"),
    "length and chunks": request_head(EVENTS, "Content-Length: 3", "Transfer-Encoding: chunked"),
    "a chunk size that is no number": request_head(EVENTS, "Transfer-Encoding: chunked") + b"many\r\n",
    "no host": request(EVENTS, BODY).replace(b"Host: mock.test\r\n", b""),
    "two hosts": request(EVENTS, BODY, "host: mock.test"),
    "two hosts of an absolute target": request(f"http://mock.test{EVENTS}", BODY, "Host: mock.test"),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_what_is_not_http_is_refused_and_closed(mock: Endpoint, garbage: bytes) -> None:
    gives_up(mock, [garbage], 400, "http")


@pytest.mark.parametrize(
    "codings",
    [
        ["gzip"],
        ["identity"],
        ["xchunked"],
        ["gzip, chunked"],
        ["gzip", "chunked"],
        ["chunked, gzip"],
        ["chunked, chunked"],
    ],
    ids=" and ".join,
)
def test_a_transfer_coding_other_than_chunked_is_not_implemented(mock: Endpoint, codings: list[str]) -> None:
    fields = [f"Transfer-Encoding: {coding}" for coding in codings]
    head = request_head(signed_target(EVENTS, BODY), *fields)
    gives_up(mock, [head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)], 501, "http")


@pytest.mark.parametrize("coding", ["Chunked", "  chunked  "])
def test_chunked_may_be_written_in_any_case(client: Client, coding: str) -> None:
    sent = chunked(signed_target(EVENTS, BODY), BODY)
    assert client.ask(sent.replace(b": chunked", f": {coding}".encode())).status == 200


def test_a_client_of_http_1_0_needs_no_host(client: Client) -> None:
    sent = publish(EVENTS, BODY).replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host: mock.test\r\n", b"")
    assert client.ask(sent).status == 200


def long_head(size: int) -> bytes:
    """The head of a signed trigger, filled up to a size in bytes."""
    shortest = len(head_and_body(BODY, "X-Filler: ")[0])
    return head_and_body(BODY, "X-Filler: " + "x" * (size - shortest))[0]


@pytest.mark.parametrize(
    "cut", [lambda sent: [sent], lambda sent: [sent[:100], sent[100:]]], ids=["whole", "in two"]
)
def test_a_head_within_the_bound_is_taken(client: Client, cut: Callable[[bytes], list[bytes]]) -> None:
    assert client.ask(*cut(long_head(MAX_HEAD_BYTES) + BODY)).status == 200


OVER = {
    "with its body": lambda: [long_head(MAX_HEAD_BYTES + 1) + BODY],
    "without its body": lambda: [long_head(MAX_HEAD_BYTES + 1)],
    "in two": lambda: [long_head(MAX_HEAD_BYTES + 1)[:100], long_head(MAX_HEAD_BYTES + 1)[100:] + BODY],
    "that never ends": lambda: [long_head(2 * MAX_HEAD_BYTES)[:MAX_HEAD_BYTES], b"x"],
    "of one endless target": lambda: [b"POST /" + b"x" * (MAX_HEAD_BYTES - 6), b"x"],
}


@pytest.mark.parametrize("slices", OVER.values(), ids=OVER)
def test_a_head_over_the_bound_is_refused_and_closed(mock: Endpoint, slices: Callable[[], list[bytes]]) -> None:
    gives_up(mock, slices(), 431, "head_bytes")


def test_the_head_bound_is_one_of_each_request(client: Client) -> None:
    for _ in range(3):
        assert client.ask(*[long_head(MAX_HEAD_BYTES - 100)[:9000], long_head(MAX_HEAD_BYTES - 100)[9000:], BODY])


def test_a_head_that_begins_behind_another_request_may_end_in_its_blank_line(client: Client) -> None:
    large = publish(BATCH, batch_body(*[batch_item(data="x" * 10_000)] * 10))
    cut = large.index(b"\r\n\r\n") + 3
    assert client.ask(publish(EVENTS, BODY) + large[:cut]).status == 200
    assert client.ask(large[cut:]).status == 200


def test_a_body_within_the_bound_is_taken(client: Client) -> None:
    assert client.ask(publish(EVENTS, BODY.ljust(MAX_BODY_BYTES))).status == 200


# No more is sent than the mock reads before it gives up: closing over unread bytes would reset the connection.
LARGE = b"x" * (MAX_BODY_BYTES + 1)
TOO_LARGE = {
    "whole": [request(EVENTS, LARGE)],
    "not whole yet": [request_head(EVENTS, f"Content-Length: {10 * len(LARGE)}"), LARGE],
    "one chunk": [request_head(EVENTS, "Transfer-Encoding: chunked"), b"%x\r\n" % len(LARGE), LARGE],
    "two chunks": [
        request_head(EVENTS, "Transfer-Encoding: chunked"),
        b"%x\r\n%s\r\n" % (len(LARGE) - 9, LARGE[9:]),
        b"9\r\n" + LARGE[:9],
    ],
}


@pytest.mark.parametrize("slices", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_body_over_the_bound_is_refused_and_closed(mock: Endpoint, slices: list[bytes]) -> None:
    gives_up(mock, slices, 413, "body_bytes")


def test_a_client_that_sends_on_after_a_refusal_still_finds_its_answer(client: Client) -> None:
    with suppress(ConnectionError):
        client.send(request_head(EVENTS, f"Content-Length: {20 * len(LARGE)}"), LARGE * 20)
    assert client.read().status == 413


# The ledger


@pytest.mark.parametrize("cost", [CostModel(), CostModel(rtt=0.01)], ids=["free", "delayed"])
def test_the_ledger_holds_every_byte_of_every_request(cost: CostModel) -> None:
    ten = batch_body(*[batch_item()] * 10)
    waiting_head, waiting_body = head_and_body(BODY, "Expect: 100-continue")
    three_channels = trigger_body(channels=["a", "b", "c"], info="user_count")
    # What is sent in which writes, its status, the events and the messages it counts as.
    exchanges = [
        ([publish(EVENTS, BODY)], 200, 1, 1),
        ([publish(BATCH, ten)], 200, 10, 10),
        ([publish(EVENTS, BODY, secret="wrong")], 401, 0, 0),
        ([publish(EVENTS, trigger_body(data="é" * 6000))], 413, 0, 0),
        ([publish(EVENTS, three_channels)], 200, 1, 3),
        ([publish(BATCH, batch_body(*[batch_item()] * 11))], 400, 0, 0),
        ([chunked(signed_target(BATCH, ten), ten[:100], ten[100:])], 200, 10, 10),
        (dribbled(publish(EVENTS, BODY)), 200, 1, 1),
        (list(head_and_body()), 200, 1, 1),
        ([waiting_head], 100, 0, 0),
        ([waiting_body], 200, 1, 1),
        ([request("/nowhere", BODY)], 404, 0, 0),
    ]
    with embedded_mock(Limits(), cost) as mock:
        with Client(mock) as mixed, Client(mock) as pipelining, Client(mock) as garbled, Client(mock) as closing:
            for slices, status, _, _ in exchanges:
                assert mixed.ask(*slices).status == status
            pipelining.send(publish(EVENTS, BODY) * 3)
            assert [pipelining.read().status for _ in range(3)] == [200] * 3
            assert garbled.ask(b"GARBAGE\r\n\r\n").status == 400
            assert closing.ask(publish(EVENTS, BODY, "Connection: close")).status == 200
            assert closing.has_ended()
            clients = (mixed, pipelining, garbled, closing)
            while_open = read_ledger(mock)
        again = read_ledger(mock)
    assert while_open is not None
    assert while_open.pop("cpu_s") > 0
    assert while_open == {
        # An interim answer is no request of its own; beside them three pipelined ones, garbage, and a last one.
        "requests": len(exchanges) - 1 + 3 + 1 + 1,
        "events": sum(events for _, _, events, _ in exchanges) + 3 + 1,
        "messages": sum(messages for _, _, _, messages in exchanges) + 3 + 1,
        "request_bytes": sum(client.sent for client in clients),
        "response_bytes": sum(client.received for client in clients),
        "connections": len(clients),
        "rejected": {"signature": 1, "data_bytes": 1, "batch_size": 1, "path": 1, "http": 1},
        "faults": {},
    }
    # Neither that reading nor the closes since have changed it.
    assert again is not None
    assert {key: value for key, value in again.items() if key != "cpu_s"} == while_open


def test_a_connection_without_a_request_is_counted(mock: Endpoint) -> None:
    before = ledger(mock)
    with Client(mock) as client:
        assert client.ask(publish(EVENTS, BODY)).status == 200
        with Client(mock) as other:
            other.send(b"POST")
            # A second request shows that the mock has been round its sockets since.
            assert client.ask(publish(EVENTS, BODY)).status == 200
            assert difference(ledger(mock), before)["connections"] == 2


# The command


def failed_start(*options: str) -> str:
    """Its one line on standard error, after checking that it failed as a wrong use does."""
    ended = ended_mock(*options)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_the_mock_says_where_it_listens_and_how_to_publish_there() -> None:
    with started_mock() as (process, mock):
        url = re.fullmatch(r"PUSHER_URL=(http://\S+)\n", process.stdout.readline())[1]
        assert Endpoint.parse(url) == mock
        with Client(mock) as client:
            assert client.ask(publish(EVENTS, BODY)).status == 200


def test_a_port_in_use_is_a_usage_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = failed_start("--port", str(port))
    assert said.startswith(f"wiretax: can't listen on 127.0.0.1:{port}: ")
    assert said.lower().count("address already in use") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--rtt", "nonsense"),
        ("--rtt", "-1ms"),
        ("--per-request", "5"),
        ("--per-event", ""),
        ("--idle-timeout", "1d"),
    ],
)
def test_what_is_no_duration_is_a_usage_error(option: str, value: str) -> None:
    said = failed_start("--port", "0", f"{option}={value}")
    assert repr(value) in said
    assert "250ms" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("rtt", ["0ms", "60s"], ids=["connected", "answer due"])
def test_a_signal_ends_the_mock_cleanly(number: signal.Signals, rtt: str) -> None:
    with started_mock("--rtt", rtt) as (process, mock), Client(mock) as client:
        client.send(publish(EVENTS, BODY))
        began = monotonic()
        while ledger(mock)["requests"] == 0:
            assert monotonic() - began < TIMEOUT_S
        process.send_signal(number)
        _, said = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, said) == (0, "")


def test_an_embedded_mock_ends_with_its_parent() -> None:
    command = [sys.executable, "-m", "wiretax.mock"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(MockOptions()))
        process.stdin.flush()
        listening = LISTENING.search(process.stdout.readline().decode().strip())
        assert listening
        with Client(Endpoint("http", listening[1], int(listening[2]), DEMO)) as client:
            assert client.ask(publish(EVENTS, BODY)).status == 200
        _, said = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, said) == (0, b"")


@pytest.fixture
def unforked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Embedded mocks are started from the command line, as they are outside tests."""
    monkeypatch.setattr(wiretax.mock.process, "start_process", start_process)


@pytest.mark.usefixtures("unforked")
def test_an_embedded_mock_that_can_not_listen_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretax.mock.process, "MockOptions", partial(MockOptions, "192.0.2.1"))
    message = r"^the built-in mock did not start: OSError: .*192\.0\.2\.1"
    with pytest.raises(MockError, match=message), embedded_mock(Limits(), CostModel()):
        pass


class TestSecret:
    """A secret of the user's own, from the environment."""

    SECRET = "a-secret-of-my-own-42"
    ENV = {"WIRETAX_MOCK_SECRET": SECRET}  # noqa: RUF012

    def test_signs_requests_and_is_never_shown(self) -> None:
        with started_mock(env=self.ENV, secret=self.SECRET) as (process, mock):
            with Client(mock) as client:
                assert client.ask(publish(EVENTS, BODY, secret=self.SECRET)).status == 200
                refusal = client.ask(publish(EVENTS, BODY, secret=DEMO.secret))
                assert refusal.status == 401
                client.send(b"GARBAGE\r\n\r\n")
                answers = refusal.body + client.read_to_end()
            process.terminate()
            said = "".join(process.communicate(timeout=TIMEOUT_S))
        assert self.SECRET not in said
        assert DEMO.secret not in said
        assert self.SECRET.encode() not in answers

    @pytest.mark.parametrize("options", [("--help",), ("--rtt", "nonsense"), ("--servers", "0")])
    def test_is_not_shown_by_help_or_errors(
        self, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
    ) -> None:
        monkeypatch.setenv("WIRETAX_MOCK_SECRET", self.SECRET)
        ended = ended_mock(*options)
        assert ended.stdout + ended.stderr
        assert self.SECRET not in ended.stdout + ended.stderr

    @pytest.mark.usefixtures("unforked")
    def test_does_not_reach_the_embedded_mock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WIRETAX_MOCK_SECRET", self.SECRET)
        with embedded_mock(Limits(), CostModel()) as mock, Client(mock) as client:
            assert client.ask(publish(EVENTS, BODY, secret=mock.app.secret)).status == 200
