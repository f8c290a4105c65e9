"""Encrypted events: equal to those of the official libraries to the byte, but for the nonce."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from captured import READY
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import SecretBox

from wiretax.channels.bodies.encryption import Encryption, encrypted_bytes, most_encrypted_bytes, no_nonce
from wiretax.channels.bodies.events import Event, data_string, ready_writer
from wiretax.channels.bodies.payloads import example
from wiretax.channels.bodies.weighed import weight_of
from wiretax.channels.endpoint import DEMO
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.request.sizes import LOOPBACK, body_sizes, request_sizes
from wiretax.channels.workload import Workload
from wiretax.wire.publishers.request_source import RequestSource

GOLDEN = json.loads((Path(__file__).parents[4] / "golden" / "encrypted.json").read_text())["bodies"]
CLIENTS = {"Python": ("python", "python-aiohttp", "python-tornado"), "Node": ("node", "node-18")}
ENCRYPTING = [name for name in profile_names() if load_profile(name).encryption is not None]
CHANNEL = "private-encrypted-my-channel"
CALLS = [("trigger", 1), ("batch", 10)]
assert DEMO.master_key is not None
KEY: bytes = DEMO.master_key


def sent(body: bytes) -> list[str]:
    """The data of each event in a body."""
    document = json.loads(body)
    return [each["data"] for each in document.get("batch", [document])]


def opened(data: str, channel: str = CHANNEL) -> str:
    """Data as a subscriber decrypts it, with the key of its channel."""
    message = json.loads(data)
    box = SecretBox(sha256(channel.encode() + KEY).digest())
    return box.decrypt(b64decode(message["ciphertext"]), b64decode(message["nonce"])).decode()


@pytest.mark.parametrize(
    ("captured", "client"),
    [
        pytest.param(each, client, id=f"{client} {each['data_case']} {each['operation']}")
        for each in GOLDEN
        for client in CLIENTS[each["language"]]
    ],
)
def test_a_body_is_the_librarys_with_the_nonces_that_it_drew(captured: dict[str, Any], client: str) -> None:
    body = captured["body"].encode()
    nonces = iter([b64decode(json.loads(data)["nonce"]) for data in sent(body)])
    profile = load_profile(client)
    encryption = Encryption(profile, KEY, lambda: next(nonces))
    event = Event("my-event", (CHANNEL,), READY, is_document=captured["data_case"] == "A")
    events = [encryption.event(event)[0] for _ in sent(body)]
    assert len(events[0].data) == captured["data_bytes"]
    api = "batch" if captured["operation"].startswith("batch") else "trigger"
    assert ready_writer(api, profile)(events) == body  # type: ignore[arg-type]
    assert profile.encryption is not None
    assert profile.encryption.verified == "run"


@pytest.mark.parametrize("client", ENCRYPTING)
@pytest.mark.parametrize(("api", "size"), CALLS)
def test_each_event_has_a_nonce_of_its_own_and_opens_with_the_key_of_its_channel(
    client: str, api: Any, size: int
) -> None:
    workload = Workload.of(api, size, client=client, encrypted=True)
    source = RequestSource.of(workload, LOOPBACK, 1)
    bodies = [source.next_body() for _ in range(200 // size)]
    data = [each for body in bodies for each in sent(body)]
    assert len({json.loads(each)["nonce"] for each in data}) == len(data) == 200
    plain = RequestSource.of(workload.replace(encrypted=False), LOOPBACK, 1)
    unencrypted = [each for body in (plain.next_body() for _ in bodies) for each in sent(body)]
    encoded_first = client.startswith("node")
    assert [json.loads(opened(each)) if encoded_first else opened(each) for each in data] == unencrypted
    assert [list(json.loads(each)) for each in data[:2]] == [["nonce", "ciphertext"]] * 2


@pytest.mark.parametrize("client", ENCRYPTING)
@pytest.mark.parametrize(("api", "size"), CALLS)
def test_what_encryption_added_is_counted_body_by_body(client: str, api: Any, size: int) -> None:
    workload = Workload.of(api, size, client=client, encrypted=True)
    source = RequestSource.of(workload, LOOPBACK, 1)
    profile, lengths = load_profile(client), set()
    unencrypted = len(data_string(example("chat", 100), profile).encode())
    for body in (source.next_body() for _ in range(64)):
        weight = weight_of(body)
        assert weight.payload == workload.payload_per_request
        assert weight.encryption == sum(len(data) - unencrypted for data in sent(body))
        lengths.add(len(body))
    # PHP escapes each slash of base64, twice.
    assert (len(lengths) > 1) == profile.escapes_base64 == (client == "php")
    sizes = request_sizes(workload)
    if client != "php":
        assert (lengths, sizes.encryption) == ({sizes.body}, weight.encryption)
    around = body_sizes(workload)
    assert around.call + size * around.event < sizes.body


@given(st.text())
@pytest.mark.parametrize("client", ENCRYPTING)
def test_encrypted_data_is_as_large_as_said_before_it_is_encrypted(client: str, text: str) -> None:
    profile = load_profile(client)
    event = Event("e", (CHANNEL,), text)
    size = len(Encryption(profile, KEY).event(event)[0].data)
    most = most_encrypted_bytes(profile, event)
    assert size <= most if profile.escapes_base64 else size == most


VALUES = st.recursive(st.none() | st.integers() | st.text(), lambda each: st.lists(each, max_size=2), max_leaves=3)


@given(st.text() | st.dictionaries(st.sampled_from(["nonce", "ciphertext", "x"]), VALUES).map(json.dumps))
def test_any_other_data_is_not_taken_for_encrypted(data: str) -> None:
    assert encrypted_bytes(data) is None


@given(st.text())
@pytest.mark.parametrize("client", ["reference", "php"])
def test_the_size_of_what_is_encrypted_is_known_without_the_key(client: str, text: str) -> None:
    [event, added] = Encryption(load_profile(client), KEY).event(Event("e", (CHANNEL,), text))
    assert encrypted_bytes(event.data) == len(event.data) - added


def test_a_batch_keeps_its_events_apart_and_each_channel_has_its_key() -> None:
    encryption = Encryption(load_profile("reference"), KEY, no_nonce)
    events = [Event("e", (f"private-encrypted-{name}",), "x", "1.2", "user_count") for name in "ab"]
    (first, _), (second, _) = map(encryption.event, events)
    one, other = first.data, second.data
    # All else is as it was.
    assert replace(first, data="x") == events[0]
    assert one != other
    assert opened(one, "private-encrypted-a") == opened(other, "private-encrypted-b") == "x"


@pytest.mark.parametrize(
    ("channel", "spread", "names"),
    [
        ("orders", 1, ["private-encrypted-orders"] * 2),
        ("private-encrypted-orders", 1, ["private-encrypted-orders"] * 2),
        ("orders", 2, ["private-encrypted-orders-1", "private-encrypted-orders-2"]),
    ],
)
def test_channels_of_ones_own_choice_have_the_prefix_and_each_its_key(
    channel: str, spread: int, names: list[str]
) -> None:
    workload = Workload.of("batch", 2, channel_name=channel, spread=spread, encrypted=True)
    plain = RequestSource.of(workload.replace(encrypted=False), LOOPBACK, 1).next_body()
    for body in (RequestSource.of(workload, LOOPBACK, 1).next_body() for _ in range(2)):
        items = json.loads(body)["batch"]
        assert [each["channel"] for each in items] == names
    [first, _] = json.loads(RequestSource.of(workload, LOOPBACK, 1).next_body())["batch"]
    assert opened(first["data"], names[0]) == json.loads(plain)["batch"][0]["data"]


def test_an_unencrypted_workload_sends_the_bytes_that_it_always_sent() -> None:
    source = RequestSource.of(Workload.of(), LOOPBACK, 1)
    assert source.weigh is None
    assert b"private-encrypted-" not in b"".join(islice(iter(source.next_body, None), 3))


def test_a_client_without_encryption_has_none_to_use() -> None:
    with pytest.raises(ValueError, match="client curl has no encryption"):
        Encryption(load_profile("curl"), KEY)
