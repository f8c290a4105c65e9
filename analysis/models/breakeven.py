"""The payload at which a trigger sends a given multiple of its payload, computed to the byte by the model."""

from __future__ import annotations

from typing import Any

from wiretax.channels.bodies.payloads import least_bytes
from wiretax.channels.limits import Limits
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload


def payload_at_overhead(factor: float, client: str, kind: str, **more: Any) -> int | None:
    """The payload at which a trigger's overhead falls below ``factor``.

    A trigger with this payload sends at least ``factor`` times as many bytes; with the next larger payload it
    sends less. There may be several such payloads, because overhead rises where documents of a kind get another
    member.

    Args:
        factor: sent bytes over payload bytes.
        client: a profile's name.
        kind: the payload's kind.
        more: other columns of the trigger, like ``channel_name`` and ``encrypted``.

    Returns:
        Bytes, or None if even the smallest document of the kind costs less.

    Raises:
        KeyError: if there is no such client or kind.
    """

    workload = Workload.of(payload_kind=kind, client=client, **more)

    def costs_less(size: int) -> bool:
        sizes = request_sizes(workload.replace(payload_bytes=size))
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
