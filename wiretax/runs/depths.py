"""The depth of a queue that several processes drain: the sum of their parts, by time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Samples = tuple[npt.ArrayLike, npt.ArrayLike]


def added_depths(parts: Sequence[Samples]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The depth of the whole queue whenever a process noted that of its part.

    Args:
        parts: for each process the times of its samples, ascending, in seconds since its part of the slice began,
            and the depths in events. Processes begin a slice within milliseconds, so their times are taken as one
            clock's.

    Returns:
        The times of all samples, and the sum of the latest depth of each process at that time: 0 before its first
        sample, and its last one once its part has ended.
    """
    if len(parts) == 1:
        return np.asarray(parts[0][0], dtype=np.float64), np.asarray(parts[0][1], dtype=np.int64)
    timed = [(np.asarray(at_s, dtype=np.float64), np.asarray(depths, dtype=np.int64)) for at_s, depths in parts]
    times = np.unique(np.concatenate([np.empty(0), *(at_s for at_s, _ in timed)]))
    total = np.zeros(len(times), dtype=np.int64)
    for at_s, depths in timed:
        total += np.concatenate([[0], depths])[np.searchsorted(at_s, times, side="right")]
    return times, total
