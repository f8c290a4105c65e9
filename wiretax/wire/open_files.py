"""The limit of this process's open files, of which each connection is one."""

from __future__ import annotations

import sys
from math import inf


def open_files_limit() -> tuple[float, float]:
    """The limit now, and how far this process may raise it; infinity for no limit."""
    if sys.platform == "win32":
        return inf, inf
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return tuple(inf if each == resource.RLIM_INFINITY else each for each in (soft, hard))  # type: ignore[return-value]


def raise_open_files() -> None:
    """Raise the limit as far as this process may."""
    if sys.platform == "win32":
        return
    import resource
    from contextlib import suppress

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # some systems allow less than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
