"""The depth of a queue that several processes drain."""

from __future__ import annotations

import pytest

from wiretax.runs.depths import Samples, added_depths


@pytest.mark.parametrize(
    ("parts", "times", "depths"),
    [
        ([([0.0, 0.02], [1, 5])], [0.0, 0.02], [1, 5]),
        ([([0.0, 1.0], [1, 5]), ([0.0, 1.0], [2, 7])], [0.0, 1.0], [3, 12]),
        # The highest depths of both were not at one time: 9 at once, not 16.
        ([([0.0, 0.5, 1.0], [8, 1, 1]), ([0.0, 0.5, 1.0], [1, 8, 0])], [0.0, 0.5, 1.0], [9, 9, 1]),
        # Of different times each one's latest counts; a part that ended keeps its last.
        ([([0.1, 0.3], [4, 2]), ([0.2], [10])], [0.1, 0.2, 0.3], [4, 14, 12]),
        ([([], []), ([0.5], [3])], [0.5], [3]),
        ([], [], []),
    ],
)
def test_parts_add_up_by_time(parts: list[Samples], times: list[float], depths: list[int]) -> None:
    at_s, total = added_depths(parts)
    assert at_s.tolist() == times
    assert total.tolist() == depths
