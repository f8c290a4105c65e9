"""What an observed command is told, and what of it is kept."""

from __future__ import annotations

from wiretax.channels.endpoint import Credentials
from wiretax.observe.publisher import bypass_web_proxies, without_secrets

APP = Credentials("1", "key", "s/e+c")


def test_a_command_is_kept_without_secrets() -> None:
    said = "run --secret=s/e+c http://key:s%2Fe%2Bc@host/ redis://user:other@host:6379/0 http://host/path@x"
    assert without_secrets(said, APP) == (
        "run --secret=*** http://key:***@host/ redis://user:***@host:6379/0 http://host/path@x"
    )


def test_a_web_proxy_is_told_to_leave_this_machine_alone() -> None:
    assert bypass_web_proxies({"HOME": "/", "no_proxy": "local"}, "127.0.0.1") == {}
    spared = bypass_web_proxies({"HTTP_PROXY": "http://proxy", "NO_PROXY": "local"}, "127.0.0.1")
    assert spared == {"no_proxy": "local,127.0.0.1", "NO_PROXY": "local,127.0.0.1"}
