"""The lengths of Host, app id and key: the only differences between endpoints in requests of one workload."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wiretax.channels.endpoint import DEMO, Credentials, Endpoint
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.request.address import STANDARD, Address
from wiretax.channels.request.head import RequestHead
from wiretax.channels.request.sizes import LOOPBACK

BODY = b"{}"
LONG = Credentials("app-with-a-long-id", "k" * 33, "s")
ENDPOINTS = [
    replace(LOOPBACK, port=80),
    replace(LOOPBACK, port=443, scheme="https"),
    replace(LOOPBACK, port=6701),
    replace(LOOPBACK, app=Credentials("1", "key", "secret")),
    Endpoint("https", "api-mt1.pusher.com", 443, LONG),
    Endpoint("http", "::1", 6001, DEMO),
    Endpoint("http", "::1", 80, DEMO),
    replace(LOOPBACK, prefix="/eu/ws"),
    replace(LOOPBACK, prefix="/eu/ws", signs_prefix=True),
]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.public_url}")
@pytest.mark.parametrize("client", profile_names())
def test_heads_for_two_endpoints_differ_only_by_the_address(client: str, endpoint: Endpoint) -> None:
    profile = load_profile(client)
    there, here = (
        len(RequestHead(each, profile, "batch", profile.connection).render(BODY, 1_700_000_000))
        for each in (LOOPBACK, endpoint)
    )
    address = Address.of(endpoint)
    standard, own = (
        part.request_line + part.auth_query + part.headers
        for part in (STANDARD.in_head(profile), address.in_head(profile))
    )
    assert here - there == own - standard
    sizes = RequestHead(endpoint, profile, "batch", profile.connection).sizes(len(BODY))
    base = RequestHead(LOOPBACK, profile, "batch", profile.connection).sizes(len(BODY))
    assert sizes.request_line - base.request_line == address.prefix + address.app_id - STANDARD.app_id
    assert sizes.auth_query - base.auth_query == address.key - STANDARD.key


def test_the_default_port_counts_only_if_the_library_writes_it() -> None:
    address = Address.of(replace(LOOPBACK, port=80))
    assert (address.host, address.host_with_port) == (9, 12)
    assert address.in_head(load_profile("ruby")).headers == 12
    assert address.in_head(load_profile("python")).headers == 9
    assert address.in_head(None).headers == 9


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.public_url}")
@pytest.mark.parametrize("client", profile_names())
def test_an_address_is_read_from_a_head(client: str, endpoint: Endpoint) -> None:
    profile = load_profile(client)
    head = RequestHead(endpoint, profile, "trigger", profile.connection).render(BODY, 1_700_000_000)
    read = Address.read(head)
    assert read is not None
    assert read.in_head(profile) == Address.of(endpoint).in_head(profile)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"POST /apps/1/events HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /events?auth_key=k HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /apps/1/events?auth_key=k HTTP/1.1\r\nX-Host: a\r\n\r\n",
    ],
)
def test_a_head_without_all_parts_has_no_address(head: bytes) -> None:
    assert Address.read(head) is None
