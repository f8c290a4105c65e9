"""What a response means: the status alone does not say."""

from __future__ import annotations

import pytest

from wiretax.channels.answers import read_answer


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, b"{}", "acknowledged", 200),
        (200, b'{"ok":true}', "acknowledged", 200),
        (200, b'{"batch":[{},{}]}', "acknowledged", 200),
        (200, b'{"channels":{"a":{}}}', "acknowledged", 200),
        (202, b"{}", "acknowledged", 202),
        (200, b'{"error":"The data is too large","code":413}', "error_body", 413),
        (200, b'{"error":"no","code":"x"}', "error_body", 200),
        (200, b'{"code":4}', "error_body", 4),
        (200, b"", "unreadable", 200),
        (200, b"[]", "unreadable", 200),
        (200, b"<html>", "unreadable", 200),
        (401, b"Invalid signature", "rejected", 401),
        (413, b"", "rejected", 413),
        (500, b'{"error":"down"}', "rejected", 500),
        (302, b"{}", "rejected", 302),
        (799, b"", "rejected", 799),
    ],
)
def test_kind_and_status(status: int, body: bytes, kind: str, code: int) -> None:
    answer = read_answer(status, body)
    assert (answer.kind, answer.status) == (kind, code)
    assert answer.acknowledged is (kind == "acknowledged")
    assert bool(answer.message) is not answer.acknowledged


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (401, b" Unknown auth_key\n", "Unknown auth_key"),
        (503, b'{"error":"down"}', "down"),
        (404, b"", "Not Found"),
        (799, b"", "unknown status"),
        (500, b"x" * 5000, "x" * 200),
    ],
)
def test_the_servers_own_words_are_kept_short(status: int, body: bytes, message: str) -> None:
    assert read_answer(status, body).message == message
