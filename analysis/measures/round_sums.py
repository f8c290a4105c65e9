"""One workload's counts by round: an array with a row per round, so that thousands of rounds take little memory.

Counts are floats, which are exact up to 9 PB; NaN is what could not be counted, and makes each sum NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.measures.layers import (
    BELOW_HTTP,
    BOUNDARY,
    BY_KEY,
    CLOSED,
    COUNTS,
    ENCRYPTION,
    HEAD,
    KERNEL,
    LAYERS,
    RECEIVED,
    SEGMENTS,
    SENT,
    TCP_IP,
    TLS,
)

Floats = npt.NDArray[np.float64]
# The requests of a slice at its users' pace, without its edges: ``wiretax.wire.pace``. Rates are computed from it.
STEADY = "steady_requests"
SUMMED = [
    *dict.fromkeys([*COUNTS, *SENT, *RECEIVED, *HEAD, *BOUNDARY, *TLS, *KERNEL, *CLOSED, "payload_total_bytes"]),
    ENCRYPTION,
    "unfinished_requests",
    STEADY,
]
DURATION = "duration_s"
# Of an array: a column for each of ``SUMMED``, and the duration.
_PLACES = {name: place for place, name in enumerate([*SUMMED, DURATION])}
_SECONDS = _PLACES[DURATION]
_CARRIED = (*SENT, *RECEIVED, "boundary_sent_bytes", "boundary_received_bytes")
# The columns that are added up for each figure, and those that are subtracted.
_DERIVED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **{name: ((name,), ()) for name in SUMMED if name != STEADY},
    **{layer.sum: (tuple(layer.columns), tuple(layer.less)) for layer in LAYERS},
    "sent": (tuple(SENT), ()),
    "received": (tuple(RECEIVED), ()),
    "head": (tuple(HEAD), ()),
    "segments": (tuple(SEGMENTS), ()),
    "tcp_ip_bytes": (tuple(TCP_IP), ()),
    "carried_events": (("events", "boundary_events"), ()),
    "carried_requests": (("requests", "boundary_requests"), ()),
    "carried_bytes": (_CARRIED, ()),
}
# Not counts: steady requests are no whole numbers. By round only: the bytes of all layers in both directions.
CABLE = "cable_bytes"
_SERIES = {
    **_DERIVED,
    STEADY: ((STEADY,), ()),
    CABLE: ((*_CARRIED, *(column for layer in BELOW_HTTP for column in layer.columns)), ()),
}
# TLS alerts of the server that were not read before the close; unknown if the kernel did not count them.
_IF_KNOWN = dict.fromkeys((BY_KEY["response_tls"].sum, CABLE), "close_received_bytes")
# The same by places: those added, those subtracted, and the one added if it is known.
_SERIES_PLACES = {
    name: (
        tuple(_PLACES[column] for column in columns),
        tuple(_PLACES[column] for column in less),
        _PLACES[_IF_KNOWN[name]] if name in _IF_KNOWN else None,
    )
    for name, (columns, less) in _SERIES.items()
}
FIGURES = [*_DERIVED, DURATION]


class RoundSums:
    """Counts by round.

    Attributes:
        places: the row of each round, in the order in which rounds appeared.
    """

    def __init__(self, rounds: npt.NDArray[np.int64] | None = None, values: Floats | None = None) -> None:
        """
        Args:
            rounds: different rounds.
            values: a row for each, with a column for each of ``SUMMED``, and the seconds.
        """
        self.places: dict[int, int] = (
            {} if rounds is None else {each: place for place, each in enumerate(rounds.tolist())}
        )
        self._values = np.empty((0, len(_PLACES))) if values is None else values
        self._total: Floats | None = None
        self._order: tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]] | None = None

    def add(self, round_: int, row: Floats) -> None:
        """Add a row's counts to a round. Workers send the same slice at the same time, so the longest counts."""
        self._total = None
        place = self.places.get(round_)
        if place is not None:
            into = self._values[place]
            seconds = np.fmax(into[_SECONDS], row[_SECONDS])
            into += row
            into[_SECONDS] = seconds
            return
        place = self.places[round_] = len(self.places)
        self._order = None
        if place == len(self._values):
            larger = np.empty((max(16, 2 * place), len(_PLACES)))
            larger[:place] = self._values
            self._values = larger
        self._values[place] = row
        self._values[place, _SECONDS] = np.fmax(0.0, row[_SECONDS])

    def copy(self) -> RoundSums:
        """A copy to add to."""
        made = RoundSums()
        made.places, made._values = dict(self.places), self._values.copy()
        return made

    def with_longer_heads(self, more: Mapping[str, int]) -> RoundSums:
        """A copy in which each request has more bytes, by the column that counts them."""
        made = self.copy()
        values = made._values
        for column, each in more.items():
            values[:, _PLACES[column]] += each * values[:, _PLACES["requests"]]
        values[:, _PLACES["boundary_sent_bytes"]] += sum(more.values()) * values[:, _PLACES["boundary_requests"]]
        return made

    def counts(self, round_: int | None) -> dict[str, Any]:
        """The figures of a round, or of all rounds, as whole numbers; None is what could not be counted."""
        # Figures of one row are sums of a few numbers, which numpy's take ten times as long to add as Python's.
        row = self._row(round_).tolist()
        figures: dict[str, Any] = {
            name: None if value != value else int(value)
            for name, value in ((name, _figure(row, name)) for name in _DERIVED)
        }
        return {**figures, DURATION: row[_SECONDS]}

    def figure(self, name: str, round_: int | None) -> float:
        """One of the figures."""
        return float(_figure(self._row(round_), name))

    def rate(self, count: str, round_: int | None) -> float | None:
        """How many of ``count`` there were per second; None if no time was measured."""
        row = self._row(round_)
        seconds, requests = float(row[_SECONDS]), float(row[_PLACES["requests"]])
        if not seconds:
            return None
        # Exchanges at the edges of slices take more of short slices, and more if they are long.
        pace = float(row[_PLACES[STEADY]]) / requests if requests else 1.0
        return float(row[_PLACES[count]]) / seconds * pace

    def rates(self, count: str) -> Floats:
        """The same by round, in the order of rounds; NaN if no time was measured."""
        seconds, requests, steady = (self.series(name) for name in (DURATION, "requests", STEADY))
        pace = np.divide(steady, requests, out=np.ones_like(steady), where=requests != 0)
        rates: Floats = self.series(count) / np.where(seconds != 0, seconds, np.nan) * pace
        return rates

    def ordered_rounds(self) -> npt.NDArray[np.int64]:
        """The rounds in order."""
        return self._in_order()[0]

    def series(self, name: str) -> Floats:
        """One of the figures, or ``CABLE``, by round, in the order of rounds."""
        series: Floats = _figure(self._values[: len(self.places)].T, name)[self._in_order()[1]]
        return series

    def _in_order(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
        if self._order is None:
            rounds = np.fromiter(self.places, np.int64, len(self.places))
            order = np.argsort(rounds)
            self._order = rounds[order], order
        return self._order

    def _row(self, round_: int | None) -> Floats:
        return self._whole() if round_ is None else self._values[self.places[round_]]

    def _whole(self) -> Floats:
        if self._total is None:
            values = self._values[: len(self.places)]
            self._total = values.sum(axis=0)
            # Durations are no whole numbers: their sum depends on the order.
            self._total[_SECONDS] = sum(values[:, _SECONDS].tolist())
        return self._total


def row_of(values: Mapping[Any, Any]) -> Floats:
    """A row of ``slices.parquet`` as ``RoundSums.add`` takes it."""
    # A row outside a frame lacks what the kernel did not count.
    known = {STEADY: values["requests"], **values}
    return np.array([np.nan if (value := known.get(name)) is None else value for name in _PLACES], dtype=float)


def sums_by_workload(slices: pd.DataFrame) -> Iterator[tuple[str, int, RoundSums]]:
    """Add up the rows of ``slices.parquet`` by workload and round.

    Returns:
        Each workload's name, the number of its first row, and its sums; in the order of first rows.
    """
    codes, names = pd.factorize(slices["workload"])
    rounds = slices["round"].to_numpy(dtype=np.int64)
    values = slices[[*_PLACES]].to_numpy(dtype=float)
    values[:, _SECONDS] = np.fmax(0.0, values[:, _SECONDS])
    stages = slices["stage"].to_numpy(dtype=np.int64) if "stage" in slices else np.zeros_like(rounds)
    # Rows of one workload and round, usually of several workers, are next to each other in this order.
    order = np.lexsort((stages, rounds, codes))
    changes = _changes(codes[order]) | _changes(rounds[order])
    starts = np.flatnonzero(changes)
    if len(starts) < len(order):
        together = np.add.reduceat(values[order], starts, axis=0)
        # Workers send the same slice at the same time; the stages of a queue's rate follow one another.
        each_stage = np.flatnonzero(changes | _changes(stages[order]))
        longest = np.fmax.reduceat(values[order, _SECONDS], each_stage)
        together[:, _SECONDS] = np.add.reduceat(longest, np.searchsorted(each_stage, starts))
    else:
        together = values[order]
    firsts = np.minimum.reduceat(order, starts)
    # Rounds of a workload in the order of their first rows.
    by_first = np.lexsort((firsts, codes[firsts]))
    firsts, together = firsts[by_first], together[by_first]
    ends = np.searchsorted(codes[firsts], np.arange(len(names)), side="right")
    for name, start, end in zip(names, [0, *ends[:-1]], ends, strict=True):
        yield str(name), int(firsts[start]), RoundSums(rounds[firsts[start:end]], together[start:end])


def _changes(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before; the first one does."""
    return np.concatenate([[True], values[1:] != values[:-1]])


def _figure(columns: Any, name: str) -> Any:
    """A figure of a row, or of each row, by the row's numbers, or an array of each column."""
    if name == DURATION:
        return columns[_SECONDS]
    added, less, if_known = _SERIES_PLACES[name]
    total = sum([columns[place] for place in added])
    for place in less:
        total = total - columns[place]
    if if_known is not None:
        known = columns[if_known]
        total = total + np.where(known == known, known, 0.0)
    return total
