"""Numbers of the buckets in the rows of a histogram: millions of rows, hundreds of different buckets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
# Of a lower end's bits, ten of the mantissa and six of the exponent make its slot. Buckets of wiretax are at least
# 0.4 % apart, so they all have different slots.
DROPPED_BITS = 42
SLOTS = 1 << 16


class BucketNumbers:
    """A number for each bucket, from 0.

    Rows are numbered by a look into a table, and compared with the bucket of that number. Only rows with another
    bucket are sorted.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[float, float], int] = {}
        self._by_slot = np.zeros(SLOTS, dtype=np.intp)
        # Of what no bucket equals, until there is one.
        self._lows, self._highs = np.full((2, 1), np.nan)

    def __len__(self) -> int:
        return len(self._numbers)

    def ends(self) -> tuple[Floats, Floats]:
        """The lower and the upper ends of all buckets, s, by their numbers."""
        lows, highs = np.array([*self._numbers], dtype=np.float64).reshape(-1, 2).T
        return lows, highs

    def of(self, lows: Floats, highs: Floats) -> Indices:
        """The number of each row's bucket.

        Args:
            lows: the lower end of each, s.
            highs: the upper end of each, s; an array of the same length.
        """
        lows, highs = (np.ascontiguousarray(each, dtype=np.float64) for each in (lows, highs))
        slots = (lows.view(np.int64) >> DROPPED_BITS) & (SLOTS - 1)
        numbers: Indices = self._by_slot[slots]
        others = np.flatnonzero((self._lows[numbers] != lows) | (self._highs[numbers] != highs))
        if len(others):
            pairs, places = np.unique(lows[others] + 1j * highs[others], return_inverse=True)
            known = [
                self._numbers.setdefault((each.real, each.imag), len(self._numbers)) for each in pairs.tolist()
            ]
            found = np.array(known, dtype=np.intp)[places]
            numbers[others] = self._by_slot[slots[others]] = found
            self._lows, self._highs = self.ends()
        return numbers
