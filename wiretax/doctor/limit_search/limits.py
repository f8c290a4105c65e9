"""The limits of a server, searched by publishing real events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from wiretax.channels.answers import Answer
from wiretax.channels.endpoint import Endpoint
from wiretax.doctor.deadline import Deadline
from wiretax.doctor.exchange import batch_target, trigger_target
from wiretax.doctor.finding import Finding
from wiretax.doctor.limit_search.batches import find_batch_limit
from wiretax.doctor.limit_search.search import Publish, Tries
from wiretax.doctor.limit_search.sizes import find_data_limit, find_request_limit
from wiretax.doctor.rejections import no_response, reason
from wiretax.doctor.server_connection import ServerConnection
from wiretax.wire.connections.response import ResponseError

# Upper limit of the events that all searches publish.
MOST_EVENTS = 1_000
# A search makes a dozen calls, and takes as long as this many steps at most.
SEARCH_STEPS = 6

TargetOf = Callable[[Endpoint, bytes], str]


class LimitChecks:
    """The limits on a batch, an event and a request, in this order: each search needs what was found before."""

    def __init__(self, endpoint: Endpoint, server: ServerConnection, timeout_s: float) -> None:
        """``timeout_s`` limits each call."""
        self._endpoint = endpoint
        self._server = server
        self._timeout_s = timeout_s
        self._tries = Tries(MOST_EVENTS)

    def batch(self) -> Finding:
        return self._search("batch limit", find_batch_limit, batch_target)

    def data(self) -> Finding:
        return self._search("data limit", find_data_limit, trigger_target)

    def request(self) -> Finding:
        return self._search("request limit", find_request_limit, batch_target)

    def _search(self, name: str, find: Callable[[Publish, Tries], Finding], target_of: TargetOf) -> Finding:
        deadline = Deadline(SEARCH_STEPS * self._timeout_s)
        try:
            return find(partial(self._publish, target_of, deadline), self._tries)
        except (OSError, ResponseError) as error:
            return no_response(self._server, name, error)

    def _publish(self, target_of: TargetOf, deadline: Deadline, body: bytes) -> Answer:
        # A call that is stuck ends the search, and so do slow ones.
        self._server.begin_step(min(self._timeout_s, deadline.left_s("no limit found")))
        # On a new connection, so that a closed one means the request, and not its time.
        self._server.reopen()
        try:
            return self._server.exchange(target_of(self._endpoint, body), body).response.answer
        except TimeoutError:
            raise
        except OSError as error:
            return Answer("rejected", 0, reason(error))
