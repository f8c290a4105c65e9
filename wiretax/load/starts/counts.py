"""Sums of what the starts of a run counted, in the keys of ``run.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]
# They hold for a run if they do for every start; others if they do for any.
FOR_ALL = frozenset({"agrees", "adds_up"})


def added_up(documents: Sequence[Any]) -> Any:
    """The sum of counts, or of documents of counts key by key. What one start could not count is None, as it is
    unknown for all of them."""
    if any(each is None for each in documents):
        return None
    if not isinstance(documents[0], dict):
        return sum(documents)
    total: Document = {}
    for key in dict.fromkeys(key for each in documents for key in each):
        values = [each[key] for each in documents if key in each]
        if isinstance(values[0], bool):
            total[key] = all(values) if key in FOR_ALL else any(values)
        else:
            total[key] = added_up(values)
    return total


def reconciled(documents: Sequence[Document], differences: Sequence[str]) -> Document:
    """The byte counts of all starts; they agree if they do in every start."""
    counted = added_up([{**each, "differences": 0} for each in documents])
    return {**counted, "differences": [*differences]}


def peers_of(metas: Sequence[Document]) -> list[Document]:
    """The addresses that all starts were connected to, with the number of connections."""
    connections: dict[tuple[Any, ...], Document] = {}
    for peer in (peer for meta in metas for peer in meta["peers"]):
        known = connections.setdefault((peer["server"], peer["address"], peer["port"]), {**peer, "connections": 0})
        known["connections"] += peer["connections"]
    return [*connections.values()]


def mean_cores(metas: Sequence[Document], seconds: Sequence[float]) -> Document:
    """How many cores each was busy with, weighted by the duration of each start's slices."""
    whole = sum(seconds) or 1.0
    shares = [each / whole for each in seconds]

    def mean(name: str) -> float | None:
        cores = [meta["busy"].get(name) for meta in metas]
        if None in cores:
            return None
        return float(round(sum(each * share for each, share in zip(cores, shares, strict=True)), 4))

    return {name: mean(name) for name in metas[0]["busy"]}


def skipped_rows(metas: Sequence[Document], first_rounds: Sequence[int]) -> list[Document]:
    """The workloads that any start skipped, with the last round of the run in which they were measured before.

    Args:
        metas: ``run.json`` of each start.
        first_rounds: the number of each start's first round.
    """
    rows: dict[str, Document] = {}
    for meta, first in zip(metas, first_rounds, strict=True):
        for row in meta["skipped"] or ():
            rows.setdefault(row["workload"], {**row, "after_round": first + row["after_round"]})
    return [*rows.values()]
