"""Which of a name's addresses a user tries, and in which order."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.wire.reach.addresses import Addresses, SocketAddress, look_up

V4, V6 = socket.AF_INET, socket.AF_INET6


def place(address: str, port: int = 80) -> SocketAddress:
    return SocketAddress(V6, (address, port, 0, 0)) if ":" in address else SocketAddress(V4, (address, port))


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What any name resolves to, and each look-up that was made after it."""
    answers: list[str] = []

    def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
        found = [place(each, port) for each in answers]
        return [(each.family, socket.SOCK_STREAM, 6, "", each.place) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


def tried(addresses: Addresses, last: str | None = None) -> list[str]:
    return [str(each.place[0]) for each in addresses.in_order(None if last is None else place(last))]


def test_users_begin_with_each_address_of_the_first_family_in_turn(resolver: list[str]) -> None:
    resolver += ["10.0.0.1", "10.0.0.2", "2001:db8::1", "10.0.0.3"]
    addresses = Addresses("host", 80)
    assert tried(addresses) == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"]
    assert tried(addresses) == ["10.0.0.2", "10.0.0.3", "10.0.0.1", "2001:db8::1"]
    assert tried(addresses) == ["10.0.0.3", "10.0.0.1", "10.0.0.2", "2001:db8::1"]
    assert tried(addresses)[0] == "10.0.0.1"


def test_a_user_that_lost_its_address_tries_the_others(resolver: list[str]) -> None:
    resolver += ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert tried(Addresses("host", 80), "10.0.0.2") == ["10.0.0.1", "10.0.0.3"]


def test_addresses_that_failed_are_tried_last_until_they_are_connected_to(resolver: list[str]) -> None:
    resolver += ["::1", "127.0.0.1"]
    addresses = Addresses("localhost", 80)
    assert tried(addresses) == ["::1", "127.0.0.1"]
    addresses.note_failed(place("::1"))
    assert tried(addresses) == ["127.0.0.1", "::1"]
    assert tried(addresses) == ["127.0.0.1", "::1"]
    addresses.note_failed(place("127.0.0.1"))
    assert tried(addresses) == ["::1", "127.0.0.1"]
    addresses.note_reached(place("::1"))
    assert addresses.opened == {place("::1"): 0}


def test_a_name_is_looked_up_once_and_its_addresses_counted_once(resolver: list[str]) -> None:
    resolver += ["10.0.0.1", "10.0.0.1", "10.0.0.2"]
    assert [each.place[0] for each in look_up("host", 80)] == ["10.0.0.1", "10.0.0.2"]
    addresses = Addresses("host", 80)
    assert len(tried(addresses)) == 2
    resolver.clear()
    assert len(tried(addresses)) == 2


@given(
    found=st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "::1", "::2"]), min_size=1, unique=True),
    steps=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["new", "again", "failed", "opened"]))),
)
def test_every_address_is_tried_once_whatever_happened_before(
    found: list[str], steps: list[tuple[int, str]]
) -> None:
    addresses = Addresses("host", 80)
    with pytest.MonkeyPatch.context() as patch:
        answer = [(each.family, socket.SOCK_STREAM, 6, "", each.place) for each in map(place, found)]
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
        for at, step in steps:
            chosen = found[at % len(found)]
            if step == "failed":
                addresses.note_failed(place(chosen))
            elif step == "opened":
                addresses.note_reached(place(chosen))
            last = chosen if step == "again" else None
            assert sorted(tried(addresses, last)) == sorted(set(found) - {last})
