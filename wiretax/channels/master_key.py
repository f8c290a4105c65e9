"""The master key of an app's encrypted channels, which only the environment names: no command line and no file."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from wiretax.channels.endpoint import DEMO, Endpoint, EndpointError

# Named after the option of the official libraries.
VARIABLE = "PUSHER_ENCRYPTION_MASTER_KEY_BASE64"
KEY_BYTES = 32
MAKE_ONE = "make one with: openssl rand -base64 32"


class MasterKeyError(EndpointError):
    """A master key that is missing or invalid; the message never contains it."""


def with_master_key(endpoint: Endpoint, environment: Mapping[str, str]) -> Endpoint:
    """An endpoint whose app has the master key of an environment; on this machine, the demo app's if it has none.

    Raises:
        MasterKeyError: the key is not 32 bytes in base64, or an endpoint on another machine has none.
    """
    text = environment.get(VARIABLE, "").strip()
    key = read_master_key(text) if text else DEMO.master_key if endpoint.is_loopback else None
    if key is None:
        raise MasterKeyError(
            f"encrypted = true needs the master key that subscribers of {endpoint.public_url} decrypt with: set "
            f"{VARIABLE} to its 32 bytes in base64, or {MAKE_ONE}"
        )
    return replace(endpoint, app=replace(endpoint.app, master_key=key))


def read_master_key(text: str) -> bytes:
    """A master key from base64.

    Raises:
        MasterKeyError: it is not 32 bytes in base64.
    """
    try:
        key = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyError(f"{VARIABLE} is not base64, expected 32 bytes in base64; {MAKE_ONE}") from None
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{VARIABLE} has {len(key)} bytes, expected 32 bytes in base64; {MAKE_ONE}")
    return key


def channel_key(channel: str, master_key: bytes) -> bytes:
    """The key of an encrypted channel, 32 bytes, from the app's master key."""
    return sha256(channel.encode() + master_key).digest()
