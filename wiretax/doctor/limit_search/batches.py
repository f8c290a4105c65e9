"""The largest batch that an endpoint accepts, found by publishing."""

from __future__ import annotations

from wiretax.channels.pages import tells_of_page
from wiretax.channels.remedies import BODY_LIMIT, remedy
from wiretax.doctor.finding import Finding
from wiretax.doctor.limit_search.bodies import batch_body
from wiretax.doctor.limit_search.search import Edge, OtherAnswerError, Publish, Tries, find_edge

NAME = "batch limit"
# Sizes to try until one is refused; then the search goes on between the last two.
SIZES = (10, 11, 20, 50, 100)
# Upper limit of the events that this search publishes.
MOST_EVENTS = 800


def find_batch_limit(publish: Publish, tries: Tries | None = None) -> Finding:
    """Find the largest batch that is accepted, up to the last of ``SIZES``.

    Args:
        publish: sends a batch, given its body, and returns the answer.
        tries: what was published before; its ``batch`` becomes what is found.
    """
    tries = tries or Tries(MOST_EVENTS)
    before = tries.events
    try:
        edge = find_edge(lambda events: tries.refusal_of(publish, batch_body(events), events), SIZES)
    except OtherAnswerError as other:
        return other_answer(NAME, other)
    if not edge.accepted:
        return nothing_accepted(NAME, "a batch of one event", edge)
    tries.batch, published = edge.accepted, tries.published_since(before)
    if edge.refused is not None:
        tries.refused[NAME] = len(batch_body(edge.refused))
    return Finding(
        NAME, "ok", edge.in_words("", published), f"in plans, set [limits] batch_size = {edge.accepted}"
    )


def nothing_accepted(name: str, smallest: str, edge: Edge) -> Finding:
    """The finding if even the smallest size was refused."""
    assert edge.refusal is not None
    advice = BODY_LIMIT if tells_of_page(edge.refusal.message) else "check the server's log"
    return Finding(name, "failed", f"{smallest} was refused: {edge.refusal.words}", advice)


def other_answer(name: str, other: OtherAnswerError) -> Finding:
    """The finding if a call was not accepted for another reason than its size."""
    answer = other.answer
    return Finding(name, "failed", answer.words, remedy(answer.kind, answer.status, answer.message))
