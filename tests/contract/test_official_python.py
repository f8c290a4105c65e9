"""The first real publisher: the official Python library against the mock, and the ``python`` profile beside it.

The library runs in a process of its own, in an environment where brotli and zstandard can't be imported: there
urllib3 offers neither in Accept-Encoding, as where only ``pip install pusher`` was done.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Any

import pytest
from limit_cases import limit_cases

from wiretax.channels.bodies.channel_names import channel_names, encrypted_channel
from wiretax.channels.bodies.encryption import Encryption
from wiretax.channels.bodies.events import (
    Event,
    batch_document,
    data_string,
    encoder,
    ready_writer,
    trigger_document,
)
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import CHANNEL, EVENT_NAME, Api
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger

PUBLISH = """
import json, sys
order = json.loads(sys.argv[1])
for name in order["hidden"]:
    sys.modules[name] = None
import pusher
client = pusher.Pusher(app_id=order["app_id"], key=order["key"], secret=order["secret"], ssl=False,
                       host=order["host"], port=order["port"], encryption_master_key_base64=order["master_key"])
if order["api"] == "batch":
    item = {"channel": order["channels"][0], "name": order["event"], "data": order["data"], **order["options"]}
    print(json.dumps(client.trigger_batch([dict(item) for _ in range(order["size"])])))
else:
    print(json.dumps(client.trigger(order["channels"], order["event"], order["data"], **order["options"])))
"""
# Asks first, then publishes.
ASK = """
import json, sys
import pusher
order = json.loads(sys.argv[1])
client = pusher.Pusher(ssl=False, **order)

def call(function, *arguments, **more):
    try:
        return function(*arguments, **more)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

print(json.dumps([
    call(client.channels_info),
    call(client.channels_info, "presence-", ["user_count"]),
    call(client.channels_info, "c", ["user_count"]),
    call(client.channel_info, "presence-c", ["user_count", "subscription_count"]),
    call(client.channel_info, "c", ["user_count"]),
    call(client.users_info, "presence-c"),
    call(client.users_info, "c"),
    call(client.trigger, ["#server-to-user-u", "c"], "e", "x", socket_id="12.34"),
    call(client.trigger_batch, [{"channel": "c", "name": "e", "data": "x", "info": "subscription_count"}]),
    call(client.terminate_user_connections, "u"),
]))
"""
# Sends nothing: what reaches the backend would be sent.
LIMITS = """
import json, sys
import pusher

class Backend:
    def __init__(self, client): pass
    def send_request(self, request): return "sent"

client = pusher.Pusher(app_id="1", key="k", secret="s", backend=Backend)

def send(case):
    try:
        if case["api"] == "trigger":
            return client.trigger(case["channels"], case["name"], case["data"])
        item = {"channel": case["channels"][0], "name": case["name"], "data": case["data"]}
        return client.trigger_batch([dict(item) for _ in range(case["events"])])
    except ValueError as error:
        return str(error)

answers = [send(case) for case in json.load(sys.stdin)]
print(json.dumps({"answers": answers, "timeout_s": client._pusher_client.timeout}))
"""
ENCRYPTED_CHANNEL = encrypted_channel()
COMPRESSION = ["brotli", "brotlicffi", "zstandard", "backports.zstd", "compression.zstd"]

ASCII = "plain text, nothing to escape"
DOCUMENT = {
    "text": 'Zoë said "hi" 👍',
    "path": "a/b",
    "html": "<b>x=1&y='2'</b>",
    "lines": "one\ntwo",
    "n": [1, 2.5, None],
}
CASES: list[tuple[Api, int]] = [("trigger", 1), ("multi_trigger", 3), ("batch", 10)]


class Relay:
    """Passes one connection on to the mock, and keeps what the publisher sent."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._target = (endpoint.host, endpoint.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.request = b""
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        downstream, _ = self._listener.accept()
        with downstream, socket.create_connection(self._target) as upstream:
            answers = Thread(target=self._pump, args=(upstream, downstream), daemon=True)
            answers.start()
            while data := downstream.recv(65_536):
                self.request += data
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)
            answers.join()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65_536):
            sink.sendall(data)

    def finish(self) -> bytes:
        self._thread.join(10)
        self._listener.close()
        return self.request


@dataclass(frozen=True, slots=True)
class Published:
    """What the library sent, what it returned, and what the mock counted."""

    head: bytes
    body: bytes
    returned: Any
    port: int
    ledger: dict[str, Any]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with embedded_mock(Limits(), CostModel()) as endpoint:
        yield endpoint


def publish(
    endpoint: Endpoint,
    api: Api,
    size: int,
    data: Any,
    hidden: list[str],
    channel: str = CHANNEL,
    event: str = EVENT_NAME,
    **options: str,
) -> Published:
    assert DEMO.master_key is not None
    relay = Relay(endpoint)
    order = {
        "app_id": DEMO.app_id,
        "key": DEMO.key,
        "secret": DEMO.secret,
        "host": "127.0.0.1",
        "port": relay.port,
        "api": api,
        "size": size,
        "channels": channel_names(size if api == "multi_trigger" else 1, channel),
        "event": event,
        "master_key": b64encode(DEMO.master_key).decode(),
        "data": data,
        "hidden": hidden,
        "options": options,
    }
    before = read_ledger(endpoint)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PUBLISH, json.dumps(order)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    head, _, body = relay.finish().partition(b"\r\n\r\n")
    after = read_ledger(endpoint)
    assert before is not None
    assert after is not None
    counted = {name: after[name] - before[name] for name in ("requests", "events", "messages")}
    return Published(head + b"\r\n\r\n", body, json.loads(done.stdout), relay.port, counted)


def modelled(
    published: Published,
    api: Api,
    size: int,
    data: Any,
    channel: str = CHANNEL,
    name: str = EVENT_NAME,
    **options: str,
) -> tuple[bytes, bytes]:
    """Head and body by the profile, with the timestamp of the real request; md5 and signature are computed."""
    profile = load_profile("python")
    names = channel_names(size if api == "multi_trigger" else 1, channel)
    event = Event(name, names, data_string(data, profile), **options)
    document = batch_document([event] * size, profile) if api == "batch" else trigger_document(event, profile)
    body = encoder(profile.body_json)(document)
    return modelled_head(published, api, body), body


def modelled_head(published: Published, api: Api, body: bytes) -> bytes:
    """The head before a body by the profile, likewise."""
    timestamp = re.search(rb"auth_timestamp=(\d+)", published.head)
    assert timestamp is not None
    where = Endpoint("http", "127.0.0.1", published.port, DEMO)
    return RequestHead(where, load_profile("python"), api, "keep-alive").render(body, int(timestamp[1]))


@pytest.mark.parametrize(
    ("data", "names"),
    [(ASCII, (CHANNEL, EVENT_NAME)), (DOCUMENT, ("presence-cache-{}.a=b@c,d;e_f", 'App\\Events\\"Zoë"/👍'))],
    ids=["ascii", "document"],
)
@pytest.mark.parametrize(("api", "size"), CASES)
def test_the_library_is_accepted_and_the_profile_is_its_request_to_the_byte(
    endpoint: Endpoint, api: Api, size: int, data: Any, names: tuple[str, str]
) -> None:
    published = publish(endpoint, api, size, data, COMPRESSION, *names)
    assert published.returned == {}
    events = size if api == "batch" else 1
    assert published.ledger == {"requests": 1, "events": events, "messages": size}
    assert modelled(published, api, size, data, *names) == (published.head, published.body)


@pytest.mark.parametrize(("api", "size"), CASES)
def test_the_options_of_an_event_are_where_the_library_puts_them(endpoint: Endpoint, api: Api, size: int) -> None:
    options = {"socket_id": "12.34"} | ({"info": "subscription_count"} if api == "batch" else {})
    published = publish(endpoint, api, size, ASCII, COMPRESSION, **options)
    assert modelled(published, api, size, ASCII, **options) == (published.head, published.body)


def test_what_the_library_asks_is_answered(endpoint: Endpoint) -> None:
    before = read_ledger(endpoint)
    order = {"app_id": DEMO.app_id, "key": DEMO.key, "secret": DEMO.secret, "host": endpoint.host}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, json.dumps({**order, "port": endpoint.port})],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    supply = "please supply filter_by_prefix beginning with presence-"
    assert json.loads(done.stdout) == [
        {"channels": {}},
        {"channels": {}},
        f"PusherBadRequest: user_count may only be requested for presence channels - {supply}",
        {"occupied": False, "user_count": 0, "subscription_count": 0},
        "PusherBadRequest: user_count may only be requested for presence channels",
        {"users": []},
        "PusherBadRequest: Users can only be retrieved for presence channels",
        {},
        {"batch": [{}]},
        # This version of the library leaves the app out of the path.
        "PusherBadStatus: 404: Not found",
    ]
    after = read_ledger(endpoint)
    assert before is not None
    assert after is not None
    assert [after[name] - before[name] for name in ("requests", "events", "messages")] == [10, 2, 3]


@pytest.mark.parametrize(("api", "size", "data"), [("trigger", 1, ASCII), ("batch", 10, DOCUMENT)])
def test_the_profile_encrypts_as_the_library_does(endpoint: Endpoint, api: Api, size: int, data: Any) -> None:
    published = publish(endpoint, api, size, data, COMPRESSION, ENCRYPTED_CHANNEL)
    assert published.ledger == {"requests": 1, "events": size, "messages": size}
    document = json.loads(published.body)
    messages = [json.loads(each["data"]) for each in document.get("batch", [document])]
    nonces = [b64decode(message["nonce"]) for message in messages]
    assert len(set(nonces)) == size
    drawn = iter(nonces)
    assert DEMO.master_key is not None
    encryption = Encryption(load_profile("python"), DEMO.master_key, lambda: next(drawn))
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    event = Event("my-event", (ENCRYPTED_CHANNEL,), text, is_document=text != data)
    body = ready_writer(api, load_profile("python"))([encryption.event(event)[0] for _ in nonces])
    assert published.body == body
    assert published.head == modelled_head(published, api, body)


def test_the_head_of_a_trigger_has_the_published_size(endpoint: Endpoint) -> None:
    published = publish(endpoint, "trigger", 1, {"hello": "world"}, COMPRESSION)
    assert len(str(published.port)) == 5
    # 81 B of body and a port of five digits, as in the capture.
    assert len(published.head) + len(published.body) == 456 + len('{"name": "my-event", ') + 61
    assert len(published.head) == 456


def test_with_brotli_at_hand_the_head_grows_by_exactly_what_it_offers(endpoint: Endpoint) -> None:
    published = publish(endpoint, "trigger", 1, ASCII, ["zstandard", "backports.zstd", "compression.zstd"])
    head, body = modelled(published, "trigger", 1, ASCII)
    assert published.body == body
    assert published.head == head.replace(b"gzip, deflate\r\n", b"gzip, deflate, br\r\n")
    assert len(published.head) == len(head) + 4


def test_the_library_refuses_what_its_profile_says_and_nothing_else() -> None:
    limits = load_profile("python").limits
    assert limits is not None
    # A later Python's strings have a smaller header.
    cases = limit_cases(limits, 1 if sys.version_info < (3, 12) else 17)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIMITS],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    answers = said["answers"]
    assert [answer == "sent" for answer in answers] == [case["sent"] for case in cases]
    assert said["timeout_s"] == limits.timeout_s
    assert {answer.partition(":")[0] for answer in answers} == {
        "sent",
        "Too many channels",
        "Channel too long",
        "event_name too long",
        "Too much data",
    }
