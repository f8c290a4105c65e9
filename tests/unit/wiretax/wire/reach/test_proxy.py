"""Which web proxy the environment names for a server, and what is said to it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.endpoint import Endpoint
from wiretax.wire.reach.proxy import (
    MAX_REPLY_BYTES,
    Proxy,
    ProxySettingError,
    TunnelError,
    proxy_for,
)

SECURE = Endpoint.parse("https://k:s@api-eu.example.com/apps/1")
PLAIN = Endpoint.parse("http://k:s@api-eu.example.com/apps/1")
PROXY = "http://proxy.example:3128"
SECRET = "s3cr3t-pass"


@pytest.mark.parametrize(
    ("environment", "variable", "url"),
    [
        ({"HTTPS_PROXY": PROXY}, "HTTPS_PROXY", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, "https_proxy", PROXY),
        ({"ALL_PROXY": PROXY}, "ALL_PROXY", PROXY),
        ({"all_proxy": PROXY, "https_proxy": "http://nearer:1"}, "https_proxy", "http://nearer:1"),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "HTTPS_PROXY", PROXY),
        ({"HTTPS_PROXY": "http://proxy.example"}, "HTTPS_PROXY", "http://proxy.example:80"),
        ({"HTTPS_PROXY": "http://[::1]:3128/"}, "HTTPS_PROXY", "http://[::1]:3128"),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "other.com,127.0.0.1"}, "HTTPS_PROXY", PROXY),
    ],
)
def test_a_proxy_is_named_by_a_variable(environment: dict[str, str], variable: str, url: str) -> None:
    proxy = proxy_for(SECURE, environment)
    assert proxy is not None
    assert (proxy.variable, proxy.url) == (variable, url)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"HTTP_PROXY": PROXY},
        {"HTTPS_PROXY": ""},
        {"https_proxy": "", "HTTPS_PROXY": PROXY},
        *({"HTTPS_PROXY": PROXY, "NO_PROXY": no} for no in (
            "*", "example.com", ".example.com", "*.example.com", "a, API-EU.example.com", "a example.com:443"
        )),
        {"HTTPS_PROXY": PROXY, "no_proxy": "example.com", "NO_PROXY": "other.com"},
    ],
)  # fmt: skip
def test_a_server_without_a_proxy_is_reached_directly(environment: dict[str, str]) -> None:
    assert proxy_for(SECURE, environment) is None


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3", "10.1.2.3:80", False),
        ("10.1.2.3", "1.2.3", False),
        ("[2001:db8::7]", "2001:db8::/32", True),
        ("[2001:db8::7]", "[2001:db8::7]", True),
        ("[2001:db8::7]", "[2001:db8::7]:443", True),
        ("notexample.com", "example.com", False),
        ("example.com.", "example.com", True),
        ("example.com", "example.com:8443", False),
        ("example.com", ".", False),
    ],
)
def test_no_proxy_names_hosts_subdomains_networks_and_ports(host: str, no_proxy: str, direct: bool) -> None:
    endpoint = Endpoint.parse(f"https://k:s@{host}/apps/1")
    assert (proxy_for(endpoint, {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}) is None) == direct


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_for_this_machine_goes_through_a_proxy(scheme: str, host: str) -> None:
    endpoint = Endpoint.parse(f"{scheme}://k:s@{host}/apps/1")
    assert proxy_for(endpoint, {"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}) is None


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_plain_http_through_a_proxy_is_reported(name: str) -> None:
    with pytest.raises(ProxySettingError, match=rf"^{name} is set, .*add api-eu\.example\.com to NO_PROXY"):
        proxy_for(PLAIN, {name: PROXY})
    assert proxy_for(PLAIN, {name: PROXY, "NO_PROXY": "example.com"}) is None


@pytest.mark.parametrize(
    "value",
    [
        f"socks5://u:{SECRET}@proxy:1080",
        f"https://u:{SECRET}@proxy:3128",
        f"http://u:{SECRET}@:3128",
        f"http://u:{SECRET}@proxy:port",
        f"http://u:{SECRET}@[::1",
        f"http://u:{SECRET}@pro..xy:1",
    ],
)
def test_other_proxies_are_reported_in_one_line_without_the_password(value: str) -> None:
    with pytest.raises(ProxySettingError) as caught:
        proxy_for(SECURE, {"https_proxy": value})
    message = str(caught.value)
    assert message.startswith("https_proxy ")
    assert SECRET not in message
    assert "\n" not in message


@given(value=st.lists(st.sampled_from(
    ["http://", "socks5://", "u", ":", SECRET, "@", "host", "[::1]", "[", ":80", "/", "?", "#", "%", " ", "\u2100"]
), max_size=8).map("".join))  # fmt: skip
def test_any_value_is_a_proxy_or_reported_without_the_password(value: str) -> None:
    try:
        proxy = proxy_for(SECURE, {"https_proxy": value})
    except ProxySettingError as error:
        shown = str(error)
    else:
        shown = repr(proxy) + str(proxy)
    assert "\n" not in shown
    assert f":{SECRET}@" not in shown


def test_user_and_password_are_sent_and_never_shown() -> None:
    proxy = proxy_for(SECURE, {"HTTPS_PROXY": "http://us%40er:p%3Ass@proxy.example:3128"})
    assert proxy is not None
    basic = b64encode(b"us@er:p:ss").decode()
    assert proxy.request(SECURE) == (
        b"CONNECT api-eu.example.com:443 HTTP/1.1\r\nHost: api-eu.example.com:443\r\n"
        b"Proxy-Authorization: Basic " + basic.encode() + b"\r\n\r\n"
    )
    assert basic not in repr(proxy) + str(proxy) + proxy.url
    assert "p:ss" not in repr(proxy) + str(proxy) + proxy.url


def test_an_ipv6_server_is_asked_for_in_brackets() -> None:
    endpoint = Endpoint.parse("https://k:s@[2001:db8::7]:8443/apps/1")
    assert Proxy("p", 1, "HTTPS_PROXY").request(endpoint).startswith(b"CONNECT [2001:db8::7]:8443 HTTP/1.1\r\n")


def test_a_reply_may_come_in_pieces_and_with_bytes_of_the_server() -> None:
    proxy, reply = Proxy("p", 3128, "HTTPS_PROXY"), b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"
    assert all(proxy.after_reply(reply[:end]) is None for end in range(len(reply)))
    assert proxy.after_reply(reply) == b""
    assert proxy.after_reply(reply + b"more") == b"more"
    assert proxy.after_reply(b"HTTP/1.0 200 OK\r\n\r\n") == b""


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            r"407 .*; put USER:PASSWORD@ before its host in HTT",
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", r"opened no tunnel: 403 Forbidden; it may not allow"),
        (b"HTTP/1.1 502\r\n\r\n", r"opened no tunnel: 502;"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", r"does not speak HTTP/1\.1"),
        (b"HTTP/1.1 ok\r\n\r\n", r"does not speak HTTP/1\.1"),
        (b"x" * (MAX_REPLY_BYTES + 1), r"does not end its reply"),
    ],
)
def test_a_refusal_names_the_proxy_and_what_to_do(reply: bytes, says: str) -> None:
    with pytest.raises(TunnelError, match=rf"^the proxy http://p:3128 \(HTTPS_PROXY\) .*{says}"):
        Proxy("p", 3128, "HTTPS_PROXY").after_reply(reply)
    with pytest.raises(TunnelError, match="check user and password in HTTPS_PROXY"):
        Proxy("p", 3128, "HTTPS_PROXY", "Basic x").after_reply(b"HTTP/1.1 407 No\r\n\r\n")
