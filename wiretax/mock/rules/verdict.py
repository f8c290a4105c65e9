"""What becomes of a request: accepted, with the JSON of its response, or refused."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.limits import Refusal


@dataclass(frozen=True, slots=True)
class Accepted:
    """The contents of an accepted request, and the JSON of its response."""

    events: int
    messages: int
    body: bytes


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """A request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(refusal: Refusal | None) -> None:
    """Raise ``Refused`` unless there is no refusal."""
    if refusal is not None:
        raise Refused(refusal)
