"""Failures are counted by their text, of which there is a limited number."""

from __future__ import annotations

import pickle
from random import Random

import pytest

from wiretax.wire.failures import (
    FREQUENT,
    MOST_STATUSES,
    MOST_TEXTS,
    MOST_WATCHED,
    OTHER,
    Failure,
    Failures,
    FrequentTexts,
)
from wiretax.wire.ledger import Tally

LETTERS = str.maketrans("0123456789", "abcdefghij")


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("request 8fZk2Lq9 failed", "request <id> failed"),
        ("request req_8fZk2Lq9xx failed", "request req_<id> failed"),
        ("trace 4bf92f3577b34da6a3ce929d0e0e4736", "trace <id>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <id>"),
        ("server time 1700000000", "server time <id>"),
        ("20 events in one batch", "20 events in one batch"),
        ("the allowed maximum (10240 bytes)", "the allowed maximum (10240 bytes)"),
        ("[SSL: WRONG_VERSION_NUMBER]", "[SSL: WRONG_VERSION_NUMBER]"),
        ("no connection to 127.0.0.1:38699", "no connection to 127.0.0.1:38699"),
    ],
)
def test_ids_are_replaced_and_what_a_person_reads_is_kept(message: str, kept: str) -> None:
    failures = Failures()
    assert failures.add(Failure("rejected", 400, message), 2) == Failure("rejected", 400, kept)
    assert failures == {Failure("rejected", 400, kept): 2}


def test_a_text_that_counts_is_one_text_in_the_end() -> None:
    failures = Failures()
    for number in range(10_000):
        failures.add(Failure("rejected", 400, f"error {number}"))
    assert failures[Failure("rejected", 400, "error #")] == 10_000 - 20
    assert len(failures) == 21


def in_letters(number: int) -> str:
    """A text per number. Digits would be replaced, so texts that differ in them only are counted together."""
    return str(number).translate(LETTERS)


def test_texts_and_statuses_are_bounded_by_kind_and_the_total_is_exact() -> None:
    failures = Failures()
    for number in range(20_000):
        failures.add(Failure("error_body", number, in_letters(number % 1000)))
        failures.add(Failure("rejected", 400, in_letters(number)))
    failures.add(Failure("rejected", 503, "overloaded"))
    assert len(failures) <= 2 * (MOST_TEXTS + MOST_STATUSES + 1)
    assert failures.total() == 40_001
    assert failures[Failure("rejected", 400, OTHER)] == 20_000 - MOST_TEXTS
    assert failures[Failure("rejected", 503, OTHER)] == 1


def test_merged_tallies_are_bounded_too() -> None:
    total = Tally()
    for part in range(50):
        tally = Tally()
        for number in range(MOST_TEXTS):
            tally.failed.add(Failure("rejected", 400, chr(0x100 + part) * number))
        total.merge(Tally.of_plain(tally.as_plain()))
    assert len(total.failed) <= MOST_TEXTS + 1
    assert total.failed.total() == 50 * MOST_TEXTS


def test_a_copy_counts_on() -> None:
    failures = Failures()
    for number in range(MOST_TEXTS):
        failures.add(Failure("rejected", 400, "b" * number))
    for copy in (failures.copy(), pickle.loads(pickle.dumps(failures))):
        assert copy == failures
        assert copy.add(Failure("rejected", 400, "new")).message == OTHER


def rare(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_rare_texts_do_not_hide_a_frequent_one_that_comes_later() -> None:
    failures = Failures()
    for number in range(10 * MOST_TEXTS):
        failures.add(Failure("rejected", 400, rare(number)))
    for number in range(99_000):
        failures.add(Failure("rejected", 503, f"overloaded, ticket {number}"))
        if not number % 100:
            failures.add(Failure("rejected", 400, rare(10_000 + number)))
    (most, count), *_ = failures.most_common()
    assert most == Failure("rejected", 503, "overloaded, ticket #")
    assert count >= 0.99 * 99_000
    assert failures.total() == 10 * MOST_TEXTS + 99_000 + 990
    assert len(failures) <= MOST_TEXTS + 3


def test_texts_that_take_turns_in_being_frequent_are_bounded() -> None:
    failures, count = Failures(), 1
    for number in range(400):
        count = max(count, failures.total() // FREQUENT)
        failures.add(Failure("rejected", 400, rare(number)), count)
    assert failures.total() > 10**6
    assert len(failures) <= MOST_TEXTS + 320


def test_frequent_texts_are_counted_with_a_small_error() -> None:
    texts, least, draw = FrequentTexts(), 0, Random("texts")
    for number in range(50_000):
        texts.add(Failure("rejected", 400, rare(number)), draw.randrange(1, 4))
        if not number % 5:
            least = texts.add(Failure("rejected", 503, "often"), 4)
    total = 10_000 * 4 + 50_000 * 2
    assert 40_000 - 1.1 * total / MOST_WATCHED <= least <= 40_000


def test_a_copy_keeps_texts_that_became_frequent_late() -> None:
    failures = Failures()
    for number in range(2 * MOST_TEXTS):
        failures.add(Failure("rejected", 400, rare(number)))
    late = failures.add(Failure("rejected", 503, "overloaded"), 1000)
    for number in range(1000):
        failures.add(Failure("rejected", 400, rare(number)), 100)
    assert late.message == "overloaded"
    for copy in (failures.copy(), pickle.loads(pickle.dumps(failures))):
        assert copy == failures
    tally = Tally(failed=failures)
    assert Tally.of_plain(tally.as_plain()).failed[late] == 1000
