"""Since which version a library publishes batches, beside the version that a request names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wiretax.channels.profiles import load_profile, profile_names

# How a library names itself: in X-Pusher-Library or in User-Agent. .NET's has a header each for name and version.
NAMED = re.compile(r"(?im)^(?:x-pusher-library|user-agent):[^\r\n]*?\b(pusher-http-([a-z]+))[ /]v?(\d+(?:\.\d+)*)")
NAME = re.compile(r"(?im)^pusher-library-name:[ \t]*PusherServer\b")
VERSION = re.compile(r"(?im)^pusher-library-version:[ \t]*v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class WithoutBatches:
    """A library that is too old to publish batches.

    Attributes:
        library: its name, as it sends it.
        version: the version that sent a request.
        since: the first version that publishes batches.
    """

    library: str
    version: str
    since: str

    def __str__(self) -> str:
        return f"{self.library} {self.version} can't publish batches: {self.since} is the first version that can"


def without_batches(head: bytes) -> WithoutBatches | None:
    """The library that sent a request, if its head names a version that can't publish batches."""
    text = head.decode("latin-1")
    named = NAMED.search(text)
    version = VERSION.search(text)
    if named is not None:
        library, client, sent = named[1], named[2].lower(), named[3]
    elif version is not None and NAME.search(text):
        library, client, sent = "PusherServer", "dotnet", version[1]
    else:
        return None
    since = load_profile(client).batches_since if client in profile_names() else ""
    return WithoutBatches(library, sent, since) if since and parts(sent) < parts(since) else None


def parts(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparisons; ``1.3`` is ``1.3.0``."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
