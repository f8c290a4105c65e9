"""The lengths of those parts of a request's head that depend on its endpoint: Host, path, app id and key.

All other bytes of a request follow from the workload and the client library. So runs at different endpoints can be
compared exactly once these lengths are accounted for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import Profile
from wiretax.channels.request.head import HeadSizes
from wiretax.channels.request.sizes import LOOPBACK

TARGET = re.compile(rb" ((?:/[^? ]*)?)/apps/([^/? ]+)/[^/? ]+[? ]")
KEY = re.compile(rb"[?&]auth_key=([^& ]+)")
HOST_LINE = re.compile(rb"\nhost:[ \t]*([^\r\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Lengths in bytes; the parts themselves are not kept.

    Attributes:
        host: the Host header's value, without the port if it is the scheme's default; an IPv6 address includes its
            brackets.
        host_with_port: the same, always with the port, as some libraries write it.
        app_id: the app id, part of the path.
        key: the key, part of the signed query.
        prefix: what precedes ``/apps`` in the path.
    """

    host: int
    host_with_port: int
    app_id: int
    key: int
    prefix: int = 0

    @classmethod
    def of(cls, endpoint: Endpoint) -> Address:
        """The address of an endpoint."""
        app = endpoint.app
        return cls(
            len(endpoint.authority),
            len(endpoint.full_authority),
            len(app.app_id),
            len(app.key),
            len(endpoint.prefix),
        )

    @classmethod
    def read(cls, head: bytes) -> Address | None:
        """The address in a raw HTTP/1.1 head of a publishing call; None if a part of it is missing."""
        line, _, headers = head.lstrip().partition(b"\n")
        target, host = TARGET.search(line), HOST_LINE.search(b"\n" + headers)
        key = KEY.search(line)
        if target is None or key is None or host is None:
            return None
        length = len(host[1].rstrip())
        return cls(length, length, len(target[2]), len(key[1]), len(target[1]))

    def in_head(self, profile: Profile | None) -> HeadSizes:
        """The bytes it adds to each part of an HTTP/1.1 head of a library; each length occurs once.

        Args:
            profile: the library; None for an unknown one, which is assumed to omit a default port, as most do.
        """
        names_port = profile is not None and profile.default_port_in_host
        return HeadSizes(self.prefix + self.app_id, self.key, self.host_with_port if names_port else self.host)

    def __str__(self) -> str:
        host = f"{self.host}"
        if self.host_with_port != self.host:
            host += f" ({self.host_with_port} with the port)"
        prefix = f", path prefix {self.prefix} B" if self.prefix else ""
        return f"Host {host} B, app id {self.app_id} B, key {self.key} B{prefix}"


# Sizes that must be comparable across endpoints are stated for this address: a mock on this machine with a port of
# five digits, which most runs use.
STANDARD = Address.of(LOOPBACK)
