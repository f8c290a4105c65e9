"""Which external source the options name: a Redis stream, or JSON Lines in a file or on standard input."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wiretax.channels.limits import Limits
from wiretax.channels.validation import library_check
from wiretax.channels.workload import Workload
from wiretax.queue.sources.chunks import STDIN, EventsError
from wiretax.queue.sources.event_fields import OnError
from wiretax.queue.sources.jsonl import JsonLines
from wiretax.queue.sources.schedule import intended_times
from wiretax.shipped import install_command

if TYPE_CHECKING:
    from wiretax.queue.redis.stream import RedisStream

CHECK_TIMEOUT_S = 3.0


class ExternalSourceError(ValueError):
    """A source that can't be used; the message says what was given and what was expected."""


@dataclass(frozen=True, slots=True)
class ExternalSource:
    """Where events come from, as the options name it.

    Attributes:
        events: a file of JSON Lines, ``-`` for standard input; empty for a stream.
        redis: the URL of a Redis server; empty for a file.
        stream: the stream's key.
        on_error: what to do with an invalid line or entry.
        skip_chosen: whether invalid ones are skipped by the user's own choice rather than by default.
    """

    events: str
    redis: str
    stream: str
    on_error: OnError
    skip_chosen: bool = False

    @classmethod
    def of(cls, parsed: Namespace) -> ExternalSource | None:
        """Check the options that Locust parsed; None if they name no external source.

        Raises:
            ExternalSourceError: the source can't be read.
        """
        chosen: OnError | None = parsed.on_error or None
        external = cls(parsed.events, parsed.redis, parsed.stream, chosen or "skip", chosen == "skip")
        if external.events and external.redis:
            raise ExternalSourceError("--events and --redis: expected one of them")
        if external.events and external.events != STDIN:
            try:
                JsonLines(external.events, Limits(), external.on_error, print).close()
            except EventsError as error:
                raise ExternalSourceError(f"--events {error}") from None
        if external.redis:
            external._ping()
        return external if external.events or external.redis else None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        if self.redis:
            return f"stream {self.stream}"
        return "standard input" if self.events == STDIN else self.events

    @property
    def option(self) -> str:
        """The option that names it."""
        return "--redis" if self.redis else "--events"

    def source(
        self, workload: Workload, limits: Limits, seed: int, warn: Callable[[str], None]
    ) -> JsonLines | RedisStream:
        """Make the source of a workload: the events that its endpoint and its client library accept.

        Events of a file arrive at the workload's rate, others as they are written.

        Raises:
            EventsError, ExternalSourceError: it can't be opened any more.
        """
        # An item of a batch has one channel, and so has an encrypted event.
        single = workload.call.api == "batch" or workload.payload.encrypted
        limits = replace(limits, channels=1) if single else limits
        library = library_check(workload)
        if self.events:
            times = intended_times(workload.arrivals.process, workload.arrivals.rate, f"{seed}/arrivals")
            pace = None if self.events == STDIN else times
            return JsonLines(self.events, limits, self.on_error, warn, pace, library=library)
        from wiretax.queue.redis.address import RedisAddress
        from wiretax.queue.redis.stream import RedisStream

        address = RedisAddress.parse(self.redis)
        return RedisStream(address, self.stream, limits, self.on_error, warn, library=library)

    def _ping(self) -> None:
        try:
            import redis
        except ImportError:
            raise ExternalSourceError(f"--redis needs the redis library: {install_command('redis')}") from None
        from wiretax.queue.redis.address import RedisAddress, RedisAddressError, why

        try:
            address = RedisAddress.parse(self.redis)
            with address.client(CHECK_TIMEOUT_S) as client:
                client.ping()
        except RedisAddressError as error:
            raise ExternalSourceError(f"--redis: {error}") from None
        except redis.RedisError as error:
            raise ExternalSourceError(f"--redis {address.public_url}: {why(error)}") from None
