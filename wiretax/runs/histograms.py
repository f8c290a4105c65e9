"""The histograms of ``latency.parquet`` or ``waits.parquet``, read in batches: its rows are never all in memory.

What is kept is the file as it is, compressed, and sums over rounds. Single rounds are read again when
they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
# Yields the rows, with the columns of the schema and dictionaries for text.
Batches = Callable[[], Iterator[pa.Table]]
TEXT = ("workload", "kind")
COLUMNS = ("round", *TEXT, "bucket_low_s", "bucket_high_s", "count", "censored")


@dataclass(frozen=True, slots=True)
class RoundRows:
    """A workload's rows: arrays of one length, in the order of the file.

    Attributes:
        rounds: the round of each.
        buckets: the number of its bucket.
        counts: acknowledged calls.
        censored: calls without an acknowledgement.
    """

    rounds: npt.NDArray[np.integer[Any]]
    buckets: npt.NDArray[np.integer[Any]]
    counts: npt.NDArray[np.integer[Any]]
    censored: npt.NDArray[np.integer[Any]]


class Histograms:
    """Histograms by workload, round and, of waits, kind.

    Attributes:
        totals: the sum of each count over all rows.
        pairs: the rounds and workloads that have a row.
    """

    def __init__(self, batches: Batches, frame: Callable[[], pd.DataFrame], without: Collection[str] = ()) -> None:
        """
        Args:
            batches: yields all rows, each time it is called.
            frame: makes the frame of all rows.
            without: workloads to leave out, except from ``totals`` and ``pairs``.
        """
        self._batches, self._frame, self._without = batches, frame, frozenset(without)
        self._numbers: dict[tuple[float, float], int] = {}
        self._groups: dict[tuple[str, str], int] = {}
        self._sums = np.zeros((2, 0, 0), dtype=np.int64)
        self._by_workload: dict[str, RoundRows] | None = None
        self.totals = {"count": 0, "censored": 0}
        self.pairs: set[tuple[int, str]] = set()

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> Histograms:
        """Those in a frame like ``latency.parquet`` or ``waits.parquet``."""
        columns = [each for each in COLUMNS if each in frame]

        def batches() -> Iterator[pa.Table]:
            if len(frame):
                table = pa.table({name: pa.array(frame[name]) for name in columns})
                yield with_dictionaries(table)

        made = cls(batches, lambda: frame)
        for batch in batches():
            made.add(batch)
        return made

    def leave_out(self, workloads: Collection[str]) -> Histograms:
        """The same without some workloads."""
        frame, gone = self._frame, frozenset(workloads)

        def kept() -> pd.DataFrame:
            whole = frame()
            return whole[~whole["workload"].isin(gone)].reset_index(drop=True)

        made = Histograms(self._batches, kept, self._without | gone)
        made._numbers, made._groups, made._sums = self._numbers, self._groups, self._sums
        made.totals, made.pairs = self.totals, self.pairs
        return made

    def frame(self) -> pd.DataFrame:
        """All rows as a frame, which takes a hundred times the memory."""
        return self._frame()

    def add(self, batch: pa.Table) -> None:
        """Add rows to the sums."""
        if not batch.num_rows:
            return
        groups, numbers, counts, censored = self._coded(batch)
        size = (2, len(self._groups), len(self._numbers))
        if self._sums.shape != size:
            self._sums = np.pad(
                self._sums, [(0, more - had) for more, had in zip(size, self._sums.shape, strict=True)]
            )
        places = groups * size[2] + numbers
        for sums, name, values in zip(self._sums, self.totals, (counts, censored), strict=True):
            if values is not None:
                np.add.at(sums.reshape(-1), places, values)
                self.totals[name] += int(values.sum())
        if "round" in batch.column_names:
            rounds = _numbers(batch, "round").astype(np.int64)
            # Rows of a round and a workload mostly follow each other.
            key = rounds * size[1] + groups
            first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
            names = [workload for workload, _ in self._groups]
            found = np.unique(key[first])
            self.pairs.update(
                zip((found // size[1]).tolist(), [names[each] for each in (found % size[1]).tolist()], strict=True)
            )

    def sums(self, kind: str = "") -> dict[str, tuple[Floats, Floats, Ints, Ints]]:
        """By workload its buckets' lower and upper ends (s), calls and calls without an acknowledgement, over all
        rounds.

        Args:
            kind: of waits, "waiting", "wire" or "total".
        """
        lows, highs = self.ends()
        found = {}
        for (workload, of), group in self._groups.items():
            used = np.flatnonzero(self._sums[:, group].any(axis=0))
            if of == kind and workload not in self._without:
                found[workload] = (lows[used], highs[used], *self._sums[:, group, used])
        return found

    def ends(self) -> tuple[Floats, Floats]:
        """The lower and the upper ends of all buckets, s, by the numbers of the buckets."""
        ends = np.array([*self._numbers], dtype=np.float64).reshape(-1, 2)
        return ends[:, 0], ends[:, 1]

    def of_rounds(self, workload: str) -> RoundRows | None:
        """The rows of a workload; None if it has none."""
        if self._by_workload is None:
            self._by_workload = self._separated()
        return self._by_workload.get(workload)

    def _separated(self) -> dict[str, RoundRows]:
        parts: dict[str, list[tuple[npt.NDArray[Any], ...]]] = {}
        for batch in self._batches():
            groups, numbers, counts, censored = self._coded(batch)
            rounds = _numbers(batch, "round").astype(np.int32)
            few = [_small(counts, len(rounds)), _small(censored, len(rounds))]
            for (workload, _), group in self._groups.items():
                rows = np.flatnonzero(groups == group)
                if len(rows) and workload not in self._without:
                    columns = (rounds, numbers.astype(np.int32), *few)
                    parts.setdefault(workload, []).append(tuple(each[rows] for each in columns))
        return {
            workload: RoundRows(*(np.concatenate(each) for each in zip(*found, strict=True)))
            for workload, found in parts.items()
        }

    def _coded(self, batch: pa.Table) -> tuple[Ints, Ints, Ints | None, Ints | None]:
        """For each row the number of its workload and kind, the number of its bucket, and its counts."""
        texts = [batch[name].combine_chunks() for name in TEXT if name in batch.column_names]
        words = [each.dictionary.to_pylist() for each in texts]
        codes = [each.indices.to_numpy().astype(np.int64) for each in texts]
        if len(texts) == 1:
            codes, words = [codes[0], np.zeros_like(codes[0])], [words[0], [""]]
        local = codes[0] * len(words[1]) + codes[1]
        known = np.zeros(len(words[0]) * len(words[1]), dtype=np.int64)
        for each in np.flatnonzero(np.bincount(local, minlength=len(known))).tolist():
            workload, kind = divmod(each, len(words[1]))
            known[each] = self._groups.setdefault((words[0][workload], words[1][kind]), len(self._groups))
        counts, censored = (
            _numbers(batch, name) if name in batch.column_names else None for name in ("count", "censored")
        )
        return known[local], self._bucket_numbers(batch), counts, censored

    def _bucket_numbers(self, batch: pa.Table) -> Ints:
        low = batch["bucket_low_s"].combine_chunks().dictionary_encode()
        lows, places = low.dictionary.to_pylist(), low.indices.to_numpy()
        highs = _numbers(batch, "bucket_high_s")
        ends = np.zeros(len(lows))
        ends[places] = highs
        if not (ends[places] == highs).all():
            # Buckets that begin alike and end otherwise, which wiretax does not write.
            pairs = [*zip(_numbers(batch, "bucket_low_s").tolist(), highs.tolist(), strict=True)]
            return np.array([self._numbers.setdefault(each, len(self._numbers)) for each in pairs], dtype=np.int64)
        pairs = [*zip(lows, ends.tolist(), strict=True)]
        numbers = [self._numbers.setdefault(each, len(self._numbers)) for each in pairs]
        known: Ints = np.array(numbers, dtype=np.int64)[places]
        return known


def with_dictionaries(table: pa.Table) -> pa.Table:
    """The table with its text as dictionaries."""
    for place, name in enumerate(table.column_names):
        if name in TEXT and not pa.types.is_dictionary(table[name].type):
            table = table.set_column(place, name, table[name].dictionary_encode())
    return table


def _small(counts: Ints | None, length: int) -> npt.NDArray[np.integer[Any]]:
    """Counts in as few bytes as they fit in."""
    if counts is None:
        return np.zeros(length, dtype=np.uint8)
    return counts.astype(np.min_scalar_type(counts.max(initial=0)))


def _numbers(batch: pa.Table, name: str) -> Any:
    return batch[name].to_numpy()
