"""The messages between a master and its workers: Locust's custom messages, by name.

============  ======  =========================================================================
name          sender  meaning (data)
============  ======  =========================================================================
HELLO         worker  it exists (``Hello``); in a sweep, repeated until the master answers
ASSIGNMENT    master  what will be sent, and where (``Assignment``)
READY         worker  it can send that (``Ready``)
REFUSED       either  the worker can't take part (``Reason``), and quits
LATE          master  the sweep began without the worker, which stays idle
RUN_SLICE     master  run one slice (number, workload, round, lasting_s, messages; of a queue ``share``)
SLICE_OPENED  worker  its users were let in (``SliceOpened``)
CLOSE_SLICE   master  close the slice early
OVERLOADED    worker  its queue reached its bound (``Overloaded``)
END_SLICE     master  end the slice early, since a queue reached its bound; it counts (number, why)
SLICE_REPORT  worker  the slice is settled (``SliceEnd`` and ``WorkerReport``)
HALT          worker  end the run: rejected by the endpoint, or out of messages (``Reason``)
LIMIT         worker  end the workload of a slice, which met a limit (``Limit``)
PAUSE         worker  pause the run, as the endpoint asked (``Pause``)
BEGIN_PART    master  a stage of a free run begins, or its statistics are reset (number, reset)
SHARE         master  the worker's part of a free run's queue (dealt, index)
LEAVING       worker  it ends, though its master did not ask for that (``Reason``)
FINAL_REPORT  worker  its users have stopped (``WorkerReport``)
============  ======  =========================================================================

A sweep uses all of them but BEGIN_PART and SHARE. In a free run Locust starts and stops the workers, so only
HELLO, REFUSED, HALT, OVERLOADED, LEAVING, FINAL_REPORT, BEGIN_PART and SHARE are sent. Three more things travel
with Locust's own messages:

- OPTION, among the master's options: the ``FreeAssignment``.
- REPORT, among a worker's statistics: a ``WorkerReport`` of the windows that ended since the last one.
- PART, among a worker's statistics: the number of the part of the run that they belong to.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

HELLO = "wiretax-hello"
ASSIGNMENT = "wiretax-assignment"
READY = "wiretax-ready"
REFUSED = "wiretax-refused"
LATE = "wiretax-late"
RUN_SLICE = "wiretax-run-slice"
SLICE_OPENED = "wiretax-slice-opened"
CLOSE_SLICE = "wiretax-close-slice"
OVERLOADED = "wiretax-overloaded"
END_SLICE = "wiretax-end-slice"
SLICE_REPORT = "wiretax-slice-report"
HALT = "wiretax-halt"
LIMIT = "wiretax-limit"
PAUSE = "wiretax-pause"
BEGIN_PART = "wiretax-begin-part"
SHARE = "wiretax-share"
LEAVING = "wiretax-leaving"
FINAL_REPORT = "wiretax-final-report"
REPORT = "wiretax-report"
PART = "wiretax-part"
OPTION = "wiretax_assignment"

# Far above any count, and far enough below the bounds of a column that sums fit.
MOST = 2**53
Count = Annotated[int, Meta(ge=0, le=MOST)]
Positive = Annotated[int, Meta(ge=1, le=MOST)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Whole = Annotated[int, Meta(ge=-MOST, le=MOST)]
# Finite, and not NaN.
Seconds = Annotated[float, Meta(ge=0, le=1e12)]
T = TypeVar("T")


class MalformedError(ValueError):
    """A message that makes no sense: what was expected, what came, and in which field."""


def decode(data: Any, kind: type[T]) -> T:
    """A worker's message as a record of a kind; fields that the kind lacks are ignored.

    Raises:
        MalformedError: a field is missing, of another type or out of range.
    """
    try:
        return msgspec.convert(data, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise MalformedError(str(error).replace("$.", "")) from None


class Hello(Struct, frozen=True):
    """Which wiretax a worker runs, and where."""

    wiretax: str
    host: str
    pid: Count


class Ready(Struct, frozen=True):
    """The fingerprint of the requests a worker would send."""

    fingerprint: str


class Reason(Struct, frozen=True):
    """Why a worker can't take part, or the run has to end."""

    why: str


class Pause(Struct, frozen=True):
    """How long the endpoint asked to wait."""

    wait_s: Seconds


class Limit(Struct, frozen=True):
    """Which slice met a limit of the endpoint, and how its last call failed."""

    number: Count
    kind: str
    status: Whole
    message: str


class Overloaded(Struct, frozen=True):
    """Which slice has an overloaded queue, 0 in a free run, and why it counts as that."""

    number: Count
    why: str


class SliceOpened(Struct, frozen=True):
    """Which slice a worker let its users into."""

    number: Count


class SliceEnd(Struct, frozen=True):
    """How a slice ended: its number, the median round trip of a warm-up, a problem that ends the run (or ""), and
    whether the worker's share of messages is spent."""

    number: Count
    round_trip_s: Seconds
    problem: str
    spent: bool
