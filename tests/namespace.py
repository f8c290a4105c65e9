"""A network namespace with loopback and nothing else, for a server that would look for others on the network."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Names the namespace in the environment of a command that is forked (warm.py) and enters it first.
NAMESPACE = "WIRETAX_TESTS_NAMESPACE"
# As root, and as anybody else where the kernel allows that.
WAYS = (["--net"], ["--net", "--map-root-user"])
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


class NoNamespaceError(Exception):
    """This machine makes no namespaces; the reason as ``unshare`` gives it."""


@contextmanager
def loopback_only(hosts: Path | None = None) -> Iterator[str]:
    """A namespace while the block runs, by the process id of its first process.

    Args:
        hosts: a file that takes the place of /etc/hosts in it.

    Raises:
        NoNamespaceError: if it can't be made.
    """
    holder = _start(hosts)
    try:
        yield str(holder.pid)
    finally:
        holder.communicate()


def _start(hosts: Path | None) -> subprocess.Popen[str]:
    said = ""
    for way in WAYS:
        hold = [sys.executable, "-I", __file__]
        command = ["unshare", *way, *hold]
        if hosts is not None:
            bind = 'mount --bind "$0" /etc/hosts && exec "$@"'
            command = ["unshare", *way, "--mount", "sh", "-c", bind, str(hosts), *hold]
        try:
            holder = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        except FileNotFoundError:
            raise NoNamespaceError("unshare not found") from None
        assert holder.stdout is not None
        if holder.stdout.readline() == "up\n":
            return holder
        said = holder.communicate()[1].strip().splitlines()[-1]
    raise NoNamespaceError(said)


def enter(holder: str) -> None:
    """Move this process, which must have one thread, to a namespace.

    Raises:
        OSError: it may not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for kind in ("user", "net", "mnt"):
        theirs = Path(f"/proc/{holder}/ns/{kind}")
        if theirs.readlink() == Path(f"/proc/self/ns/{kind}").readlink():
            continue
        with theirs.open() as file:
            if libc.setns(file.fileno(), 0):
                raise OSError(ctypes.get_errno(), f"can't enter the {kind} namespace of process {holder}")


def _hold() -> None:
    """Raise loopback, say so, and stay until standard input ends, as it does with the process that runs tests."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    print("up", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _hold()
