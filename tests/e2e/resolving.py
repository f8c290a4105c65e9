"""Runs a command where a name resolves to addresses: python resolving.py NAME=ADDRESS,... COMMAND [ARGUMENTS]."""

from __future__ import annotations

import _socket
import sys
from importlib import import_module
from typing import Any

MODULES = {"wiretax": "wiretax.cli"}

if __name__ == "__main__":
    _, resolved, *sys.argv = sys.argv
    name, _, listed = resolved.partition("=")
    addresses = listed.split(",")
    real = _socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> list[Any]:
        if host not in (name, name.encode()):
            return real(host, *rest, **more)
        return [found for address in addresses for found in real(address, *rest, **more)]

    # The standard library and gevent both look up names by it.
    _socket.getaddrinfo = getaddrinfo
    import_module(MODULES[sys.argv[0]]).main()
