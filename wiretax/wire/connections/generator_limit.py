"""Limits of the machine that sends: a call that hits one tells nothing about the server."""

from __future__ import annotations

import errno
from socket import EAI_MEMORY, gaierror

FILES = "too many open files in this process (RLIMIT_NOFILE); raise the limit with ulimit -n, or lower users"
SYSTEM_FILES = "too many open files on this machine (fs.file-max); raise it with sysctl, or lower users"
PORTS = (
    "no free local port (net.ipv4.ip_local_port_range), or no local address that reaches the server; widen the "
    "range with sysctl, wait a minute, or use fewer connections"
)
MEMORY = "out of memory; lower users, or use a machine with more memory"

_BY_CODE = {
    errno.EMFILE: FILES,
    errno.ENFILE: SYSTEM_FILES,
    errno.EADDRNOTAVAIL: PORTS,
    errno.ENOMEM: MEMORY,
    errno.ENOBUFS: MEMORY,
}


def generator_limit(error: BaseException) -> str | None:
    """Which limit of this machine an error hit, and what to do; None if it hit none."""
    if isinstance(error, MemoryError):
        return MEMORY
    if isinstance(error, gaierror):
        return MEMORY if error.errno == EAI_MEMORY else None
    return _BY_CODE.get(error.errno or 0) if isinstance(error, OSError) else None
