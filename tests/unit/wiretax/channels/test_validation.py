"""Workloads that a client library would refuse to send."""

from __future__ import annotations

import pytest

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.payloads import KINDS
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.validation import library_check, object_to, object_to_library
from wiretax.channels.workload import Workload

PYTHON = "pusher 3.3.4 (client python) sends data of at most"


@pytest.mark.parametrize(
    ("api", "most", "limit"),
    [("trigger", 7665, "30,720"), ("multi_trigger", 7665, "30,720"), ("batch", 2545, "10,240")],
)
def test_python_refuses_chat_of_a_quarter_of_its_limit_and_says_what_it_sends(
    api: str, most: int, limit: str
) -> None:
    sizes = {"batch_size": 10} if api == "batch" else {"channels": 2} if api == "multi_trigger" else {}
    workload = Workload.of(api, client="python", payload_bytes=most, **sizes)
    assert object_to_library(workload) is None
    for more in (most + 1, 10_000):
        objection = object_to_library(workload.replace(payload_bytes=more))
        assert objection is not None
        assert objection.startswith(f"payload_bytes = {more} (chat): {PYTHON} {limit} bytes of memory")
        assert objection.endswith(f"; lower payload_bytes to {most}, or name another client")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"chat"}))
def test_ascii_of_10_kb_is_sent(kind: str) -> None:
    workload = Workload.of("batch", 10, client="python", payload_bytes=10_000, payload_kind=kind)
    assert object_to_library(workload) is None


@pytest.mark.parametrize("client", ["reference", "httpx-library", "curl", "go", "ruby", "locust-httpuser"])
def test_others_send_it(client: str) -> None:
    assert object_to_library(Workload.of("batch", 10, client=client, payload_bytes=10_000)) is None


def test_the_size_of_a_call_is_named_with_the_library() -> None:
    assert object_to_library(Workload.of("batch", 11, client="dotnet")) == (
        "batch_size: PusherServer 5.0.0 (client dotnet) sends at most 10 events in a batch, got 11; lower "
        "batch_size, or name another client"
    )
    # Not the replay's data, which a check of each event sees.
    assert (
        object_to_library(Workload.of("batch", 10, client="python", payload_kind="replay", payload_bytes=10_000))
        is None
    )


@pytest.mark.parametrize("client", [*profile_names(), "httpx-library"])
def test_only_a_library_with_encryption_encrypts(client: str) -> None:
    objection = object_to_library(Workload.of(client=client, encrypted=True))
    profile = load_profile(client)
    if profile.encryption is None:
        assert profile.library == "none"
        assert objection == (
            f"encrypted = true: client {profile.name} has no encryption; leave encrypted out, or name another "
            "client"
        )
    else:
        assert objection is None


@pytest.mark.parametrize(
    ("client", "whose"), [("reference", "client reference"), ("node", "pusher 5.3.4 (client node)")]
)
def test_an_encrypted_trigger_has_one_channel_and_a_batch_any_number_of_events(client: str, whose: str) -> None:
    assert object_to_library(Workload.of("multi_trigger", channels=3, client=client, encrypted=True)) == (
        f"encrypted = true: {whose} encrypts an event for one channel, got 3; leave multi-channel triggers out, "
        "or encrypted"
    )
    assert object_to_library(Workload.of("batch", 10, client=client, encrypted=True)) is None


@pytest.mark.parametrize(
    ("client", "most"), [("reference", 7619), ("python", 7616), ("node", 7617), ("php", 7443)]
)
def test_encrypted_data_has_to_fit_what_the_endpoint_accepts(client: str, most: int) -> None:
    workload = Workload.of(client=client, payload_kind="ascii", encrypted=True)
    assert object_to(workload.replace(payload_bytes=most), Limits()) is None
    objection = object_to(workload.replace(payload_bytes=most + 1), Limits())
    assert objection is not None
    assert objection.startswith(f"payload_bytes = {most + 1} arrives as 10")
    assert objection.endswith("encrypted data is a third larger, and has a nonce")
    assert object_to(workload.replace(payload_bytes=10_000, encrypted=False), Limits()) is None


def test_gos_limit_is_of_encrypted_data_and_pythons_of_the_data_in_it() -> None:
    large = Event("e", ("private-encrypted-c",), "x" * 8000)
    go, python = (library_check(Workload.of("batch", 2, client=each, encrypted=True)) for each in ("go", "python"))
    assert go is not None
    assert python is not None
    assert go(large) == (
        "pusher-http-go 5.1.1 (client go) sends data of at most 10,240 bytes of UTF-8 in a batch, got 10,748"
    )
    assert python(large) is None


@pytest.mark.parametrize("client", ["reference", "python"])
def test_an_event_for_a_channel_that_is_not_encrypted_is_refused(client: str) -> None:
    check = library_check(Workload.of(client=client, encrypted=True))
    assert check is not None
    assert check(Event("e", ("private-encrypted-c",), "x")) is None
    assert check(Event("e", ("orders",), "x")) == (
        "channel 'orders' is not encrypted; begin its name with private-encrypted-"
    )
