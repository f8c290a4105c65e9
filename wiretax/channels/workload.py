"""What is sent: the settings that tell one measured load from another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Literal

Api = Literal["trigger", "multi_trigger", "batch"]
Habit = Literal["keep-alive", "close"]
# Named as the options that name them.
Server = Literal["endpoint", "against"]
Arrivals = Literal["constant", "poisson", "burst"]

# Not a profile: httpx itself, in this process, with the bodies of the profile "httpx".
LIBRARY = "httpx-library"

# What workloads that are compared have in common: all but the call and its size.
COMPARISON_KEY = (
    "payload_bytes",
    "payload_kind",
    "client",
    "connection",
    "calls_per_connection",
    "http",
    "tls",
    "server",
)


@dataclass(frozen=True, slots=True, order=True)
class Workload:
    """One kind of call, repeated.

    Attributes:
        api: the call: one event to one channel, one event to many, or many events.
        batch_size: events a call (1 unless api is "batch").
        channels: channels an event (1 unless api is "multi_trigger").
        payload_bytes: UTF-8 bytes of one event's data, as the application hands it over.
        payload_kind: the shape of the data, a name in ``wiretax.channels.payloads.KINDS``.
        client: the client library whose bytes are sent, a name in ``wiretax/channels/profiles``, or
            ``LIBRARY``.
        connection: "keep-alive" or "close" (one connection a call).
        http: the protocol version.
        tls: whether the connection is encrypted.
        calls_per_connection: calls after which a kept connection is closed; 0 for never.
        server: who it is sent to: the endpoint, or the one that is measured against it.
        rate: events a second that arrive in a queue, whatever the server does; 0 where users send as fast as they
            are answered, and what follows is of no meaning.
        linger_s: seconds after its first event at which a batch leaves at the latest.
        arrivals: how events arrive: evenly, at random, or many at once at random.
        publishers: connections that drain the queue; 0 for all users there are.
        rtt_s: the embedded mock's round trip (s); None for the plan's.
    """

    api: Api = "trigger"
    batch_size: int = 1
    channels: int = 1
    payload_bytes: int = 100
    payload_kind: str = "chat"
    client: str = "reference"
    connection: Habit = "keep-alive"
    http: str = "1.1"
    tls: bool = False
    calls_per_connection: int = 0
    server: Server = "endpoint"
    rate: float = 0.0
    linger_s: float = 0.0
    arrivals: Arrivals = "poisson"
    publishers: int = 0
    rtt_s: float | None = None

    @property
    def name(self) -> str:
        """Short, unique within a plan, and fit for a file name: ``batch10-100B-chat-reference``."""
        call = {
            "trigger": "trigger",
            "multi_trigger": f"multi_trigger{self.channels}",
            "batch": f"batch{self.batch_size}",
        }[self.api]
        parts = [call, f"{self.payload_bytes}B", self.payload_kind, self.client]
        if self.connection != "keep-alive":
            parts.append(self.connection)
        if self.calls_per_connection:
            parts.append(f"{self.calls_per_connection}calls")
        if self.http != "1.1":
            parts.append(f"http{self.http}")
        if self.tls:
            parts.append("tls")
        if self.queued:
            parts += [f"{self.rate:.15g}ps", self.arrivals]
            if self.publishers:
                parts.append(f"{self.publishers}pub")
            if self.api == "batch":
                parts.append(f"linger{self.linger_s * 1e3:.15g}ms")
            if self.rtt_s is not None:
                parts.append(f"rtt{self.rtt_s * 1e3:.15g}ms")
        if self.server != "endpoint":
            parts.append(self.server)
        return "-".join(parts)

    def sent_to(self, server: Server) -> Workload:
        """The same, sent to a server."""
        return replace(self, server=server)

    @property
    def comparison_key(self) -> tuple[object, ...]:
        """The values of ``COMPARISON_KEY``: equal for a workload and the trigger it is compared with."""
        return attrgetter(*COMPARISON_KEY)(self)

    @property
    def queued(self) -> bool:
        """Whether its events arrive in a queue on a clock of their own."""
        return self.rate > 0

    @property
    def by_library(self) -> bool:
        """Whether the library itself sends it."""
        return self.client == LIBRARY

    @property
    def connection_key(self) -> tuple[object, ...]:
        """Equal for workloads that share a user's connection. What HPACK has learnt is not to be mixed with first
        calls, so a library's kept connections are apart."""
        return (self.server, self.tls, self.http, self.by_library, self.by_library and self.connection, self.rtt_s)

    @property
    def most_calls(self) -> int:
        """How many calls share a connection; 0 for all."""
        return 1 if self.connection == "close" else self.calls_per_connection

    @property
    def messages_per_request(self) -> int:
        """What the service bills a call as: an event to n channels counts as n, and so does a batch of n."""
        return self.batch_size * self.channels

    @property
    def payload_per_request(self) -> int:
        """Payload bytes handed over for one call."""
        return self.batch_size * self.payload_bytes
