"""How long the parts of a request's head are that name its endpoint: Host, app id and key.

All other bytes of a request follow from the workload and the client library alone, so two runs at different
endpoints compare exactly once these parts are taken into account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import Profile
from wiretax.channels.request.head import HeadSizes
from wiretax.channels.request.sizes import LOOPBACK

TARGET = re.compile(rb" /apps/([^/? ]+)/")
KEY = re.compile(rb"[?&]auth_key=([^& ]+)")
HOST_LINE = re.compile(rb"\nhost:[ \t]*([^\r\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Lengths in bytes. None of them tells the part itself.

    Attributes:
        host: the Host header's value, without the port where it is the scheme's default; an IPv6 address has its
            brackets.
        host_with_port: the same with the port, whichever it is, as some libraries write it.
        app_id: the app id, part of the path.
        key: the key, part of the signed query.
    """

    host: int
    host_with_port: int
    app_id: int
    key: int

    @classmethod
    def of(cls, endpoint: Endpoint) -> Address:
        """The address of an endpoint."""
        app = endpoint.app
        return cls(len(endpoint.authority), len(endpoint.full_authority), len(app.app_id), len(app.key))

    @classmethod
    def read(cls, head: bytes) -> Address | None:
        """The address in a raw HTTP/1.1 head of a publishing call; None where a part of it is missing."""
        line, _, headers = head.lstrip().partition(b"\n")
        target, host = TARGET.search(line), HOST_LINE.search(b"\n" + headers)
        key = KEY.search(line)
        if target is None or key is None or host is None:
            return None
        length = len(host[1].rstrip())
        return cls(length, length, len(target[1]), len(key[1]))

    def in_head(self, profile: Profile | None) -> HeadSizes:
        """What it takes of each part of an HTTP/1.1 head in a library's manner; each part occurs once.

        Args:
            profile: the library; None for an unknown one, which leaves out a default port as most do.
        """
        names_port = profile is not None and profile.default_port_in_host
        return HeadSizes(self.app_id, self.key, self.host_with_port if names_port else self.host)

    def __str__(self) -> str:
        host = f"{self.host}"
        if self.host_with_port != self.host:
            host += f" ({self.host_with_port} with the port)"
        return f"Host {host} B, app id {self.app_id} B, key {self.key} B"


# What sizes are stated for where they have to hold at any endpoint: a mock on this machine with a port of five
# digits, as most runs are measured.
STANDARD = Address.of(LOOPBACK)
