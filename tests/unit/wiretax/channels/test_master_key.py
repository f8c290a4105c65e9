"""The master key of encrypted channels: where it comes from, and one line that keeps it if it can't be used."""

from __future__ import annotations

from base64 import b64encode

import pytest

from wiretax.channels.endpoint import DEMO, Credentials, Endpoint
from wiretax.channels.master_key import VARIABLE, MasterKeyError, with_master_key

APP = Credentials("1", "key", "secret")
HERE, THERE = (Endpoint("http", host, 80, APP) for host in ("127.0.0.1", "soketi.test"))
KEY = bytes(range(100, 132))


@pytest.mark.parametrize("endpoint", [HERE, THERE])
@pytest.mark.parametrize("space", ["", "\n"])
def test_the_environment_has_it(endpoint: Endpoint, space: str) -> None:
    made = with_master_key(endpoint, {VARIABLE: b64encode(KEY).decode() + space})
    assert made.app.master_key == KEY
    assert repr(KEY) not in repr(made)
    assert made.app.secret == "secret"


def test_a_server_on_this_machine_needs_none() -> None:
    assert with_master_key(HERE, {}).app.master_key == with_master_key(HERE, {VARIABLE: ""}).app.master_key
    assert with_master_key(HERE, {}).app.master_key == DEMO.master_key


def test_any_other_does() -> None:
    with pytest.raises(MasterKeyError) as refused:
        with_master_key(THERE, {})
    assert str(refused.value) == (
        "encrypted = true needs the master key that subscribers of http://soketi.test/apps/1 decrypt with: set "
        "PUSHER_ENCRYPTION_MASTER_KEY_BASE64 to its 32 bytes in base64, or make one with: openssl rand -base64 32"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b64encode(KEY[:31]).decode(), "has 31 bytes, expected 32 bytes in base64"),
        ("x" * 32, "has 24 bytes, expected 32 bytes in base64"),
        ("not base64!", "is not base64, expected 32 bytes in base64"),
        ("ké", "is not base64, expected 32 bytes in base64"),
        (b64encode(KEY).decode()[:-1], "is not base64, expected 32 bytes in base64"),
    ],
)
@pytest.mark.parametrize("endpoint", [HERE, THERE])
def test_an_invalid_one_is_refused_in_one_line_without_it(endpoint: Endpoint, text: str, why: str) -> None:
    with pytest.raises(MasterKeyError) as refused:
        with_master_key(endpoint, {VARIABLE: text})
    assert str(refused.value) == f"{VARIABLE} {why}; make one with: openssl rand -base64 32"
