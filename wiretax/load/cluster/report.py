"""What a worker reports to its master, and the one function that decodes it: nothing unchecked reaches a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct, defstruct

from wiretax.channels.workload import Server, Workload
from wiretax.load.cluster.messages import Count, MalformedError, Port, Positive, Seconds, Whole, decode
from wiretax.wire.counters import ConnectionCounts, TcpCounters, TlsCounters
from wiretax.wire.ledger import COUNTS, Witness
from wiretax.wire.queue_tally import COUNTS as QUEUE_COUNTS
from wiretax.wire.queue_tally import KINDS
from wiretax.wire.slices import Slice


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker measured since its last report, and its totals so far.

    Attributes:
        slices: settled slices, each with the number of its users.
        cpu_s: its processor time.
        messages: messages it sent, if they are limited.
        pauses: how often its endpoint asked it to wait, in a free run.
        paused_s: for how long.
        witness: what its sockets and its kernel counted; None while calls are under way.
    """

    slices: Sequence[tuple[Slice, int]]
    cpu_s: float
    messages: int = 0
    pauses: int = 0
    paused_s: float = 0.0
    witness: Witness | None = None

    def as_plain(self) -> dict[str, Any]:
        """As it travels to the master: numbers, text and bytes alone."""
        return {
            "slices": [{"slice": slice_.as_plain(), "users": users} for slice_, users in self.slices],
            "cpu_s": self.cpu_s,
            "messages": self.messages,
            "pauses": self.pauses,
            "paused_s": self.paused_s,
            "witness": None if self.witness is None else self.witness.as_plain(),
        }

    @classmethod
    def of_plain(cls, plain: Any, workloads: Collection[Workload], at_rest: bool) -> WorkerReport:
        """A report from what ``as_plain`` returned.

        Args:
            plain: what a worker sent.
            workloads: those it was told to send; slices of any other are rejected.
            at_rest: whether no call was under way, so that a witness has to be there.

        Raises:
            MalformedError: the report makes no sense; nothing of it may be used.
        """
        checked = decode(plain, ReportShape)
        try:
            slices = [(Slice.of_plain(each["slice"]), each["users"]) for each in plain["slices"]]
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"not a slice: {error!r}") from None
        for slice_, _ in slices:
            if slice_.workload not in workloads:
                raise MalformedError(f"a slice of {slice_.workload.name}, which this worker was not told to send")
        witness = None if checked.witness is None else Witness.of_plain(plain["witness"])
        if at_rest and witness is None:
            raise MalformedError("no witness")
        return cls(slices, checked.cpu_s, checked.messages, checked.pauses, checked.paused_s, witness)


def _several(kind: Any, names: Sequence[str]) -> Any:
    """The type of a list with a number for each name."""
    return tuple.__class_getitem__((kind,) * len(names))


# What travels, as ``as_plain`` of a slice, a tally and a witness make it. A slice's TCP and TLS counters are
# differences between two readings.
Buckets = tuple[bytes, bytes, bytes]
TallyShape: Any = defstruct(
    "TallyShape",
    [
        *((name, Count) for name in COUNTS),
        ("latency", Buckets),
        ("failed", list[tuple[str, Count, str, Count]]),
    ],
)
QueueShape: Any = defstruct(
    "QueueShape",
    [
        *((name, Count) for name in QUEUE_COUNTS),
        ("overloaded", str),
        ("publishers", Count | None),
        ("fills", list[tuple[Positive, Count]]),
        ("depths", tuple[bytes, bytes]),
        ("times", _several(Buckets, KINDS)),
        ("late", Buckets),
    ],
)
SliceShape: Any = defstruct(
    "SliceShape",
    [
        ("workload", dict[str, Any]),
        ("round", Whole),
        ("stage", Count),
        ("counts", bool),
        ("started_at", Seconds),
        ("duration_s", Seconds),
        ("paced", Seconds),
        ("paced_s", Seconds),
        ("measured", TallyShape),
        ("boundary", TallyShape),
        ("tcp", _several(Whole, TcpCounters._fields) | None),
        ("tls", _several(Whole, TlsCounters._fields)),
        ("queue", QueueShape | None),
    ],
)
WitnessShape: Any = defstruct(
    "WitnessShape",
    [
        ("sent_bytes", Count),
        ("received_bytes", Count),
        ("tcp", _several(Count, TcpCounters._fields) | None),
        ("tls", _several(Count, TlsCounters._fields)),
        ("connections", _several(Count, ConnectionCounts._fields)),
        ("peers", list[tuple[Server, str, Port, Count]]),
    ],
)
ReportedSlice: Any = defstruct("ReportedSlice", [("slice", SliceShape), ("users", Count)])


class ReportShape(Struct, frozen=True):
    """A ``WorkerReport`` as it travels."""

    slices: list[ReportedSlice]
    cpu_s: Seconds
    messages: Count
    pauses: Count
    paused_s: Seconds
    witness: WitnessShape | None
