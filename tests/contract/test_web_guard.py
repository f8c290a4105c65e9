"""What another site's page, a guesser and a script get from the web UI, route by route."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from locust_inside import USERS, Inside, inside

from wiretax.load.web.guesses import GuessLimit

CHANGING = {"/swarm", "/stop", "/stats/reset", "/user", "/wiretax/runs/x/make"}
PASSWORD = "open sesame"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def locust() -> Iterator[Inside]:
    with inside(web=True) as made:
        yield made


def stranger_to(locust: Inside) -> Any:
    """A client that has seen no page."""
    web_ui: Any = locust.environment.web_ui
    return web_ui.app.test_client()


def routes(locust: Inside) -> set[tuple[str, str]]:
    """Each method of each route."""
    web_ui: Any = locust.environment.web_ui
    found = set()
    for rule in web_ui.app.url_map.iter_rules():
        path = rule.rule.replace("<file>", "live.js").replace("<name>", "x")
        path = path.replace("<path:filename>", "x").replace("<path:path>", "x")
        found |= {(method, path) for method in rule.methods or ()}
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Origin": "http://evil.example"},
        {"Referer": "http://evil.example/page"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_no_route_answers_another_sites_page(locust: Inside, headers: dict[str, str]) -> None:
    visitor = locust.visitor()
    for method, path in {*routes(locust), ("GET", "/nowhere"), ("POST", "/nowhere")}:
        answer = visitor.open(path, method=method, data=USERS if method == "POST" else None, headers=headers)
        assert answer.status_code == 403, (method, path)
    assert not locust.session.is_running


def test_each_route_that_changes_something_needs_the_token_that_pages_have(locust: Inside) -> None:
    stranger, visitor = stranger_to(locust), locust.visitor()
    changing = {path for method, path in routes(locust) if method not in ("GET", "HEAD", "OPTIONS")}
    assert changing == CHANGING
    for path in changing:
        for headers in ({}, {"X-Wiretax-Token": "guess"}, {"X-Wiretax-Token": "\xe9"}):
            answer = stranger.post(path, data=USERS, headers=headers)
            assert answer.status_code == 403, path
            assert "reload the page" in answer.text
    assert not locust.session.is_running
    token = visitor.get("/wiretax/token").text
    for path in ("/", "/wiretax/"):
        assert f'<meta name="wiretax_token" content="{token}">' in stranger.get(path).text
    # A browser runs a script for any page that names it, so no script has the token.
    with stranger.get("/wiretax/token.js") as script:
        assert token not in script.text
    assert visitor.post("/stop").get_json()["success"]


def test_no_answer_may_be_read_by_another_site(locust: Inside) -> None:
    visitor = locust.visitor()
    for path in ("/", "/stats/requests", "/nowhere", "/wiretax/token", "/assets/nothing.js"):
        answer = visitor.get(path, headers={"Origin": "http://localhost"})
        assert [name for name, _ in answer.headers if name.lower().startswith("access-control-")] == [], path


def test_a_body_that_is_longer_than_any_form_is_refused(locust: Inside) -> None:
    assert stranger_to(locust).post("/swarm", data={"user_count": "1" * 2_000_000}).status_code == 413


def test_a_name_that_the_web_ui_is_given_may_be_used() -> None:
    with inside("--web-name", "load.example, box", web=True) as locust:
        hosts = ("load.example", "box:8089", "192.0.2.1", "evil.example")
        statuses = [stranger_to(locust).get("/", headers={"Host": host}).status_code for host in hosts]
    assert statuses == [200, 200, 200, 403]


def test_guesses_make_their_address_wait_and_nobody_else() -> None:
    now = [1_000.0]
    with (
        mock.patch("wiretax.load.web.login.GuessLimit", return_value=GuessLimit(lambda: now[0])),
        inside("--web-login", web=True, WIRETAX_WEB_PASSWORD=PASSWORD) as locust,
    ):
        visitor = locust.visitor()

        def log_in(password: str, address: str = "192.0.2.1") -> str:
            place = {"REMOTE_ADDR": address}
            answer = visitor.post("/wiretax/login", data={"password": password}, environ_overrides=place)
            assert answer.status_code == 302
            return str(answer.location)

        for _ in range(3):
            assert log_in("guess") == "/login"
            assert "Wrong password." in visitor.get("/login").text
        # Not even the right one is looked at now.
        assert log_in(PASSWORD) == "/login"
        assert "Too many wrong passwords from your address; try again in 1 s." in visitor.get("/login").text
        assert visitor.get("/stats/requests").status_code == 302
        assert log_in(PASSWORD, "192.0.2.2") == "/"
        now[0] += 1
        assert log_in(PASSWORD) == "/"
        assert visitor.get("/stats/requests").status_code == 200


def test_a_login_needs_the_token_of_its_page() -> None:
    with inside("--web-login", web=True, WIRETAX_WEB_PASSWORD=PASSWORD) as locust:
        stranger = stranger_to(locust)
        assert stranger.post("/wiretax/login", data={"password": PASSWORD}).status_code == 403
        token = stranger.get("/wiretax/token").text
        assert f'content="{token}"' in stranger.get("/login").text
        form = {"password": PASSWORD, "wiretax_token": token}
        assert stranger.post("/wiretax/login", data=form).location == "/"
