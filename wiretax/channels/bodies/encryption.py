"""End-to-end encryption: the data of an event as a client library encrypts it for its subscribers.

A library encrypts what is sent to a channel whose name begins with ``private-encrypted-``: with NaCl's secretbox,
a fresh nonce for each event, and the SHA-256 of the channel's name and the app's master key as the key.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from math import ceil, sqrt
from secrets import token_bytes

import orjson

from wiretax.channels.bodies.events import Event, data_writer
from wiretax.channels.master_key import channel_key
from wiretax.channels.profiles import Profile
from wiretax.channels.profiles.encryption_style import BASE64, EncryptionStyle
from wiretax.channels.profiles.json_style import encoder

NONCE_BYTES = 24
# Of Poly1305, before the data.
TAG_BYTES = 16
# More channels than this have their keys derived again.
MOST_KEYS = 1024
# How many standard deviations above its mean an encrypted event may be: less than one in 10^9 is larger.
DEVIATIONS = 6


def fresh_nonce() -> bytes:
    """A nonce that no other event has."""
    return token_bytes(NONCE_BYTES)


def no_nonce() -> bytes:
    """The same for each event, where only sizes matter or two bodies are compared."""
    return bytes(NONCE_BYTES)


class Encryption:
    """Encrypts events as one library does."""

    __slots__ = ("_encode", "_key_of", "_nonce", "_plain", "_seal", "_unencrypted")

    def __init__(self, profile: Profile, master_key: bytes, nonce: Callable[[], bytes] = fresh_nonce) -> None:
        """
        Args:
            profile: the library's, with an encryption.
            master_key: the app's, 32 bytes.
            nonce: draws a nonce.
        """
        # Loads a library in C, which no other workload needs.
        from nacl.bindings import crypto_secretbox

        style = style_of(profile)
        self._seal: Callable[[bytes, bytes, bytes], bytes] = crypto_secretbox
        self._encode = encoder(style.json)
        self._nonce = nonce
        self._key_of = lru_cache(MOST_KEYS)(lambda channel: channel_key(channel, master_key))
        self._plain = plain_writer(profile)
        # None if data is the same before it is encrypted.
        self._unencrypted = data_writer(profile) if style.encodes_strings else None

    def event(self, event: Event) -> tuple[Event, int]:
        """An event with its data encrypted, and how many bytes longer that made the data."""
        plain = self._plain(event).encode()
        nonce = self._nonce()
        sealed = self._seal(plain, nonce, self._key_of(event.channels[0]))
        message = {"nonce": b64encode(nonce).decode(), "ciphertext": b64encode(sealed).decode()}
        data = self._encode(message).decode()
        before = len(plain) if self._unencrypted is None else len(self._unencrypted(event).encode())
        return replace(event, data=data, is_document=False), len(data) - before


def most_encrypted_bytes(profile: Profile, event: Event) -> int:
    """Bytes of an event's data, encrypted, as the API receives and limits it.

    Where the library escapes characters of base64, the number depends on the nonce; less than one event in 10^9
    has more.
    """
    style = style_of(profile)
    plain = len(plain_writer(profile)(event).encode())
    characters = 4 * ceil(NONCE_BYTES / 3) + 4 * ceil((TAG_BYTES + plain) / 3)
    around = len(encoder(style.json)({"nonce": "", "ciphertext": ""}))
    longer = sum(len(written) - 1 for each, written in style.json.escapes.items() if each in BASE64)
    mean = characters / 64
    return around + characters + (ceil(longer * (mean + DEVIATIONS * sqrt(mean))) if longer else 0)


def encrypted_bytes(data: str) -> int | None:
    """How many bytes are encrypted in the data of an event, as it arrives; None if it is no encrypted message."""
    try:
        message = orjson.loads(data)
        nonce, sealed = (b64decode(message[key], validate=True) for key in ("nonce", "ciphertext"))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return len(sealed) - TAG_BYTES if len(nonce) == NONCE_BYTES and len(sealed) >= TAG_BYTES else None


def style_of(profile: Profile) -> EncryptionStyle:
    """How a library encrypts, which has to have an encryption."""
    if profile.encryption is None:
        raise ValueError(f"client {profile.name} has no encryption")
    return profile.encryption


def plain_writer(profile: Profile) -> Callable[[Event], str]:
    """Returns a function that writes an event's data as it is before it is encrypted."""
    style, write = style_of(profile), data_writer(profile)
    if not style.encodes_strings:
        return write
    encode = encoder(profile.data_json)
    return lambda event: write(event) if event.is_document else encode(event.data).decode()
