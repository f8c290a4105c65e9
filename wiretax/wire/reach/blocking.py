"""A blocking socket to a server, for what is not measured: ledgers, and questions about a server."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from wiretax.wire.reach.addresses import SocketAddress, look_up
from wiretax.wire.reach.proxy import Tunnel, TunnelError

RECEIVE_BYTES = 65_536


def addresses_of(peer: tuple[str, int]) -> Sequence[SocketAddress]:
    """The addresses of a host and port; empty if it has none."""
    try:
        return look_up(*peer)
    except OSError:
        return ()


def open_socket(address: SocketAddress, timeout_s: float, tunnel: Tunnel | None) -> socket.socket:
    """Connect to an address, and through the tunnel if it is a proxy's; not inside TLS yet.

    Raises:
        OSError: that fails; a TunnelError if the proxy refuses.
    """
    plain = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        plain.settimeout(timeout_s)
        plain.connect(address.place)
        if tunnel is not None:
            ask_for_tunnel(plain, tunnel)
    except BaseException:
        plain.close()
        raise
    return plain


def connect_through(tunnel: Tunnel, timeout_s: float) -> socket.socket:
    """Connect to a server through a proxy, by the first of its addresses that accepts a connection.

    Raises:
        OSError: that fails; a TunnelError if the proxy refuses.
    """
    proxy = tunnel.proxy
    failure: OSError | None = None
    for address in look_up(proxy.host, proxy.port):
        try:
            return open_socket(address, timeout_s, tunnel)
        except TunnelError:
            raise
        except OSError as error:
            failure = error
    raise TunnelError(f"{proxy}: {(failure and failure.strerror) or 'no address'}")


def ask_for_tunnel(plain: socket.socket, tunnel: Tunnel) -> None:
    """Have a proxy connect to the server.

    Raises:
        OSError: it doesn't; a TunnelError if it says so.
    """
    plain.sendall(tunnel.request)
    reply = b""
    while tunnel.proxy.after_reply(reply) is None:
        # Servers don't speak first in TLS, so nothing of theirs is read here.
        data = plain.recv(RECEIVE_BYTES)
        if not data:
            raise TunnelError(f"{tunnel.proxy} closed the connection without a reply to CONNECT")
        reply += data
