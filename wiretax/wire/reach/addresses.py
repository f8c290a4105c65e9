"""The addresses of a server's name, over which the users of a process are spread."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, NamedTuple


class SocketAddress(NamedTuple):
    """An address as a socket takes it.

    Attributes:
        family: IPv4 or IPv6.
        place: host, port, and what the family adds to them.
    """

    family: int
    place: tuple[Any, ...]


def look_up(host: str, port: int) -> list[SocketAddress]:
    """The addresses of a host, in the resolver's order, each once.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(SocketAddress(each[0], each[4]) for each in found))


class Addresses:
    """A host's addresses, looked up once for all users of a process.

    Users begin in turn with the addresses of the resolver's first family: the other family's headers have another
    size, and clients use it only if the first can't be reached. So does a user here, who then tries all others in
    order.

    Attributes:
        opened: the number of connections to each address.
    """

    __slots__ = ("_failed", "_found", "_host", "_port", "_turn", "opened")

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._found: list[SocketAddress] = []
        self._failed: set[SocketAddress] = set()
        self._turn = 0
        self.opened: dict[SocketAddress, int] = {}

    def __len__(self) -> int:
        return len(self._found)

    def in_order(self, last: SocketAddress | None) -> Iterator[SocketAddress]:
        """The addresses to try for a connection.

        Args:
            last: the one that the user was connected to and can't reach any more; None for a new user.

        Raises:
            OSError: the host has no address.
        """
        for each in self._rotated() if last is None else self._by_state():
            if each != last:
                yield each

    def note_reached(self, address: SocketAddress) -> None:
        """A user connected to an address that it was not connected to before."""
        self.opened.setdefault(address, 0)
        self._failed.discard(address)

    def note_failed(self, address: SocketAddress) -> None:
        """An address can't be connected to: users who are not connected to it try it last."""
        self._failed.add(address)

    def _by_state(self) -> list[SocketAddress]:
        """All addresses, those that failed last."""
        if not self._found:
            self._found = look_up(self._host, self._port)
        return sorted(self._found, key=lambda each: each in self._failed)

    def _rotated(self) -> list[SocketAddress]:
        """All addresses, for one user after the other."""
        addresses = self._by_state()
        alike = [each for each in addresses if each.family == addresses[0].family and each not in self._failed]
        at = self._turn % len(alike) if alike else 0
        self._turn += 1
        first = alike[at:] + alike[:at]
        return first + [each for each in addresses if each not in first]
