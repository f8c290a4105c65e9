"""What becomes of a request: accepted, with the JSON of its response, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wiretax.channels.limits import Refusal
from wiretax.mock.delivery.published import NOTHING, Published


@dataclass(frozen=True, slots=True)
class Accepted:
    """The contents of an accepted request, the JSON of its response, and those of its events that have
    subscribers."""

    events: int
    messages: int
    body: bytes
    published: Sequence[Published] = NOTHING


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """A request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(refusal: Refusal | None) -> None:
    """Raise ``Refused`` unless there is no refusal."""
    if refusal is not None:
        raise Refused(refusal)
