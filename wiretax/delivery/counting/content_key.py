"""What identifies an event that carries no sequence number: its channel, name and data."""

from __future__ import annotations

from hashlib import blake2b


def content_key(channel: str, name: str, data: str) -> int:
    """A number of 64 bits, equal for deliveries with equal channels, names and data."""
    return int.from_bytes(blake2b(f"{channel}\0{name}\0{data}".encode(), digest_size=8).digest(), "little")
