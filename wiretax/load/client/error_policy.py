"""What is done about an endpoint that says no: stop at what won't change, wait where it asks to."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from wiretax.channels.answers import in_words, read_retry_after
from wiretax.channels.remedies import remedy
from wiretax.channels.workload import Server, Workload
from wiretax.runs.skipped import whose
from wiretax.wire.connections.response import Response

# One may be a mistake of the server's; the same size is refused again.
MOST_TOO_LARGE = 3
# Longer than anybody waits for a run without being asked.
MOST_WAIT_S = 300.0


class ErrorPolicy:
    """Hears of each answer that acknowledged nothing, whichever user it came to.

    A status in the body counts like one in the head: some servers answer 200 and say no in it.
    """

    def __init__(self, stop: Callable[[str], None], hold: Callable[[float], None]) -> None:
        """``stop``: ends the run, with why. ``hold``: all users wait for so many seconds."""
        self._stop = stop
        self._hold = hold
        self._too_large: dict[Server, int] = {}

    def on_rejected(self, workload: Workload, response: Response) -> None:
        """Act on one answer."""
        answer = response.answer
        status = answer.status
        said = f"{whose(workload)} answered {in_words(status, answer.message.rstrip('.'))}"
        if status in (401, 403, 404):
            self._stop(f"{said}; {remedy(answer.kind, status, answer.message)}")
        elif status == 413:
            count = self._too_large[workload.server] = self._too_large.get(workload.server, 0) + 1
            if count == MOST_TOO_LARGE:
                self._stop(f"{said}, {count} times, at {workload.name}; lower the plan's payload_bytes")
        elif status == 429:
            wait_s = read_retry_after(response.retry_after, time())
            if wait_s > MOST_WAIT_S:
                self._stop(f"{said}; it asks to wait {wait_s:,.0f} s, more than {MOST_WAIT_S:.0f}: run again then")
            else:
                self._hold(wait_s)
