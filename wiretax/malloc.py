"""Keeps freed memory in the process while it is measured."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
# glibc's upper limit for the size from which it maps a block separately.
MOST_MAPPED_BYTES = 32 * 1024 * 1024
KEPT_BYTES = 256 * 1024 * 1024


def keep_heap() -> None:
    """Make glibc keep freed memory instead of returning it to the kernel. Does nothing on other platforms.

    By default glibc maps and unmaps each buffer of more than 128 kB. With bodies of 100 kB, the page faults cost
    the mock a third of its throughput, and a batch looked slower than single events.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_MMAP_THRESHOLD, MOST_MAPPED_BYTES)
