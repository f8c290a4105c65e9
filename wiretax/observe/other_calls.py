"""What a publisher sends beside its events: the calls that publish nothing, and their bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from wiretax.channels.request.calls import describe_request
from wiretax.observe.forwarding.exchange import Exchange


def other_calls(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    """The requests that publish nothing, by kind, in order of first appearance.

    Returns:
        A row per kind, as in ``run.json``: ``call``; ``requests`` and ``failures``; and bytes of all of them:
        ``request_head_bytes``, ``request_body_bytes``, ``response_head_bytes``, ``response_body_bytes``.
    """
    kinds: dict[str, list[Exchange]] = defaultdict(list)
    for each in exchanges:
        if each.publication is None:
            method = each.head.lstrip().partition(b" ")[0].decode("latin-1")
            kinds[describe_request(method, each.target.decode("latin-1"))].append(each)
    return [
        {
            "call": call,
            "requests": len(of_kind),
            "failures": sum(each.failure is not None for each in of_kind),
            "request_head_bytes": sum(len(each.head) for each in of_kind),
            "request_body_bytes": sum(each.body_bytes for each in of_kind),
            "response_head_bytes": sum(each.response_head_bytes for each in of_kind),
            "response_body_bytes": sum(each.response_body_bytes for each in of_kind),
        }
        for call, of_kind in kinds.items()
    ]
