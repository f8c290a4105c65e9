"""The address of a Redis server, and clients for it. Messages never contain its password."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import redis
from gevent import socket as gevent_socket
from redis.backoff import NoBackoff
from redis.retry import Retry

from wiretax.channels.endpoint import is_host, is_text

EXAMPLE = "redis://127.0.0.1:6379/0"
SCHEMES = ("redis", "rediss")
PORT = 6379


class RedisAddressError(ValueError):
    """An address that can't be used; the message does not repeat it, since it may hold a password."""


class GeventConnection(redis.Connection):
    """A connection that lets other greenlets run while it waits, whether Locust has patched sockets or not."""

    def _connect(self) -> socket.socket:
        connected: socket.socket = gevent_socket.create_connection(
            (self.host, self.port), self.socket_connect_timeout
        )
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(self.socket_timeout)
        return connected


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A server and a database on it.

    Attributes:
        url: with credentials.
        public_url: without credentials, for files and messages.
    """

    url: str = field(repr=False)
    public_url: str

    @classmethod
    def parse(cls, url: str) -> RedisAddress:
        """Read ``redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]``; ``rediss`` speaks TLS.

        Raises:
            RedisAddressError: the message says what is wrong and what to write instead.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or PORT
        except ValueError:
            raise _refused(
                "it can't be read as a URL; a password's own / ? # @ : are written as %2F and so on"
            ) from None
        if parts.scheme not in SCHEMES:
            raise _refused("it begins with neither redis:// nor rediss://")
        if not is_text(url):
            raise _refused("it has bytes that are not UTF-8")
        if not parts.hostname or not is_host(parts.hostname):
            raise _refused("it has no host, or one that can't be looked up")
        database = parts.path.strip("/") or "0"
        if not database.isdecimal() or parts.fragment:
            raise _refused("its path is not the number of a database")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(url, f"{parts.scheme}://{host}:{port}/{database}")

    def client(self, timeout_s: float, connection: type[redis.Connection] = redis.Connection) -> redis.Redis:
        """Make a client, which connects when needed and never retries a command by itself.

        Args:
            timeout_s: timeout for connecting, and for each response.
            connection: the class of connections without TLS.
        """
        more: dict[str, Any] = {"connection_class": connection}
        pool = redis.ConnectionPool.from_url(
            self.url,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            **more,
        )
        return redis.Redis(connection_pool=pool)


def why(error: Exception) -> str:
    """The reason of a failure, for a message: it may hold host and port, but no credentials."""
    return str(error).rstrip(".") or type(error).__name__


def _refused(reason: str) -> RedisAddressError:
    return RedisAddressError(f"the address of Redis can't be used: {reason}; write it like {EXAMPLE}")
