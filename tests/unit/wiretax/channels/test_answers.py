"""The meaning of a response, which depends on more than its status."""

from __future__ import annotations

import pytest

from wiretax.channels.answers import Answer, in_words, is_final, is_rejected, read_answer


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, b"{}", "acknowledged", 200),
        (200, b'{"ok":true}', "acknowledged", 200),
        (200, b'{"batch":[{},{}]}', "acknowledged", 200),
        (200, b'{"channels":{"a":{}}}', "acknowledged", 200),
        (202, b"{}", "acknowledged", 202),
        (202, b"", "acknowledged", 202),
        (202, b"Accepted", "acknowledged", 202),
        (204, b"", "acknowledged", 204),
        (202, b'{"error":"no","code":413}', "error_body", 413),
        (202, b" <html>", "unreadable", 202),
        (201, b"", "unreadable", 201),
        (200, b"OK", "unreadable", 200),
        (200, b'{"error":"The data is too large","code":413}', "error_body", 413),
        (200, b'{"error":"no","code":"x"}', "error_body", 200),
        (200, b'{"code":4}', "error_body", 4),
        (200, b'{"error":"x","code":99999999999}', "error_body", 200),
        (200, b'{"error":"x","code":-1}', "error_body", 200),
        (200, b'{"error":"x","code":true}', "error_body", 200),
        (200, b'{"error":"x","code":4009.0}', "error_body", 200),
        (200, b'{"error":"x","code":1e999}', "unreadable", 200),
        (200, b'{"error":"x","code":NaN}', "unreadable", 200),
        (200, b'{"error":"x","code":[401]}', "error_body", 200),
        (200, b'{"error":"x","code":{"code":401}}', "error_body", 200),
        (200, b'{"error":["x"],"code":null}', "error_body", 200),
        (200, b"[" * 100_000, "unreadable", 200),
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
def test_the_servers_message_is_shortened(status: int, body: bytes, message: str) -> None:
    assert read_answer(status, body).message == message


@pytest.mark.parametrize(
    ("kind", "status", "rejected", "final"),
    [
        ("rejected", 400, True, True),
        ("error_body", 4004, True, True),
        ("rejected", 408, True, False),
        ("rejected", 429, True, False),
        ("rejected", 503, False, False),
        ("timeout", 0, False, False),
        ("unreadable", 200, False, False),
    ],
)
def test_a_busy_or_failing_server_may_accept_the_call_later(
    kind: str, status: int, rejected: bool, final: bool
) -> None:
    assert is_rejected(kind, status) is rejected
    assert is_final(kind, status) is final


def test_an_answer_in_words_includes_its_status_if_any() -> None:
    assert Answer("rejected", 400, "20 events in one batch").words == "400: 20 events in one batch"
    assert in_words(0, "connection refused") == "connection refused"
