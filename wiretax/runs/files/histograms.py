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

from wiretax.runs.files.bucket_numbers import BucketNumbers, Floats, Indices

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer[Any]]
# Yields the rows, with the columns of the schema and dictionaries for text.
Batches = Callable[[], Iterator[pa.RecordBatch]]
TEXT = ("workload", "kind")
COLUMNS = ("round", *TEXT, "bucket_low_s", "bucket_high_s", "count", "censored")


@dataclass(frozen=True, slots=True)
class RoundRows:
    """A workload's rows, in the order of the file; in few bytes, as there may be millions.

    Attributes:
        rounds: the round of each run of rows of one round.
        lengths: the number of rows of each run.
        buckets: of each row the place of its bucket in ``Histograms.ends``.
        counts: of each row its acknowledged calls.
        censored: of each row its calls without an acknowledgement.
    """

    rounds: Integers
    lengths: Integers
    buckets: Integers
    counts: Integers
    censored: Integers


class Histograms:
    """Histograms by workload, round and, of waits, kind.

    Attributes:
        totals: the sum of each count over all rows.
    """

    def __init__(self, batches: Batches, frame: Callable[[], pd.DataFrame], without: Collection[str] = ()) -> None:
        """
        Args:
            batches: yields all rows, each time it is called.
            frame: makes the frame of all rows.
            without: workloads to leave out, except from ``totals`` and ``rounds``.
        """
        self._batches, self._frame, self._without = batches, frame, frozenset(without)
        self._buckets = BucketNumbers()
        self._groups: dict[tuple[str, str], int] = {}
        self._sums = np.zeros((2, 0, 0), dtype=np.int64)
        self._by_group: dict[tuple[str, str], RoundRows] | None = None
        self.totals = {"count": 0, "censored": 0}
        self._rounds: list[tuple[Indices, Integers]] = []

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> Histograms:
        """Those in a frame like ``latency.parquet`` or ``waits.parquet``."""
        columns = [each for each in COLUMNS if each in frame]

        def batches() -> Iterator[pa.RecordBatch]:
            if len(frame):
                table = pa.table({name: pa.array(frame[name]) for name in columns})
                yield from map(with_dictionaries, table.to_batches())

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
        made._buckets, made._groups, made._sums = self._buckets, self._groups, self._sums
        made.totals, made._rounds = self.totals, self._rounds
        return made

    def frame(self) -> pd.DataFrame:
        """All rows as a frame, which takes a hundred times the memory."""
        return self._frame()

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows to the sums."""
        if not batch.num_rows:
            return
        local, firsts, known = self._groups_of(batch)
        numbers = self._numbers_of(batch)
        size = (2, len(self._groups), len(self._buckets))
        if self._sums.shape != size:
            self._sums = np.pad(
                self._sums, [(0, more - had) for more, had in zip(size, self._sums.shape, strict=True)]
            )
        places = (known * size[2])[local]
        places += numbers
        for sums, name in zip(self._sums, self.totals, strict=True):
            # Mostly there are no calls without an acknowledgement.
            if name in batch.column_names and (values := _values(batch, name)).any():
                np.add.at(sums.reshape(-1), places, values)
                self.totals[name] += int(values.sum())
        if "round" in batch.column_names:
            self._rounds.append((known[local[firsts]], _values(batch, "round")[firsts]))

    def rounds(self) -> dict[str, Integers]:
        """By workload the rounds that have a row, in order."""
        if not self._rounds:
            return {}
        groups, rounds = (np.concatenate(each) for each in zip(*self._rounds, strict=True))
        found: dict[str, Integers] = {}
        for (workload, _), group in self._groups.items():
            of_group = rounds[groups == group]
            found[workload] = np.union1d(found.get(workload, of_group), of_group)
        return found

    def sums(self, kind: str = "") -> dict[str, tuple[Floats, Floats, Ints, Ints]]:
        """By workload its buckets' lower and upper ends (s), calls and calls without an acknowledgement, over all
        rounds.

        Args:
            kind: of waits, "waiting", "wire" or "total".
        """
        lows, highs = self._buckets.ends()
        found = {}
        for (workload, of), group in self._groups.items():
            used = np.flatnonzero(self._sums[:, group].any(axis=0))
            if of == kind and workload not in self._without:
                found[workload] = (lows[used], highs[used], *self._sums[:, group, used])
        return found

    def ends(self) -> tuple[Floats, Floats]:
        """The lower and the upper ends of all buckets, s, lowest first."""
        (lows, highs), order = self._buckets.ends(), self._order()
        return lows[order], highs[order]

    def of_rounds(self, workload: str, kind: str = "") -> RoundRows | None:
        """The rows of a workload and, of waits, a kind; None if it has none."""
        if self._by_group is None:
            self._by_group = self._separated()
        return self._by_group.get((workload, kind))

    def _separated(self) -> dict[tuple[str, str], RoundRows]:
        parts: dict[tuple[str, str], list[tuple[Integers, ...]]] = {}
        places = _small(np.argsort(self._order()))
        for batch in self._batches():
            if not batch.num_rows:
                continue
            local, _, known = self._groups_of(batch)
            groups, rounds = known[local], _values(batch, "round")
            columns = [places[self._numbers_of(batch)]]
            for name in self.totals:
                has = name in batch.column_names
                columns.append(_small(_values(batch, name)) if has else np.zeros(len(rounds), np.uint8))
            for named, group in self._groups.items():
                rows = np.flatnonzero(groups == group)
                if len(rows) and named[0] not in self._without:
                    own = rounds[rows]
                    firsts = _firsts(own)
                    runs = own[firsts], np.diff(firsts, append=len(own))
                    parts.setdefault(named, []).append((*runs, *(each[rows] for each in columns)))
        # Parts are let go one by one, so that there is no second copy of all rows.
        return {
            named: RoundRows(*(np.concatenate(each) for each in zip(*parts.pop(named), strict=True)))
            for named in [*parts]
        }

    def _order(self) -> Indices:
        """The numbers of the buckets, lowest first."""
        lows, highs = self._buckets.ends()
        return np.lexsort((highs, lows))

    def _groups_of(self, batch: pa.RecordBatch) -> tuple[Integers, Indices, Indices]:
        """How rows belong to groups: to a workload and, of waits, a kind.

        Returns:
            The code of each row's group in this batch; the places of rows with another code or round than the row
            before; and by code the number of the group, -1 if no row has the code.
        """
        texts = [batch[name] for name in TEXT if name in batch.column_names]
        words = [each.dictionary.to_pylist() for each in texts]
        codes = [each.indices.to_numpy() for each in texts]
        if len(texts) == 1:
            local, words = codes[0], [words[0], [""]]
        else:
            local = codes[0].astype(np.intp) * len(words[1]) + codes[1]
        firsts = _firsts(local, *(_values(batch, name) for name in ("round",) if name in batch.column_names))
        known = np.full(len(words[0]) * len(words[1]), -1, dtype=np.intp)
        for each in np.unique(local[firsts]).tolist():
            workload, kind = divmod(each, len(words[1]))
            known[each] = self._groups.setdefault((words[0][workload], words[1][kind]), len(self._groups))
        return local, firsts, known

    def _numbers_of(self, batch: pa.RecordBatch) -> Indices:
        return self._buckets.of(_values(batch, "bucket_low_s"), _values(batch, "bucket_high_s"))


def with_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows with their text as dictionaries."""
    for place, name in enumerate(batch.schema.names):
        if name in TEXT and not pa.types.is_dictionary(batch[name].type):
            batch = batch.set_column(place, name, batch[name].dictionary_encode())
    return batch


def _firsts(*columns: Integers) -> Indices:
    """The places of rows in which a column differs from the row before; of the first row, too."""
    differs = [each[1:] != each[:-1] for each in columns]
    return np.concatenate([[0], 1 + np.flatnonzero(np.logical_or.reduce(differs))])


def _small(values: Integers) -> Integers:
    """Values of 0 or more in as few bytes as they fit in."""
    return values.astype(np.min_scalar_type(values.max(initial=0)))


def _values(batch: pa.RecordBatch, name: str) -> Any:
    return batch[name].to_numpy()
