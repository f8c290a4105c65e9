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
from wiretax.wire.parts import Parts

# HPACK remembers the last dozen or so signed paths of a connection: a body that came again within a second would
# cost one byte there, which new events never do. Prime, so that batches do not fall into step with it.
DISTINCT_DOCUMENTS = 1009


@dataclass(frozen=True, slots=True)
class RequestSource:
    """One workload's requests, shared by all users that send it.

    Attributes:
        workload: what is sent.
        next_body: the next body, encoded when asked for.
        payload_of: counts the bytes of data in a body; None if all bodies carry the same number.
        head: renders and signs the head for a body.
        writes: 1 if head and body are written to the socket together, 2 if separately.
        request_line_bytes: bytes of each request line, without the query.
        auth_query_bytes: bytes of each signed query.
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
        """Prepare a workload's requests to an endpoint, with payloads drawn from ``seed`` or taken from a
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
        """Count the bytes of data in one of its bodies."""
        return self.workload.payload_per_request if self.payload_of is None else self.payload_of(body)

    def parts(
        self, requests: int, head_bytes: int, body_bytes: int, response_head_bytes: int, response_body_bytes: int
    ) -> Parts:
        """Split the heads and bodies of ``requests`` exchanges, given as sums, into their parts."""
        line, query = requests * self.request_line_bytes, requests * self.auth_query_bytes
        return Parts(
            request_line=line,
            auth_query=query,
            header=head_bytes - line - query,
            body=body_bytes,
            response_head=response_head_bytes,
            response_body=response_body_bytes,
        )
