"""Reading the events of encrypted channels, as a subscriber that knows the app's master key."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache

import orjson

from wiretax.channels.master_key import channel_key

MOST_KEYS = 1024


class DecryptionError(ValueError):
    """Data that is not encrypted, or with another key."""


class Decryption:
    """Decrypts the data of events with the keys of one app."""

    __slots__ = ("_key_of", "_open")

    def __init__(self, master_key: bytes) -> None:
        """``master_key``: 32 bytes."""
        # Loads a library in C, which only subscribers of encrypted channels need.
        from nacl.bindings import crypto_secretbox_open

        self._open: Callable[[bytes, bytes, bytes], bytes] = crypto_secretbox_open
        self._key_of = lru_cache(MOST_KEYS)(lambda channel: channel_key(channel, master_key))

    def data(self, channel: str, data: str) -> str:
        """The data of an event before it was encrypted.

        Raises:
            DecryptionError: it can't be decrypted.
        """
        from nacl.exceptions import CryptoError

        try:
            message = orjson.loads(data)
            nonce, sealed = (b64decode(message[name], validate=True) for name in ("nonce", "ciphertext"))
            return self._open(sealed, nonce, self._key_of(channel)).decode()
        except (CryptoError, KeyError, TypeError, ValueError):
            raise DecryptionError(
                f"an event of {channel} can't be decrypted: check the master key of publisher and subscriber"
            ) from None
