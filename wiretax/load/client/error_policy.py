"""The reaction to rejected calls: end the workload or the run if the next call would be rejected, too; wait if
asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import time

from wiretax.channels.answers import in_words, read_retry_after
from wiretax.channels.remedies import remedy
from wiretax.channels.workload import Workload
from wiretax.runs.skipped import whose
from wiretax.wire.connections.response import Response
from wiretax.wire.ledger import Failure

# A single 413 may be a server's error.
MOST_TOO_LARGE = 3
# A longer wait needs a decision of the user.
MOST_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Reactions:
    """What rejected calls can lead to.

    Attributes:
        halt: ends the run, with the reason.
        pause: has all users wait for a number of seconds.
        end_workload: ends a workload that met a limit which others may not meet; None to end the run.
    """

    halt: Callable[[str], None]
    pause: Callable[[float], None]
    end_workload: Callable[[Workload, Failure], None] | None = None


class ErrorPolicy:
    """Called with each response that acknowledged nothing, of any user.

    A status in the body counts like one in the head: some servers reject with 200 and an error in the body.
    """

    def __init__(self, reactions: Reactions) -> None:
        self._react = reactions
        self._too_large: dict[Workload, int] = {}

    def on_rejected(self, workload: Workload, response: Response) -> None:
        """Act on one answer."""
        answer = response.answer
        status = answer.status
        answered = f"{whose(workload)} answered {in_words(status, answer.message.rstrip('.'))}"
        if status in (401, 403, 404):
            self._react.halt(f"{answered}; {remedy(answer.kind, status, answer.message)}")
        elif status == 413:
            count = self._too_large[workload] = self._too_large.get(workload, 0) + 1
            if count < MOST_TOO_LARGE:
                return
            if self._react.end_workload is not None:
                self._react.end_workload(workload, Failure(answer.kind, status, answer.message))
            elif count == MOST_TOO_LARGE:
                self._react.halt(f"{answered}, {count} times, at {workload.name}; lower the plan's payload_bytes")
        elif status == 429:
            wait_s = read_retry_after(response.retry_after, time())
            if wait_s > MOST_WAIT_S:
                self._react.halt(
                    f"{answered}; it asks to wait {wait_s:,.0f} s, more than {MOST_WAIT_S:.0f}: run again then"
                )
            else:
                self._react.pause(wait_s)
