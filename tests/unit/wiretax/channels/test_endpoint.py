"""PUSHER_URL: how it is parsed, and the messages if it is invalid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.endpoint import Credentials, Endpoint, EndpointError


def test_parses_urls_like_the_official_libraries() -> None:
    endpoint = Endpoint.parse("https://0123456789abcdef0123:s3cret@api-eu.pusher.com/apps/42")
    assert endpoint == Endpoint(
        "https", "api-eu.pusher.com", 443, Credentials("42", "0123456789abcdef0123", "s3cret")
    )
    assert endpoint.authority == "api-eu.pusher.com"


@pytest.mark.parametrize(
    ("url", "authority", "loopback"),
    [
        ("http://k:s@127.0.0.1:8080/apps/1", "127.0.0.1:8080", True),
        ("http://k:s@127.9.9.9/apps/1", "127.9.9.9", True),
        ("http://k:s@[::1]:6001/apps/1", "[::1]:6001", True),
        ("http://k:s@localhost/apps/1", "localhost", True),
        ("http://k:s@10.0.0.1:80/apps/1", "10.0.0.1", False),
        ("https://k:s@api-mt1.pusher.com/apps/1", "api-mt1.pusher.com", False),
    ],
)
def test_host_header_and_loopback(url: str, authority: str, loopback: bool) -> None:
    endpoint = Endpoint.parse(url)
    assert endpoint.authority == authority
    assert endpoint.is_loopback is loopback


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:8080/apps/1", "lacks the key or the secret"),
        ("http://key@127.0.0.1:8080/apps/1", "lacks the key or the secret"),
        ("http://k:hidden@127.0.0.1:8080", "path is not /apps/APP_ID"),
        ("http://k:hidden@127.0.0.1:8080/apps/1/events", "path is not /apps/APP_ID"),
        ("http://k:hidden@127.0.0.1:8080/apps/1?x=1", "path is not /apps/APP_ID"),
        ("http://k:hidden@127.0.0.1:8080/ws", "path is not /apps/APP_ID"),
        ("http://k:hidden@127.0.0.1:8080/ws/../apps/1", "dotted parts"),
        ("http://k:hidden@127.0.0.1:8080/ws//eu/apps/1", "empty"),
        ("http://k:hidden@127.0.0.1:8080/w s/apps/1", "need escaping"),
        ("http://k:hidden@127.0.0.1:8080/w%s/apps/1", "need escaping"),
        ("http://k:hidden@127.0.0.1:http/apps/1", "port is not a number"),
        ("http://k:hidden@127.0.0.1:99999/apps/1", "port is not a number"),
        ("ws://k:hidden@127.0.0.1/apps/1", "scheme is 'ws'"),
        ("http://k:hidden@/apps/1", "no host"),
        ("http://k&x:hidden@127.0.0.1/apps/1", "characters other than"),
    ],
)
def test_rejects_invalid_urls_in_one_line_without_the_secret(url: str, says: str) -> None:
    with pytest.raises(EndpointError) as caught:
        Endpoint.parse(url)
    message = str(caught.value)
    assert says in message
    assert "http://KEY:SECRET@" in message
    assert "hidden" not in message
    assert "\n" not in message


def test_no_text_of_an_endpoint_contains_the_secret() -> None:
    endpoint = Endpoint.parse("http://k:hidden@127.0.0.1:8080/apps/1")
    assert "hidden" not in repr(endpoint) + str(endpoint) + endpoint.public_url


@pytest.mark.parametrize(
    ("path", "prefix", "app_id"),
    [
        ("/apps/1", "", "1"),
        ("/apps/1/", "", "1"),
        ("//apps/1//", "", "1"),
        ("/ws/apps/1", "/ws", "1"),
        ("/ws//apps/1/", "/ws", "1"),
        ("/eu/ws-2/apps/1", "/eu/ws-2", "1"),
        ("/~me/a%20b;c=d/apps/1", "/~me/a%20b;c=d", "1"),
        ("/apps/eu/apps/1", "/apps/eu", "1"),
    ],
)
def test_a_path_may_have_a_prefix_and_slashes_at_its_ends(path: str, prefix: str, app_id: str) -> None:
    endpoint = Endpoint.parse(f"https://k:s@host{path}")
    assert (endpoint.prefix, endpoint.app.app_id) == (prefix, app_id)
    assert endpoint.public_url == f"https://host{prefix}/apps/{app_id}"
    assert endpoint.secret_url == f"https://k:s@host:443{prefix}/apps/{app_id}"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[2001:db8::7]", "ws.example.com"])
def test_an_endpoint_is_parsed_from_the_urls_that_it_makes(host: str) -> None:
    endpoint = Endpoint.parse(f"http://k:p%40ss%2Fword@{host}:6001/ws/apps/1")
    assert endpoint.app.secret == "p@ss/word"
    assert Endpoint.parse(endpoint.secret_url) == endpoint
    assert host in endpoint.public_url


SECRET = "s3cr3t-s3cr3t"
# The last ones look like, or become, characters that mean something in a URL.
PIECES = st.sampled_from(
    (
        *("http://", "https://", "//", "k", "k:", SECRET, ":", "@", "[::1]", "[", "]", "127.0.0.1", "host", ":80"),
        *("/apps/1", "/", "/ws", "%", "%00", "?", "#", "\n", "\t", "\x1b", "\u2100", "\uff0e"),
    )
)


@given(url=st.lists(PIECES | st.text(max_size=3), max_size=10).map("".join))
def test_any_text_is_an_endpoint_or_refused_in_one_line_without_the_secret(url: str) -> None:
    try:
        endpoint = Endpoint.parse(url)
    except EndpointError as error:
        message = str(error)
    else:
        shown = endpoint.public_url.replace("://", f"://{endpoint.app.key}:x@", 1)
        assert Endpoint.parse(shown).public_url == endpoint.public_url
        message = endpoint.authority
    assert message.isprintable()
    assert SECRET not in message
