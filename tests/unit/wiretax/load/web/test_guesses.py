"""Wrong passwords make their own address wait, longer each time, and nobody else."""

from __future__ import annotations

import pytest

from wiretax.load.web import guesses
from wiretax.load.web.guesses import FREE, LONGEST_DELAY_S, GuessLimit


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_wait_doubles_with_each_wrong_guess_up_to_a_minute(clock: Clock) -> None:
    limit, waits = GuessLimit(clock), []
    for _ in range(12):
        limit.wrong("192.0.2.1")
        waits.append(limit.wait_s("192.0.2.1"))
        clock.now += waits[-1]
        assert limit.wait_s("192.0.2.1") == 0
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_an_hour_of_guessing_as_fast_as_possible_is_about_sixty_guesses(clock: Clock) -> None:
    limit, looked_at = GuessLimit(clock), 0
    for _ in range(3_600 * 4):
        if not limit.wait_s("192.0.2.1"):
            limit.wrong("192.0.2.1")
            looked_at += 1
        clock.now += 0.25
    assert looked_at <= 3_600 / LONGEST_DELAY_S + 10


def test_other_addresses_do_not_wait_and_the_right_password_ends_the_wait(clock: Clock) -> None:
    limit = GuessLimit(clock)
    for _ in range(FREE):
        limit.wrong("192.0.2.1")
    assert limit.wait_s("192.0.2.1") == 1
    assert limit.wait_s("192.0.2.2") == limit.wait_s("2001:db8::1") == limit.wait_s(None) == 0
    clock.now += 1
    limit.right("192.0.2.1")
    limit.wrong("192.0.2.1")
    assert limit.wait_s("192.0.2.1") == 0


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_the_addresses_of_one_host_count_together(clock: Clock, first: str, second: str, is_same: bool) -> None:
    limit = GuessLimit(clock)
    for _ in range(FREE):
        limit.wrong(first)
    assert bool(limit.wait_s(second)) == is_same


def test_the_number_of_addresses_that_are_kept_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_ADDRESSES", 5)
    limit = GuessLimit(clock)
    for number in range(20):
        for _ in range(FREE):
            limit.wrong(f"192.0.2.{number}")
    assert [number for number in range(20) if limit.wait_s(f"192.0.2.{number}")] == [15, 16, 17, 18, 19]
