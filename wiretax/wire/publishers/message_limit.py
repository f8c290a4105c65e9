"""A limit of messages, counted before each call so that it is never exceeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wiretax.channels.workload import Workload
from wiretax.wire.publishers.caller import MessageLimitError

# Default for remote endpoints.
USUAL_MESSAGES = 10_000


class MessageLimit:
    """Counts messages as the service bills them: one per event of a batch, one per channel of a trigger.

    Failed calls count, too.

    Attributes:
        limit: how many may be sent.
        taken: how many were sent, or were about to be.
        spent: whether a call did not fit any more.
        on_spent: called then, once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self.spent = False
        self.on_spent: Callable[[], None] = lambda: None

    def take(self, messages: int) -> None:
        """Count a call.

        Raises:
            MessageLimitError: it does not fit; nothing is counted then.
        """
        if self.taken + messages > self.limit:
            if not self.spent:
                self.spent = True
                self.on_spent()
            raise MessageLimitError
        self.taken += messages

    def limited(self, workload: Workload, next_body: Callable[[], bytes]) -> Callable[[], bytes]:
        """A workload's supply of bodies, each of them counted before it is handed out."""
        messages, take = workload.call.messages, self.take

        def limited_body() -> bytes:
            take(messages)
            return next_body()

        return limited_body

    def __str__(self) -> str:
        return (
            f"stopped at the limit: {self.taken:,} of {self.limit:,} messages (--max-messages) were sent, and the "
            "next call did not fit"
        )

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {"max_messages": self.limit, "messages": self.taken, "spent": self.spent}
