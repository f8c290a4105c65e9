"""Payloads: exact in size, realistic in shape, reproducible, and equal in cost on the wire."""

from __future__ import annotations

import json

import pytest

from wiretax.channels.bodies.events import bodies
from wiretax.channels.bodies.payloads import KINDS, example, least_bytes, payloads
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.workload import Workload

SIZES = [10, 11, 29, 64, 100, 101, 300, 1000, 10_000, 10_240]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_every_document_has_exactly_the_size(kind: str, size: int) -> None:
    pool = payloads(kind, size, 7)
    assert {len(document.encode()) for document in pool} == {size}
    assert len(set(pool)) > 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ascii"])
@pytest.mark.parametrize("size", SIZES)
def test_documents_are_json(kind: str, size: int) -> None:
    for document in payloads(kind, size, 3):
        json.loads(document)


def test_documents_look_like_those_of_an_app() -> None:
    chat = json.loads(payloads("chat", 300, 1)[0])
    assert set(chat) == {"id", "user", "room", "text", "sent_at"}
    assert any(ord(character) > 127 for character in chat["text"])
    location = json.loads(payloads("location", 400, 1)[0])
    assert 50 <= location["lat"] < 60
    assert all(len(point) == 2 for point in location["trail"])
    ticker = json.loads(payloads("ticker", 400, 1)[0])
    assert {"symbol", "bid", "ask", "last"} <= set(ticker)


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_between_two_layouts_leave_no_gap(kind: str) -> None:
    # Documents of one kind and size have the same layout. So one of each size shows a gap, and whole pools are
    # only made where a layout begins to fit.
    for size in range(least_bytes(kind), 260):
        assert len(example(kind, size).encode()) == size
    begins = {layout.least_bytes for layout in KINDS[kind]} - {least_bytes(kind)}
    for size in sorted({least_bytes(kind), *begins, *(each - 1 for each in begins)}):
        assert {len(document.encode()) for document in payloads(kind, size, 1)} == {size}


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [10, 100, 1000])
def test_documents_of_one_kind_and_size_cost_the_same(client: str, kind: str, size: int) -> None:
    workload = Workload.of(payload_kind=kind, payload_bytes=size, client=client)
    sizes = set()
    for seed in (1, 2, 3):
        next_body = bodies(workload, load_profile(client), payloads(kind, size, seed))
        sizes |= {len(next_body()) for _ in range(70)}
    assert len(sizes) == 1


def test_a_seed_determines_the_documents() -> None:
    payloads.cache_clear()
    first = payloads("chat", 100, 1)
    payloads.cache_clear()
    assert payloads("chat", 100, 1) == first
    assert payloads("chat", 100, 2) != first
    # Pinned, so that another Python or machine can't draw others unseen.
    assert first[0] == PINNED


PINNED = '{"id":159718,"user":"Zoë","text":"as up we or other on can for of said are when you as we ty 👍"}'


@pytest.mark.parametrize("kind", KINDS)
def test_too_small_a_size_is_rejected_with_the_smallest(kind: str) -> None:
    least = least_bytes(kind)
    assert len(payloads(kind, least, 1)[0].encode()) == least
    with pytest.raises(ValueError, match=f"at least {least} payload_bytes, got {least - 1}"):
        payloads(kind, least - 1, 1)
