"""The largest size that a server accepts, found by trying sizes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from wiretax.channels.answers import Answer
from wiretax.channels.pages import tells_of_page

# Sizes that limits on bytes usually have.
USUAL_BYTES = frozenset(
    {1_000, 1_024, 2_048, 4_096, 8_192, 10_000, 10_240, 16_384, 20_480, 32_768, 51_200, 65_536, 100_000, 102_400}
    | {131_072, 204_800, 262_144, 500_000, 512_000, 524_288, 1_000_000, 1_048_576, 1_500_000}
)
# Statuses of a size that is refused: 422 is Laravel's, 0 a connection that was closed without a response.
TOO_LARGE = (0, 400, 413, 422)

Publish = Callable[[bytes], Answer]


class OtherAnswerError(Exception):
    """A call was not accepted, and its size is not the reason."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words)
        self.answer = answer


class SpentError(Exception):
    """Another call would publish more events than a search may."""


class Tries:
    """What a search published so far.

    Attributes:
        events: events that were accepted.
        batch: events of the largest batch that was accepted.
        data: bytes of the largest event's data that was accepted.
        body: bytes of the largest body that was accepted.
        refused: bytes of the body that a limit refused first, by the limit's name.
    """

    def __init__(self, most_events: int) -> None:
        """``most_events``: as many may be published."""
        self.events = self.batch = self.data = self.body = 0
        self.refused: dict[str, int] = {}
        self._most_events = most_events

    def refusal_of(self, publish: Publish, body: bytes, events: int) -> Answer | None:
        """Publish; the answer if the server refused the size, and None if it accepted it.

        Raises:
            OtherAnswerError: it did neither.
            SpentError: nothing was sent, as too many events were published before.
        """
        if self.events + events > self._most_events:
            raise SpentError
        answer = publish(body)
        if answer.acknowledged:
            self.events += events
            self.body = max(self.body, len(body))
            return None
        if answer.status not in TOO_LARGE:
            raise OtherAnswerError(answer)
        return answer

    def published_since(self, before: int) -> str:
        """How many events were published, as part of a sentence. ``before``: how many were earlier."""
        events = self.events - before
        return f"the probe published {events:,} event{'s' * (events != 1)}"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where refusals begin.

    Attributes:
        accepted: the largest size that was accepted; 0 if none was.
        refused: the smallest that was refused; None if none was.
        refusal: the server's answer to it.
    """

    accepted: int
    refused: int | None
    refusal: Answer | None

    def in_words(self, unit: str, published: str) -> str:
        """What was accepted and what was refused. ``unit``: follows each size; ``published``: at what cost."""
        if self.refused is None:
            return f"{self.accepted:,}{unit} or more ({published})"
        return f"{self.accepted:,}{unit} ({self.refused:,}{unit} was refused: {self.why}; {published})"

    @property
    def why(self) -> str:
        """Why that was refused, as part of a sentence."""
        if self.refusal is None:
            return ""
        # A server's own words need no status; the title of a page is hardly more than that.
        return self.refusal.words if tells_of_page(self.refusal.message) else self.refusal.message


def find_edge(
    refusal_of: Callable[[int], Answer | None],
    sizes: Sequence[int],
    usual: Collection[int] = (),
    accepted: int = 0,
) -> Edge:
    """Find the largest size that is accepted.

    Args:
        refusal_of: tries a size: the answer if it is refused, and None if it is accepted, or a ``SpentError``.
        sizes: to try first, ascending, until one is refused. Larger ones than the last are of no interest.
        usual: sizes that limits usually have: they are tried before all others.
        accepted: a size that is accepted.
    """
    refused, refusal = None, None
    untried = [size for size in sizes if size > accepted]
    while untried or (refused is not None and refused - accepted > 1):
        size = untried.pop(0) if untried else _between(accepted, refused or 0, usual)
        try:
            answer = refusal_of(size)
        except SpentError:
            break
        if answer is None:
            accepted = size
        else:
            refused, refusal, untried = size, answer, []
    return Edge(accepted, refused, refusal)


def _between(accepted: int, refused: int, usual: Collection[int]) -> int:
    inside = sorted(size for size in usual if accepted < size < refused)
    if inside:
        return inside[len(inside) // 2]
    return accepted + 1 if accepted in usual else (accepted + refused) // 2
