"""Which errors are this machine's own."""

from __future__ import annotations

import errno
from os import strerror

import pytest

from wiretax.wire.connections.exchange_error import failure_of


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.EMFILE, strerror(errno.EMFILE)), "RLIMIT_NOFILE"),
        (OSError(errno.ENFILE, strerror(errno.ENFILE)), "fs.file-max"),
        (OSError(errno.EADDRNOTAVAIL, strerror(errno.EADDRNOTAVAIL)), "net.ipv4.ip_local_port_range"),
        (OSError(errno.ENOMEM, strerror(errno.ENOMEM)), "memory"),
        (OSError(errno.ENOBUFS, strerror(errno.ENOBUFS)), "memory"),
        (MemoryError(), "memory"),
    ],
)
@pytest.mark.parametrize("connecting", [True, False])
def test_a_limit_of_this_machine_is_not_the_servers(error: Exception, named: str, connecting: bool) -> None:
    failure = failure_of(error, connecting)
    assert failure.kind == "generator"
    assert named in failure.message


def test_a_refused_connection_is_not_this_machines() -> None:
    assert failure_of(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), True).kind == "connect"
