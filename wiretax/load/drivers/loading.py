"""Loads Locust, which patches the standard library, in a process that is not Locust's own."""

from __future__ import annotations

from functools import cache
from importlib import metadata


def load_locust() -> None:
    """Import Locust. It patches the standard library, so this comes before anything that opens a socket.

    gevent asks 25 times which installed packages take part in the patching, and each time the metadata of all
    packages is read. Reading it once saves a quarter of Locust's start.
    """
    entry_points = metadata.entry_points
    read_once = cache(entry_points)
    metadata.entry_points = lambda **wanted: read_once().select(**wanted)  # type: ignore[assignment]
    try:
        import locust  # noqa: F401
    finally:
        metadata.entry_points = entry_points
