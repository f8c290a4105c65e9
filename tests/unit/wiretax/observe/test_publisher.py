"""What an observed command is told, and what of it is kept."""

from __future__ import annotations

from wiretax.observe.publisher import bypass_web_proxies


def test_a_web_proxy_is_told_to_leave_this_machine_alone() -> None:
    assert bypass_web_proxies({"HOME": "/", "no_proxy": "local"}, "127.0.0.1") == {}
    spared = bypass_web_proxies({"HTTP_PROXY": "http://proxy", "NO_PROXY": "local"}, "127.0.0.1")
    assert spared == {"no_proxy": "local,127.0.0.1", "NO_PROXY": "local,127.0.0.1"}
