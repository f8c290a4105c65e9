"""Workloads that a client library would refuse to send."""

from __future__ import annotations

import pytest

from wiretax.channels.bodies.payloads import KINDS
from wiretax.channels.validation import object_to_library
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
