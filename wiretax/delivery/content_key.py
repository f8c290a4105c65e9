"""What identifies an event that carries no sequence number: its name and data."""

from __future__ import annotations

from hashlib import blake2b


def content_key(name: str, data: str) -> int:
    """A number of 64 bits, equal for events with equal names and data."""
    return int.from_bytes(blake2b(f"{name}\0{data}".encode(), digest_size=8).digest(), "little")
