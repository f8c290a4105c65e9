"""Which requests pass: those to an address of the web UI, from its own pages or from no page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from wiretax.load.web.guard import Guard, warn_if_open

LOCAL = "127.0.0.1:8089"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """As Locust answers: any site may read it."""
    origin = environ.get("HTTP_ORIGIN", "*")
    return Response("passed", headers={"Access-Control-Allow-Origin": origin, "Vary": "Origin"})(
        environ, start_response
    )


def ask(host: str = LOCAL, by: str = "127.0.0.1", names: tuple[str, ...] = (), **headers: str) -> TestResponse:
    client = Client(Guard(application, by, names))
    return client.open("/anything", method="POST", headers={"Host": host, **headers})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8089",
        "localhost:8089",
        "LOCALHOST",
        "localhost.:8089",
        "[::1]:8089",
        "127.0.0.1:9999",
        "127.0.0.2",
    ],
)
def test_a_request_to_this_machine_passes(host: str) -> None:
    assert ask(host).data == b"passed"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8089",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1@evil.example",
        "127.0.0.1,evil.example",
        "127.0.0.1/evil.example",
        "127.0.0.1:port",
        "192.0.2.1:8089",
        "[::1",
        "2130706433",
    ],
)
def test_a_request_to_another_name_is_refused(host: str) -> None:
    answer = ask(host)
    assert answer.status_code == 403
    assert "which is not the address it listens on" in answer.text
    assert answer.text.count("\n") == 1


def test_a_request_without_a_host_is_refused() -> None:
    assert "asked for as ''" in Guard(application, "127.0.0.1").objection({})


@pytest.mark.parametrize("by", ["", "0.0.0.0", "::"])
def test_a_web_ui_on_all_addresses_has_these_and_the_names_it_is_given(by: str) -> None:
    for host in ("192.0.2.1:8089", "[2001:db8::1]:8089", LOCAL, "load.example:8089", "Box"):
        assert ask(host, by, ("load.example", " box")).data == b"passed", host
    for host in ("evil.example", "load.example.evil.example"):
        assert ask(host, by, ("load.example",)).status_code == 403, host
    # An empty --web-name names nothing.
    assert ask("", by, ("",)).status_code == 403


def test_a_web_ui_on_one_address_has_that_and_the_names_it_is_given() -> None:
    assert ask("192.0.2.7:8089", "192.0.2.7").data == b"passed"
    assert ask("load.example", "192.0.2.7", ("load.example",)).data == b"passed"
    assert ask("192.0.2.8:8089", "192.0.2.7").status_code == 403


@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_a_request_of_another_sites_page_is_refused(header: str) -> None:
    for page in (
        "http://evil.example",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://localhost:8089",
        "http://127.0.0.1:8089.evil.example",
        "http://127.0.0.1:8089@evil.example",
        "null",
        "",
        "file://127.0.0.1:8089",
    ):
        answer = ask(**{header: page})
        assert answer.status_code == 403, page
        assert "another site's page sent this request" in answer.text
    path = "" if header == "Origin" else "/wiretax/?theme=dark"
    assert ask(**{header: f"http://{LOCAL}{path}"}).data == b"passed"
    # A proxy that ends TLS, at the usual port.
    assert ask("localhost", **{header: f"https://localhost{path}"}).data == b"passed"


def test_no_other_site_may_read_an_answer_or_show_it_in_a_frame() -> None:
    for answer in (ask(), ask(Origin=f"http://{LOCAL}"), ask(Origin="http://evil.example"), ask("evil.example")):
        assert [name for name, _ in answer.headers if name.lower().startswith("access-control-")] == []
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_message_shows_a_bounded_part_of_a_header_and_none_of_its_control_characters() -> None:
    objection = Guard(application, "127.0.0.1").objection({"HTTP_HOST": "\x1b[2J" + "x" * 10_000})
    assert "\x1b" not in objection
    assert len(objection) < 400


@pytest.mark.parametrize(
    ("host", "has_login", "says"),
    [
        ("0.0.0.0", False, "all addresses of this machine without a login"),
        ("", False, "all addresses of this machine without a login"),
        ("192.0.2.7", False, "192.0.2.7 without a login"),
        ("0.0.0.0", True, ""),
        ("127.0.0.1", False, ""),
        ("localhost", False, ""),
        ("::1", False, ""),
    ],
)
def test_a_web_ui_that_others_reach_without_a_login_warns(
    caplog: pytest.LogCaptureFixture, host: str, has_login: bool, says: str
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_if_open(host, has_login)
    assert bool(caplog.records) == bool(says)
    assert says in caplog.text
