"""Which requests publish, and what is in them."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from wiretax.channels.request.parser import Publication, read_events, read_publication

BODY = b'{"name":"e","channels":["a","b"],"data":"hey"}'


@pytest.mark.parametrize("prefix", [b"", b"/ws", b"/eu/ws", b"/apps/eu"])
def test_a_path_may_have_any_prefix(prefix: bytes) -> None:
    sent = prefix + b"/apps/7/events"
    assert read_publication(sent, BODY) == Publication("multi_trigger", 1, 2, 3)
    assert read_publication(sent + b"?auth_key=k", BODY) == Publication("multi_trigger", 1, 2, 3)
    assert read_publication(prefix + b"/apps/7/batch_events", b'{"batch":[{"data":"h"}]}') == Publication(
        "batch", 1, 1, 1
    )


@pytest.mark.parametrize(
    "target",
    [b"", b"/", b"/events", b"/apps/events", b"/apps/7/channels", b"/ws/events", b"http://h/apps/7/events", b"*"],
)
def test_other_requests_publish_nothing(target: bytes) -> None:
    assert read_publication(target, BODY) is None


SECRETS = json.loads((Path(__file__).parents[4] / "golden" / "encrypted.json").read_text())["bodies"]
# What was encrypted: the document as the library encodes it, and the string, which Node encodes, too.
PLAIN = {("Python", "A"): 147, ("Python", "A-string"): 133, ("Node", "A"): 133, ("Node", "A-string"): 161}


@pytest.mark.parametrize("captured", SECRETS, ids=lambda each: f"{each['language']} {each['data_case']}")
def test_of_encrypted_data_the_part_that_the_application_passed_is_known_without_the_key(
    captured: dict[str, Any],
) -> None:
    batch = captured["operation"].startswith("batch")
    count, plain = 3 if batch else 1, PLAIN[captured["language"], captured["data_case"]]
    path = b"/apps/7/batch_events" if batch else b"/apps/7/events"
    published = read_publication(path, captured["body"].encode())
    assert published is not None
    assert published.payload_bytes == count * plain
    assert published.encryption_bytes == count * (captured["data_bytes"] - plain)
    # Libraries limit it before they encrypt it.
    assert published.reached.data.utf8 == 0


@pytest.mark.parametrize(
    ("channel", "data"),
    [
        ("my-channel", '{"nonce":"' + "A" * 32 + '","ciphertext":"' + "A" * 24 + '"}'),
        *(
            ("private-encrypted-a", data)
            for data in chain(
                ("", "[]", "1", "{", '"x"', "{}", '{"nonce":1,"ciphertext":2}', '{"nonce":"","ciphertext":""}'),
                (
                    '{"nonce":"' + "A" * 32 + '","ciphertext":"' + text + '"}'
                    for text in ("", "AAAA", "é", "A" * 23)
                ),
            )
        ),
    ],
)
def test_other_data_is_all_payload(channel: str, data: str) -> None:
    body = json.dumps({"name": "e", "channel": channel, "data": data}).encode()
    published = read_publication(b"/apps/7/events", body)
    assert published is not None
    assert (published.payload_bytes, published.encryption_bytes) == (len(data.encode()), 0)
    assert published.reached.data.utf8 == len(data.encode())


@pytest.mark.parametrize(
    ("call", "body", "found"),
    [
        ("events", {"name": "e", "channel": "c", "data": "x"}, [(("c",), "e", "x")]),
        ("events", {"name": "e", "channels": ["c", "d"], "data": "x"}, [(("c", "d"), "e", "x")]),
        (
            "batch_events",
            {"batch": [{"name": "e", "channel": "c", "data": "x"}, {"name": "f", "channel": "d", "data": "y"}]},
            [(("c",), "e", "x"), (("d",), "f", "y")],
        ),
        # What no server would deliver.
        ("batch_events", {"batch": [{"name": "e", "data": "x"}, 7]}, []),
        ("batch_events", {"batch": {}}, []),
        ("events", {"name": "e", "channels": ["c", 7], "data": "x"}, []),
        ("events", {"name": "e", "channel": "c", "data": {"x": 1}}, []),
        ("channels", {"name": "e", "channel": "c", "data": "x"}, []),
    ],
)
def test_the_events_of_a_request(call: str, body: Any, found: list[Any]) -> None:
    assert read_events(f"/apps/1/{call}?auth_key=k".encode(), json.dumps(body).encode()) == found
    assert read_events(f"/apps/1/{call}".encode(), b"{") == []
