"""Fixtures of the unit tests of wiretax."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from virtual_clock import VirtualClock


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """A clock that takes no time."""
    clock = VirtualClock()
    yield clock
    clock.stop()
