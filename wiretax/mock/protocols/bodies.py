"""The bodies of the API's calls, and why one can't be decoded."""

from __future__ import annotations

import re

import msgspec

from wiretax.channels.limits import Refusal

# What came in pieces was put together in a bytearray.
Body = bytes | bytearray

# Whole pairs and other escapes first, then half a pair.
ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)

# msgspec raises Python's own error for bytes that are not UTF-8.
BAD_BODY = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class TriggerBody(msgspec.Struct, gc=False):
    name: str
    data: str
    channels: list[str] | None = None
    channel: str | None = None
    socket_id: str | None = None
    info: str | None = None


class BatchItem(msgspec.Struct, gc=False):
    channel: str
    name: str
    data: str
    socket_id: str | None = None
    info: str | None = None


class PlainItem(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An event of a batch without options, as most are."""

    channel: str
    name: str
    data: str


class PlainBatch(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    batch: list[PlainItem]


class BatchBody(msgspec.Struct, gc=False):
    batch: list[BatchItem]


def refuse_body(error: Exception, body: Body = b"") -> Refusal:
    """Why a body that can't be decoded is refused."""
    # msgspec reports a first half at the end of a string as a document that ends too early.
    if "surrogate" in str(error) or "truncated" in str(error):
        lone = _lone_surrogate(body)
        if lone:
            return Refusal(400, "body", f"{lone} is half of a surrogate pair, which is no character")
    return Refusal(400, "body", f"{error or 'nested too deeply'}")


def _lone_surrogate(body: Body) -> str:
    """The first escape of a JSON document that is half of a pair; empty if there is none."""
    for escape in ESCAPES.finditer(body):
        if escape[1]:
            return escape[1].decode()
    return ""
