"""Secrets in text that is kept or shown."""

from __future__ import annotations

from wiretax.channels.endpoint import Credentials
from wiretax.channels.masking import without_secrets

APP = Credentials("1", "key", "s/e+c")


def test_a_command_is_kept_without_secrets() -> None:
    said = "run --secret=s/e+c http://key:s%2Fe%2Bc@host/ redis://user:other@host:6379/0 http://host/path@x"
    assert without_secrets(said, APP) == (
        "run --secret=*** http://key:***@host/ redis://user:***@host:6379/0 http://host/path@x"
    )
