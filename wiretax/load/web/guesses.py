"""Slows down those who guess passwords, each address by itself, without making anyone else wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic

# Anyone may mistype a few times.
FREE = 3
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
MOST_ADDRESSES = 10_000
# A network's host can have any of its addresses.
IPV6_NETWORK = 64


@dataclass(slots=True)
class Guesses:
    """Wrong guesses from one address, and when it may guess again."""

    wrong: int = 0
    next_at_s: float = 0.0


class GuessLimit:
    """After three wrong passwords an address waits 1 s, then 2 s, 4 s and so on up to a minute."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, Guesses] = OrderedDict()

    def wait_s(self, address: str | None) -> int:
        """How many whole seconds an address has to wait before its next guess is looked at; 0 for none."""
        known = self._known.get(_key(address))
        return 0 if known is None else max(0, ceil(known.next_at_s - self._clock()))

    def wrong(self, address: str | None) -> None:
        """Count a wrong guess."""
        key = _key(address)
        known = self._known.setdefault(key, Guesses())
        known.wrong += 1
        if known.wrong >= FREE:
            doubled = min(known.wrong - FREE, 10)
            known.next_at_s = self._clock() + min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**doubled)
        self._known.move_to_end(key)
        if len(self._known) > MOST_ADDRESSES:
            self._known.popitem(last=False)

    def right(self, address: str | None) -> None:
        """Forget an address that knows the password."""
        self._known.pop(_key(address), None)


def _key(address: str | None) -> str:
    """The address, or the network of an IPv6 address."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, IPV6_NETWORK), strict=False))
    return str(found)
