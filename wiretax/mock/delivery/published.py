"""What passes from an accepted request to subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Published(NamedTuple):
    """An event that was accepted.

    Attributes:
        name: its name.
        channels: those of its channels that have subscribers.
        data: its data.
        socket_id: the connection that doesn't get it; None for none.
    """

    name: str
    channels: Sequence[str]
    data: str
    socket_id: str | None


NOTHING: Sequence[Published] = ()
