"""How a client library encrypts the data of events, as data: ``[encryption]`` of a profile."""

from __future__ import annotations

from typing import Literal

import msgspec

from wiretax.channels.profiles.json_style import JsonStyle

# Of base64, as libraries write nonce and ciphertext.
BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


class EncryptionStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a library does with an event for a channel whose name begins with ``private-encrypted-``.

    The data becomes an object with ``nonce`` and ``ciphertext``, in that order, both in base64.

    Attributes:
        source: the version ("of about" if that of the files is uncertain) and the files that were read.
        verified: "run" if a test compares it with the real library's bytes, "read" if not.
        encodes_strings: whether data that the application passes as a string is encoded as JSON before it is
            encrypted, even if the library sends such strings as they are otherwise.
        limits_encrypted: whether the library's limit of data applies to the object; if not, to the data in it.
        json: how the object is encoded.
    """

    source: str
    verified: Literal["run", "read"]
    encodes_strings: bool = False
    limits_encrypted: bool = False
    json: JsonStyle = JsonStyle()
