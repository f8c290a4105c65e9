"""Signatures: equal to the standard library's and to those of captured requests."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from wiretax.channels.request.signing import SMALL, Hmac, body_md5, signature, string_to_sign

SECRET = "fedcba9876543210fedc"
CAPTURED = json.loads((Path(__file__).parents[4] / "golden" / "client-heads.json").read_text())["requests"]


@pytest.mark.parametrize("key", [b"k", b"fedcba9876543210fedc", b"x" * 64, b"y" * 65, b"z" * 200])
@pytest.mark.parametrize("message", [b"", b"short", b"POST\n/apps/1/events\n" + b"a" * 300])
def test_hmac_equals_the_standard_library_for_any_split(key: bytes, message: bytes) -> None:
    expected = hmac.digest(key, message, "sha256").hex()
    for cut in (0, len(message) // 2, len(message)):
        assert Hmac(key).starting_with(message[:cut]).hexdigest(message[cut:]) == expected


def test_one_prefix_can_be_finished_many_times() -> None:
    started = Hmac(b"key").starting_with(b"same ")
    assert [started.hexdigest(end) for end in (b"one", b"two", b"one")] == [
        hmac.digest(b"key", b"same " + end, "sha256").hex() for end in (b"one", b"two", b"one")
    ]


@pytest.mark.parametrize(
    "request_", CAPTURED, ids=[f"{each['library']} {each['http_client']} {each['operation']}" for each in CAPTURED]
)
def test_every_captured_request_is_signed_as_computed(request_: dict[str, Any]) -> None:
    method, target, _ = request_["request_line"].split(" ")
    path, query = urlsplit(target).path, parse_qsl(urlsplit(target).query)
    given = dict(query)
    assert body_md5(request_["body"].encode()) == given["body_md5"]
    assert signature(SECRET, method, path, query) == given["auth_signature"]


@pytest.mark.parametrize("length", [0, 1, 64, SMALL, SMALL + 1, 100_000])
def test_the_md5_of_short_and_long_bodies_is_the_standard_librarys(length: int) -> None:
    body = b"x" * length
    assert body_md5(body) == body_md5(bytearray(body)) == hashlib.md5(body).hexdigest()


def test_keys_are_lower_cased_and_sorted_and_values_unchanged() -> None:
    pairs = [("Z", "Last One"), ("auth_signature", "x"), ("auth_key", "k"), ("b", "&=")]
    assert string_to_sign("POST", "/apps/1/events", pairs) == "POST\n/apps/1/events\nauth_key=k&b=&=&z=Last One"
