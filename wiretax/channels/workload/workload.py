"""A workload: what is sent, and everything derived from the table of its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from wiretax.channels.workload.attribute import attribute, attributes_of
from wiretax.channels.workload.values import Arrivals, Call, Names, Payload, Server, Transport


@dataclass(frozen=True, slots=True, order=True)
class Workload:
    """One kind of call, repeated.

    Attributes:
        call: what a request publishes.
        payload: the data of each event.
        transport: who sends it, and how connections are used.
        server: the destination: the endpoint, or the server that is compared with it.
        arrivals: how events arrive in a queue, if they do.
        names: of the events and their channels.
        subscribers: how many subscribers each of its channels has, whose deliveries are counted; 0 for none.
    """

    call: Call = Call()
    payload: Payload = Payload()
    transport: Transport = Transport()
    server: Server = attribute(
        "server", "endpoint", part=str, place=2, compared=True, of_connection=True, later=True, key=None
    )
    arrivals: Arrivals = Arrivals()
    names: Names = Names()
    subscribers: int = attribute(
        "subscribers",
        0,
        part="{}sub".format,
        label=lambda count: f"{count:,} subscriber{'s' * (count > 1)}",
        place=1,
        compared=True,
        later=True,
    )

    @classmethod
    def of(cls, *call: Any, **columns: Any) -> Workload:
        """A workload from its columns: ``Workload.of("batch", 10, payload_bytes=200)``.

        Args:
            call: the values of ``Call``, in order.
            columns: values by column; missing columns have their defaults.
        """
        return cls(call=Call(*call)).replace(**columns)

    def replace(self, **columns: Any) -> Workload:
        """A copy with other values in some columns."""
        own: dict[str, Any] = {}
        parts: dict[str, dict[str, Any]] = {}
        for column, value in columns.items():
            where, _, name = _PATHS[column].rpartition(".")
            (parts.setdefault(where, {}) if where else own)[name] = value
        own |= {where: replace(getattr(self, where), **new) for where, new in parts.items()}
        return replace(self, **own)

    def columns(self) -> dict[str, Any]:
        """Its values by column; ``Workload.of`` is the inverse."""
        return {each.column: each.value(self) for each in ATTRIBUTES}

    @property
    def name(self) -> str:
        """Short, unique within a plan, and valid as a file name: ``batch10-100B-chat-reference``."""
        return _name(self)

    @property
    def comparison_key(self) -> tuple[object, ...]:
        """The values of ``COMPARISON_KEY``: equal for a workload and the trigger it is compared with."""
        return tuple(each.value(self) for each in ATTRIBUTES if each.compared)

    @property
    def connection_key(self) -> tuple[object, ...]:
        """Equal for workloads that share a user's connection.

        If the library sends, workloads that keep connections and workloads that close them share none: the HPACK
        table of a kept connection would make first calls smaller.
        """
        by_library = self.transport.by_library
        shared = tuple(each.value(self) for each in ATTRIBUTES if each.of_connection)
        return (*shared, by_library, by_library and self.transport.connection)

    @property
    def queued(self) -> bool:
        """Whether its events arrive in a queue, at a rate that is independent of the server."""
        return self.arrivals.rate > 0

    @property
    def drains(self) -> bool:
        """Whether publishers drain a queue: at a rate that is known, or that is still to be found."""
        return self.queued or self.arrivals.publishers > 0

    @property
    def payload_per_request(self) -> int:
        """Payload bytes in one call."""
        return self.call.batch_size * self.payload.bytes


ATTRIBUTES = tuple(attributes_of(Workload))
# As the columns of a run's files: those that came later follow the first ones.
IN_FILES = tuple(sorted(ATTRIBUTES, key=lambda each: each.later))
_PATHS = {each.column: each.path for each in ATTRIBUTES}

# Columns in which compared workloads agree: all but the call and its size.
COMPARISON_KEY = tuple(each.column for each in ATTRIBUTES if each.compared)


@lru_cache(maxsize=1024)
def _name(workload: Workload) -> str:
    ordered = sorted(ATTRIBUTES, key=lambda each: each.place)
    parts = (each.part_of(workload) for each in ordered)
    return "-".join([workload.call.name, *(part for part in parts if part)])


def columns_of(*parts: str) -> list[str]:
    """The columns of some parts of a workload: ``columns_of("transport", "server")``."""
    return [each.column for part in parts for each in ATTRIBUTES if each.path.split(".")[0] == part]


def workload_of(row: Mapping[Any, Any]) -> Workload:
    """The workload of a row of a run's files; columns that are missing or NaN have their defaults."""
    values = ((each.column, row.get(each.column)) for each in ATTRIBUTES)
    return Workload.of(**{column: value for column, value in values if value is not None and value == value})
