"""The payload at which a trigger costs a given multiple of it: by the model, to the byte."""

from __future__ import annotations

from wiretax.channels.bodies.payloads import least_bytes
from wiretax.channels.limits import Limits
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload


def payload_at_overhead(factor: float, client: str, kind: str) -> int | None:
    """The payload from which on a trigger costs less than ``factor`` times it.

    Overhead falls as payloads grow but for a step where a document of the kind gains a member, so this is a
    crossing: the payload named costs at least that much, the next larger one less.

    Args:
        factor: sent bytes over payload bytes.
        client: a profile's name.
        kind: of the payload.

    Returns:
        Bytes, or None where even the smallest document of the kind costs less.

    Raises:
        KeyError: where there is no such client or kind.
    """

    def costs_less(size: int) -> bool:
        sizes = request_sizes(Workload.of(payload_bytes=size, payload_kind=kind, client=client))
        return sizes.sent < factor * size

    low, high = least_bytes(kind), Limits().data_bytes
    if costs_less(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if costs_less(middle):
            high = middle
        else:
            low = middle
    return low
