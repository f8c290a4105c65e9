"""The largest batch that an endpoint accepts, found by publishing."""

from __future__ import annotations

from collections.abc import Callable

from wiretax.channels.answers import Answer
from wiretax.channels.remedies import remedy
from wiretax.doctor.exchange import batch_body
from wiretax.doctor.finding import Finding

# Sizes to try until one is refused; then the search goes on between the last two.
SIZES = (10, 11, 20, 50, 100)
# Upper limit of the events that a search publishes.
MOST_EVENTS = 800

Publish = Callable[[bytes], Answer]


def find_batch_limit(publish: Publish) -> Finding:
    """Find the largest batch that is accepted, up to the last of ``SIZES``.

    Args:
        publish: sends a batch, given its body, and returns the answer.
    """
    accepted, refused, why, events = 0, SIZES[-1] + 1, "", 0
    untried = list(SIZES)
    while refused - accepted > 1:
        size = untried.pop(0) if untried else (accepted + refused) // 2
        answer = publish(batch_body(size))
        if answer.acknowledged:
            accepted, events = size, events + size
            continue
        if answer.status not in (400, 413):
            # The size is not the reason.
            advice = remedy(answer.kind, answer.status, answer.message)
            return Finding("batch limit", "failed", answer.words, advice)
        refused, why, untried = size, answer.message, []
        if size == 1:
            return Finding(
                "batch limit",
                "failed",
                f"a batch of one event was refused: {answer.words}",
                "check the server's log",
            )
    published = f"the probe published {events} events"
    if accepted == SIZES[-1]:
        found = f"{accepted} or more ({published})"
    else:
        found = f"{accepted} ({refused} was refused: {why}; {published})"
    return Finding("batch limit", "ok", found, f"in plans, set [limits] batch_size = {accepted}")
