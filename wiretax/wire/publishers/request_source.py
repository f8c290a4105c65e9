"""One workload's requests: what is sent, and how many bytes of each request are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wiretax.channels.bodies.events import bodies
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.bodies.replay import Replay, payload_of, replayed_bodies
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import Workload

# HPACK remembers the last dozen or so signed paths of a connection: a body that came again within a second would
# cost one byte there, which new events never do. Prime, so that batches do not fall into step with it.
DISTINCT_DOCUMENTS = 1009


@dataclass(frozen=True, slots=True)
class RequestSource:
    """One workload's requests, shared by all users that send it.

    Attributes:
        workload: what is sent.
        next_body: the next body, encoded when asked for.
        payload_of: the bytes of data in a body, where they differ from one to the next; else None.
        head: renders and signs the head for a body.
        writes: 1 where head and body go to the socket together, 2 where apart.
        request_line_bytes: of every request, without the query.
        auth_query_bytes: of every request.
        idle_close_ns: how long the library keeps an idle connection; 0 for as long as the server does.
    """

    workload: Workload
    next_body: Callable[[], bytes]
    payload_of: Callable[[bytes], int] | None
    head: RequestHead
    writes: int
    request_line_bytes: int
    auth_query_bytes: int
    idle_close_ns: int

    @classmethod
    def of(cls, workload: Workload, endpoint: Endpoint, seed: int, replay: Replay | None = None) -> RequestSource:
        """The source of a workload's requests to an endpoint, its payloads drawn from ``seed``, or those of a
        ``replay``."""
        profile = load_profile(workload.transport.client)
        head = RequestHead(endpoint, profile, workload.call.api, workload.transport.connection)
        sizes = head.sizes(0)
        if replay is None:
            least = DISTINCT_DOCUMENTS if workload.transport.by_library else 4
            data = payloads(workload.payload.kind, workload.payload.bytes, seed, least)
            supply, weigh = bodies(workload, profile, data), None
        else:
            supply, weigh = replayed_bodies(workload, profile, replay.sent_by(workload)), payload_of
        idle_close_ns = int(profile.idle_close_s * 1e9)
        line, query = sizes.request_line, sizes.auth_query
        return cls(workload, supply, weigh, head, profile.writes, line, query, idle_close_ns)

    def payload_bytes(self, body: bytes) -> int:
        """The bytes of data in one of its bodies."""
        return self.workload.payload_per_request if self.payload_of is None else self.payload_of(body)
