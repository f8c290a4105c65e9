"""Where a free run's events go, by Locust's options."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import locust_unpatched  # noqa: F401  # before anything else of Locust's
import pytest
from locust.argument_parser import LocustArgumentParser

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.load.free.access_options import access_of
from wiretax.load.free.destination import endpoint_from
from wiretax.load.free.options import FreeRunOptions, add_options
from wiretax.wire.connections.servers import Access


def parsed(*arguments: str) -> Namespace:
    parser: Any = LocustArgumentParser(add_help=False)
    parser.add_argument("--host")
    add_options(parser)
    options: Namespace = parser.parse_args(list(arguments))
    return options


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUSHER_URL", "WIRETAX_CA", "WIRETAX_CERT", "WIRETAX_KEY", "WIRETAX_SIGN_PREFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "host", "prefix"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", ""),
        ("http://127.0.0.1:8080/", "127.0.0.1", ""),
        ("http://127.0.0.1:8080/eu/ws", "127.0.0.1", "/eu/ws"),
        ("http://[::1]:8080/ws/", "::1", "/ws"),
    ],
)
def test_locusts_host_may_have_a_prefix(given: str, host: str, prefix: str) -> None:
    assert endpoint_from(parsed("--host", given)) == Endpoint("http", host, 8080, DEMO, prefix)


def test_an_endpoint_may_have_a_prefix() -> None:
    endpoint = endpoint_from(parsed("--endpoint", "https://k:s@h/ws/apps/1/"))
    assert endpoint is not None
    assert endpoint.public_url == "https://h/ws/apps/1"


def test_options_that_go_with_the_url_come_from_arguments_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert access_of(parsed()) == Access()
    given = parsed("--ca", "a", "--insecure", "--sign-prefix", "--cert", "c", "--key", "k")
    assert access_of(given) == Access(Path("a"), True, True, Path("c"), Path("k"))
    for name, value in {"CA": "a", "CERT": "c", "KEY": "k", "SIGN_PREFIX": "true", "INSECURE": "true"}.items():
        monkeypatch.setenv(f"WIRETAX_{name}", value)
    assert access_of(parsed()) == Access(Path("a"), True, True, Path("c"), Path("k"))


def test_a_free_run_encrypts_if_asked_to() -> None:
    assert not FreeRunOptions.of(parsed(), tls=False).encrypted
    options = FreeRunOptions.of(parsed("--encrypted", "--client", "node"), tls=False)
    assert options.encrypted
    assert options.workload("batch").name == "batch10-100B-chat-encrypted-node"
    assert options.as_dict()["encrypted"] is True
