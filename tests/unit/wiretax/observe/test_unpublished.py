"""What is said of a command that published nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from wiretax.observe.forwarding.exchange import OpenExchange
from wiretax.observe.forwarding.recording import Recording
from wiretax.observe.unpublished import checklist, did_instead


def to_check(folder: Path, environment: Mapping[str, str] = {}) -> str:
    return "\n".join(checklist("It ended with exit code 0", ["PUSHER_URL"], "127.0.0.1:4321", environment, folder))


def test_calls_that_publish_nothing_are_named_once_and_without_their_signatures() -> None:
    seen = Recording()
    for path in ("channels", "channels", "channels/a", "channels/b", "channels/c"):
        request = OpenExchange(f"GET /apps/1/{path}?auth_signature=x HTTP/1.1\r\n\r\n".encode(), 0)
        seen.exchanges.append(request.end(0, 1))
    assert did_instead(seen) == (
        "it made 5 requests, none of them to /events or /batch_events: "
        "GET /apps/1/channels, GET /apps/1/channels/a, GET /apps/1/channels/b, ..."
    )


def test_a_connection_without_a_request_may_be_a_call_that_was_not_awaited() -> None:
    assert "await" in did_instead(Recording(connections=1))


def test_what_surrounds_the_command_is_looked_at(tmp_path: Path) -> None:
    said = to_check(tmp_path)
    assert "No .env or .env.local in this folder sets any of them." in said
    assert "config.php is not in this folder" in said
    assert "The environment names none" in said
    (tmp_path / ".env.local").write_text(
        "# PUSHER_KEY=no\nAPP_NAME=x\n export PUSHER_HOST = 'hidden'\nPUSHER_HOST=2\n"
    )
    (tmp_path / "bootstrap" / "cache").mkdir(parents=True)
    (tmp_path / "bootstrap" / "cache" / "config.php").touch()
    said = to_check(tmp_path, {"https_proxy": "http://user:hidden@proxy", "ALL_PROXY": ""})
    assert ".env.local in this folder sets PUSHER_HOST. " in said
    assert "config.php is in this folder" in said
    assert "The environment has https_proxy.\n" in said
    assert "hidden" not in said


@pytest.mark.parametrize(
    "content", [b"\xff\x00PUSHER_", b"A=1\n" * 100_000, None], ids=["binary", "large", "fifo"]
)
def test_a_settings_file_that_is_none_is_left_alone(content: bytes | None, tmp_path: Path) -> None:
    if content is None:
        os.mkfifo(tmp_path / ".env")
    else:
        (tmp_path / ".env").write_bytes(content)
    assert "in this folder sets any of them." in to_check(tmp_path)
