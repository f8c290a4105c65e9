"""The history of a long test: it covers all of it in a bounded number of points, and no peak is lost."""

from __future__ import annotations

from wiretax.load.accounting.live.history import KINDS, MOST_POINTS, LiveHistory, Values

FIELDS = dict.fromkeys(KINDS, ("rate_per_second", "p99_s", "p99_is_bound"))
HOURS_S = 8 * 3600
SAMPLE_S = 2


def filled(count: int, peak_at: int = -1, most: int = MOST_POINTS) -> LiveHistory:
    history = LiveHistory(FIELDS, most)
    for number in range(count):
        value: Values = (float(number % 2), 9.0 if number == peak_at else None, number == peak_at)
        history.add(float(SAMPLE_S * (number + 1)), {"a": value}, {}, {})
    return history


def test_half_an_hour_is_kept_as_it_was_sampled() -> None:
    history = filled(MOST_POINTS - 1)
    assert history.merged == 1
    assert [each.at_s for each in history.points[:2]] == [2.0, 4.0]
    assert history.points[1].calls == {"a": (1.0, None, False)}


def test_a_long_test_is_covered_from_its_beginning_to_its_end_in_few_points() -> None:
    count = HOURS_S // SAMPLE_S
    history = filled(count, peak_at=4321)
    assert MOST_POINTS / 2 <= len(history.points) <= MOST_POINTS
    assert history.merged == 32 // SAMPLE_S
    assert history.points[0].at_s == 32
    assert history.points[-1].at_s == HOURS_S
    # A rate's mean; the largest time, which is a bound if one of the merged ones is.
    assert {each.calls["a"][0] for each in history.points} == {0.5}
    assert [each.calls["a"][1:] for each in history.points if each.calls["a"][1]] == [(9.0, True)]


def test_what_is_left_is_kept_when_a_test_ends() -> None:
    history = filled(13, most=4)
    ends = [8.0, 16.0, 24.0]
    assert [each.at_s for each in history.points] == ends
    for _ in range(2):
        history.complete()
        assert [each.at_s for each in history.points] == [*ends, 26.0]


def test_a_workload_that_was_not_sent_all_the_time_is_merged_with_itself_only() -> None:
    history = LiveHistory(FIELDS, 2)
    history.add(2.0, {"a": (4.0, None, False)}, {"q": (1.0, 0.5, False)}, {})
    history.add(4.0, {"b": (6.0, 0.1, False)}, {"q": (3.0, 0.2, True)}, {})
    history.add(6.0, {}, {}, {})
    point = history.points[0]
    assert point.calls == {"a": (4.0, None, False), "b": (6.0, 0.1, False)}
    assert point.queues == {"q": (2.0, 0.5, True)}


def test_a_page_is_given_the_points_it_lacks() -> None:
    history = filled(5)
    assert [[each.at_s for each in history.since(count)] for count in (0, 3, 5, 99)] == [
        [2.0, 4.0, 6.0, 8.0, 10.0],
        [8.0, 10.0],
        [],
        [],
    ]
