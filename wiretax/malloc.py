"""Keep freed memory in the process while it is being measured."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
# glibc takes no more than this for the threshold above which a block is mapped on its own.
MOST_MAPPED_BYTES = 32 * 1024 * 1024
KEPT_BYTES = 256 * 1024 * 1024


def keep_heap() -> None:
    """Tell glibc not to hand freed memory back to the kernel; elsewhere nothing happens.

    By default each request of more than 128 kB maps, clears and unmaps its buffers anew: with bodies of 100 kB
    page faults cost the mock a third of its throughput, and a batch looked slower than its events one by one.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_MMAP_THRESHOLD, MOST_MAPPED_BYTES)
