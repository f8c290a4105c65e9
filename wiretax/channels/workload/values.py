"""The small values that a workload consists of. To add an attribute, add a field here."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2s
from typing import Literal
from urllib.parse import quote

from wiretax.channels.workload.attribute import Option, always, attribute
from wiretax.channels.workload.rate_stages import part_of_name
from wiretax.units.duration import parse_duration
from wiretax.units.rate import parse_rate

Api = Literal["trigger", "multi_trigger", "batch"]
Habit = Literal["keep-alive", "close"]
Http = Literal["1.1", "2"]
# Named after the options --endpoint and --against.
Server = Literal["endpoint", "against"]
Process = Literal["constant", "poisson", "burst"]

# Not a profile: httpx itself sends, in this process, with the bodies of the profile "httpx".
LIBRARY = "httpx-library"

# The names in the golden requests of the real libraries.
CHANNEL = "my-channel"
EVENT_NAME = "my-event"
# Longer names are shortened: in a workload's name to this and a hash, and in tables to a beginning and an end.
MOST_IN_NAME = 40
MOST_IN_LABEL = 32


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """What one request publishes.

    Attributes:
        api: one event to one channel, one event to many channels, or many events.
        batch_size: events in a call (1 unless api is "batch").
        channels: channels of an event (1 unless api is "multi_trigger").
    """

    api: Api = attribute("api", "trigger")
    batch_size: int = attribute(
        "batch_size", 1, api="batch", option=Option("BatchUser, QueueUser: events per call", 10)
    )
    channels: int = attribute(
        "channels", 1, api="multi_trigger", option=Option("MultiTriggerUser: channels per call", 10)
    )

    @property
    def name(self) -> str:
        """``batch10``: the first part of a workload's name."""
        size = {"trigger": "", "multi_trigger": self.channels, "batch": self.batch_size}[self.api]
        return f"{self.api}{size}"

    @property
    def messages(self) -> int:
        """Messages that the service bills for a call: n for an event to n channels, and n for a batch of n."""
        return self.batch_size * self.channels


@dataclass(frozen=True, slots=True, order=True)
class Payload:
    """The data of one event.

    Attributes:
        bytes: UTF-8 bytes, as the application passes them.
        kind: the shape of the data, a name in ``wiretax.channels.bodies.payloads.KINDS``.
        encrypted: whether the library encrypts the data for subscribers of a ``private-encrypted-`` channel.
    """

    bytes: int = attribute(
        "payload_bytes",
        100,
        part="{}B".format,
        in_name=always,
        compared=True,
        option=Option("UTF-8 bytes of one event's data"),
    )
    kind: str = attribute(
        "payload_kind", "chat", part=str, in_name=always, compared=True, option=Option("Kind of data")
    )
    encrypted: bool = attribute(
        "encrypted",
        False,
        part=lambda _: "encrypted",
        label=lambda _: "encrypted",
        compared=True,
        later=True,
        option=Option("Encrypt events end to end, as the client library does"),
    )


@dataclass(frozen=True, slots=True, order=True)
class Transport:
    """Who sends a call, and how it uses connections.

    Attributes:
        client: the client library whose bytes are sent, a name in ``wiretax/channels/profiles``, or ``LIBRARY``.
        connection: "keep-alive", or "close" for one connection per call.
        calls_per_connection: calls after which a kept connection is closed; 0 for never.
        http: the protocol version.
        tls: whether the connection is encrypted.
    """

    client: str = attribute(
        "client",
        "reference",
        part=str,
        in_name=always,
        compared=True,
        option=Option("Client library whose requests are sent, byte for byte"),
    )
    connection: Habit = attribute(
        "connection",
        "keep-alive",
        part=str,
        compared=True,
        option=Option("Keep or close the connection after a call; habit: library default", "habit"),
    )
    calls_per_connection: int = attribute(
        "calls_per_connection", 0, part="{}calls".format, compared=True, later=True
    )
    http: Http = attribute(
        "http", "1.1", part="http{}".format, label="HTTP/{}".format, compared=True, of_connection=True
    )
    tls: bool = attribute(
        "tls", False, part=lambda _: "tls", label=lambda _: "TLS", compared=True, of_connection=True
    )

    @property
    def by_library(self) -> bool:
        """Whether the library itself sends the requests instead of its profile."""
        return self.client == LIBRARY

    @property
    def max_calls(self) -> int:
        """The largest number of calls that share a connection; 0 for no limit."""
        return 1 if self.connection == "close" else self.calls_per_connection


@dataclass(frozen=True, slots=True, order=True)
class Arrivals:
    """How events arrive in a queue. Without a rate there is no queue: users send one call after another.

    Attributes:
        rate: events per second, independent of the server's speed; 0 for no queue. Of stages, the mean.
        linger_s: the longest time (s) that a batch waits after its first event.
        process: evenly, at random, or in random bursts.
        publishers: connections that drain the queue; 0 for all users.
        rtt_s: the round trip of the built-in mock (s); None for the plan's.
        stages: how the rate changes, as ``rate_stages.of_text`` reads it; empty if it does not.
    """

    rate: float = attribute(
        "rate",
        0.0,
        part="{:.15g}ps".format,
        in_name=lambda workload: workload.queued and not workload.arrivals.stages,
        later=True,
        parse=parse_rate,
        option=Option("QueueUser: arrival rate for all users together, like 500/s or 30000/min", "500/s"),
    )
    linger_s: float = attribute(
        "linger_s",
        0.0,
        part=lambda seconds: f"linger{seconds * 1e3:.15g}ms",
        in_name=lambda workload: workload.drains and workload.call.api == "batch",
        place=1,
        later=True,
        key="linger",
        parse=parse_duration,
        option=Option(
            "QueueUser: longest wait of a batch after its first event; unused with --batch-size 1", "20ms"
        ),
    )
    process: Process = attribute(
        "arrivals",
        "poisson",
        part=str,
        in_name=lambda workload: workload.drains,
        later=True,
        option=Option("QueueUser: arrival pattern: constant, random (poisson) or in bursts"),
    )
    publishers: int = attribute(
        "publishers",
        0,
        part="{}pub".format,
        in_name=lambda workload: workload.arrivals.publishers > 0,
        later=True,
    )
    rtt_s: float | None = attribute(
        "rtt_s",
        None,
        part=lambda seconds: f"rtt{seconds * 1e3:.15g}ms",
        in_name=lambda workload: workload.drains and workload.arrivals.rtt_s is not None,
        place=1,
        of_connection=True,
        later=True,
        key="rtt",
        parse=parse_duration,
    )
    # Plans have a list of tables instead of text.
    stages: str = attribute("stages", "", part=part_of_name, later=True, key=None)


def _in_name(key: str, value: str) -> str:
    """``channel=orders``: a part of a workload's name, valid in a file name and different for each value."""
    safe = quote(value, safe="", errors="surrogatepass")
    if len(safe) > MOST_IN_NAME:
        digest = blake2s(value.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        safe = f"{safe[:MOST_IN_NAME]}~{digest}"
    return f"{key}={safe}"


def shortened(name: str) -> str:
    """A channel's or an event's name, without its middle if it is long."""
    return name if len(name) <= MOST_IN_LABEL else f"{name[:20]}...{name[-9:]}"


@dataclass(frozen=True, slots=True, order=True)
class Names:
    """The names of generated events and of the channels they go to.

    Events of a replay, of a queue's own source and of an observed publisher have their own names.

    Attributes:
        channel: a channel's name; with ``{}`` the channel's number has its place, otherwise it follows the name.
        event: the name of every event.
        spread: how many channels events go to, one after another; 1 for the same in every call.
    """

    channel: str = attribute(
        "channel_name",
        CHANNEL,
        key="channel",
        part=lambda name: _in_name("channel", name),
        label=lambda name: f"channel {shortened(name)}",
        place=1,
        compared=True,
        later=True,
        option=Option("Channel of generated events; with --spread or --channels, {} stands for its number"),
    )
    event: str = attribute(
        "event_name",
        EVENT_NAME,
        key="event",
        part=lambda name: _in_name("event", name),
        label=lambda name: f"event {shortened(name)}",
        place=1,
        compared=True,
        later=True,
        option=Option("Name of generated events"),
    )
    spread: int = attribute(
        "spread",
        1,
        part="spread{}".format,
        label=lambda count: f"over {count:,} channel{'s' * (count > 1)}",
        place=1,
        compared=True,
        later=True,
        option=Option("Spread generated events over this many channels, one after another"),
    )
