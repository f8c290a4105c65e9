"""Bodies that know what they carry, where that differs from one to the next: recorded or encrypted events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from wiretax.channels.bodies.encryption import Encryption
from wiretax.channels.bodies.events import Event, body_writer, ready_writer
from wiretax.channels.profiles import Profile
from wiretax.channels.workload import Api, Workload


class Weight(NamedTuple):
    """The bytes in a body, or in several, that belong to the data of its events.

    Attributes:
        payload: the data as the application passed it.
        encryption: what encryption added to it.
    """

    payload: int
    encryption: int = 0


class WeighedBody(bytes):
    """A body with its weight."""

    weight: Weight


def weight_of(body: bytes) -> Weight:
    """The weight of a body that ``weighed_bodies`` or a ``weighed_writer`` made."""
    assert isinstance(body, WeighedBody)
    return body.weight


def weighed_writer(
    api: Api, profile: Profile, encryption: Encryption | None = None
) -> Callable[[Sequence[Event]], WeighedBody]:
    """Returns a function that writes the body of one call: a batch of the given events, or a trigger of the first.

    Args:
        api: the call.
        profile: the library whose key order and JSON are used.
        encryption: encrypts the events; None if they are sent as they are.
    """
    if encryption is None:
        write = body_writer(api, profile)

        def plain(events: Sequence[Event]) -> WeighedBody:
            body = WeighedBody(write(events))
            body.weight = Weight(_payload_bytes(events))
            return body

        return plain
    encrypt, write_ready = encryption.event, ready_writer(api, profile)

    def encrypted(events: Sequence[Event]) -> WeighedBody:
        sealed, added = zip(*map(encrypt, events), strict=True)
        body = WeighedBody(write_ready(sealed))
        body.weight = Weight(_payload_bytes(events), sum(added))
        return body

    return encrypted


def weighed_bodies(
    workload: Workload, profile: Profile, events: Iterator[Event], encryption: Encryption | None = None
) -> Callable[[], WeighedBody]:
    """Returns a function that encodes the next body, without end, like ``events.bodies``.

    Args:
        workload: what to send; its API decides the document.
        profile: the library whose key order and JSON are used.
        events: the events as the workload sends them, without end.
        encryption: as in ``weighed_writer``.
    """
    write, size = weighed_writer(workload.call.api, profile, encryption), workload.call.batch_size
    return lambda: write(list(islice(events, size)))


def _payload_bytes(events: Sequence[Event]) -> int:
    return sum(len(event.data.encode()) for event in events)
