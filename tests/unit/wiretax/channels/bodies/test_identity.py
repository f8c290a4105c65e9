"""What tells events apart at their subscriber."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.bodies.identity import PLACEHOLDER, STAMP_BYTES, Identity
from wiretax.channels.bodies.payloads import KINDS, least_bytes, payloads

OWN = Identity("00ff00", epoch_s=100.0)


@given(sequence=st.integers(0, 16**7 - 1), microseconds=st.integers(0, 16**9 - 1))
def test_a_stamp_is_read_again_whatever_surrounds_it(sequence: int, microseconds: int) -> None:
    at_s = OWN.epoch_s + microseconds / 1e6
    stamp = OWN.stamp(sequence, at_s)
    assert len(stamp) == STAMP_BYTES == len(PLACEHOLDER)
    number, time_s = OWN.read(f'{{"text":"{stamp}"}}') or (-1, 0.0)
    assert number == sequence
    assert time_s == pytest.approx(at_s, abs=1e-6)


def test_other_events_are_not_its_own() -> None:
    for data in ("", "hello", Identity("ffffff", 0.0).stamp(1, 1.0), OWN.prefix, PLACEHOLDER):
        assert OWN.read(data) is None


def test_no_two_runs_have_the_same() -> None:
    assert Identity.fresh(0.0).tag != Identity.fresh(0.0).tag


@pytest.mark.parametrize("kind", KINDS)
def test_documents_with_a_place_for_a_stamp_have_the_same_size_and_remain_documents(kind: str) -> None:
    least = least_bytes(kind, stamped=True)
    for size in (least, least + 1, 100, 333, 10_000):
        for data in payloads(kind, size, seed=1, stamped=True):
            assert data.count(PLACEHOLDER) == 1
            stamped = data.replace(PLACEHOLDER, OWN.stamp(7, 101.0))
            assert len(stamped.encode()) == size
            if kind != "ascii":
                orjson.loads(stamped)


@pytest.mark.parametrize("kind", KINDS)
def test_a_payload_that_is_too_small_for_one_is_refused(kind: str) -> None:
    least = least_bytes(kind, stamped=True)
    with pytest.raises(ValueError, match=f"needs at least {least} payload_bytes if deliveries are counted"):
        payloads(kind, least - 1, seed=1, stamped=True)
