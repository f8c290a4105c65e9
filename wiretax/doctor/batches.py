"""How large a batch an endpoint takes, found by publishing."""

from __future__ import annotations

from collections.abc import Callable

from wiretax.channels.answers import Answer
from wiretax.channels.remedies import remedy
from wiretax.doctor.exchange import batch_body
from wiretax.doctor.finding import Finding

# What is tried, in turn, until one is refused; then sizes in between.
SIZES = (10, 11, 20, 50, 100)
# No search takes more events than this.
MOST_EVENTS = 800

Publish = Callable[[bytes], Answer]


def find_batch_limit(publish: Publish) -> Finding:
    """The largest batch that is taken, up to the last of ``SIZES``.

    Args:
        publish: sends the body of a batch and says how it was answered.
    """
    taken, refused, why, events = 0, SIZES[-1] + 1, "", 0
    untried = list(SIZES)
    while refused - taken > 1:
        size = untried.pop(0) if untried else (taken + refused) // 2
        answer = publish(batch_body(size))
        if answer.acknowledged:
            taken, events = size, events + size
            continue
        if answer.status not in (400, 413):
            # Not for its size.
            advice = remedy(answer.kind, answer.status, answer.message)
            return Finding("batch limit", "failed", answer.words, advice)
        refused, why, untried = size, answer.message, []
        if size == 1:
            return Finding("batch limit", "failed", f"not even one event: {answer.status}: {why}", "see its log")
    sent = f"{events} events were published to find out"
    if taken == SIZES[-1]:
        return Finding("batch limit", "ok", f"{taken} or more; {sent}", f"a plan's [limits]: batch_size = {taken}")
    said = f"{taken}, as {refused} is refused ({why}); {sent}"
    return Finding("batch limit", "ok", said, f"a plan's [limits]: batch_size = {taken}")
