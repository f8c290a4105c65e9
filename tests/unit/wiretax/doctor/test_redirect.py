"""Where a redirect leads, and the URL to use instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.endpoint import Endpoint
from wiretax.doctor.redirect import read_redirect

CALL = "/apps/1/channels"


def advice(location: str, url: str = "http://key:hidden@ws.example:8080/apps/1") -> str:
    endpoint = Endpoint.parse(url)
    redirect = read_redirect(endpoint, f"{endpoint.prefix}{CALL}", location)
    assert "hidden" not in redirect.where + redirect.advice
    # The query of a signed call may come back in it.
    assert "?" not in redirect.where
    return redirect.advice


@pytest.mark.parametrize(
    ("location", "use"),
    [
        (f"https://ws.example{CALL}?auth_signature=ab", "https://KEY:SECRET@ws.example/apps/1"),
        (f"https://WS.example:8443{CALL}", "https://KEY:SECRET@ws.example:8443/apps/1"),
        (f"http://other.example/ws{CALL}", "http://KEY:SECRET@other.example/ws/apps/1"),
        (f"//other.example{CALL}", "http://KEY:SECRET@other.example/apps/1"),
        (f"https://[::1]:6001{CALL}", "https://KEY:SECRET@[::1]:6001/apps/1"),
        ("https://ws.example/", "https://KEY:SECRET@ws.example/apps/1"),
        ("https://user:hidden@ws.example", "https://KEY:SECRET@ws.example/apps/1"),
    ],
)
def test_the_url_to_use_is_written_out(location: str, use: str) -> None:
    assert f"use {use};" in advice(location)


def test_a_prefix_is_kept_where_only_the_scheme_changes() -> None:
    url = "http://key:hidden@ws.example/ws/apps/1"
    assert "use https://KEY:SECRET@ws.example/ws/apps/1;" in advice("https://ws.example/", url)


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("/login", "this is not the HTTP API"),
        ("https://login.example/?back=/apps", "this is not the HTTP API"),
        ("/apps/12/channels", "this is not the HTTP API"),
        ("ftp://ws.example/apps/1/channels", "this is not the HTTP API"),
        (f"{CALL}/", "leave paths under /apps unchanged"),
        (CALL, "check the redirects"),
        ("http://[bad", "check scheme, host and port"),
        ("http://[bad?auth_signature=x", "check scheme, host and port"),
        ("http://ws.example:99999/", "check scheme, host and port"),
    ],
)
def test_other_redirects_have_no_such_url(location: str, says: str) -> None:
    assert says in advice(location)


def test_a_redirect_to_itself_tells_of_a_server_that_does_not_know_of_tls() -> None:
    url = "https://key:hidden@ws.example/apps/1"
    assert "X-Forwarded-Proto: https" in advice(f"https://ws.example{CALL}?x", url)


@given(st.text(max_size=60), st.sampled_from(["", "/", "http://", "https://", "https://ws.example/apps/1/"]))
def test_any_location_is_read(text: str, before: str) -> None:
    assert advice(before + text)
