"""One workload's requests: what is sent, and how many bytes of each request are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wiretax.channels.bodies.encryption import Encryption, fresh_nonce
from wiretax.channels.bodies.events import bodies, generated_events
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.bodies.weighed import Weight, weighed_bodies, weight_of
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
        weigh: counts the bytes of data in a body; None if all bodies carry the same number, unencrypted.
        head: renders and signs the head for a body.
        writes: 1 if head and body are written to the socket together, 2 if separately.
        request_line_bytes: bytes of each request line, without the query.
        auth_query_bytes: bytes of each signed query.
        idle_close_ns: how long the library keeps an idle connection; 0 for as long as the server does.
        encryption: encrypts events; None if they are sent as they are.
    """

    workload: Workload
    next_body: Callable[[], bytes]
    weigh: Callable[[bytes], Weight] | None
    head: RequestHead
    writes: int
    request_line_bytes: int
    auth_query_bytes: int
    idle_close_ns: int
    encryption: Encryption | None = None

    @classmethod
    def of(
        cls,
        workload: Workload,
        endpoint: Endpoint,
        seed: int,
        replay: Replay | None = None,
        nonce: Callable[[], bytes] = fresh_nonce,
    ) -> RequestSource:
        """Prepare a workload's requests to an endpoint.

        Args:
            workload: what is sent.
            endpoint: the server. Its app has a master key if the workload is encrypted.
            seed: what payloads are drawn from.
            replay: events to send instead.
            nonce: draws the nonces of encrypted events.
        """
        profile = load_profile(workload.transport.client)
        head = RequestHead(endpoint, profile, workload.call.api, workload.transport.connection)
        sizes = head.sizes(0)
        encryption = None
        if workload.payload.encrypted:
            assert endpoint.app.master_key is not None
            encryption = Encryption(profile, endpoint.app.master_key, nonce)
        supply: Callable[[], bytes]
        if replay is None:
            least = DISTINCT_DOCUMENTS if workload.transport.by_library else 4
            data = payloads(workload.payload.kind, workload.payload.bytes, seed, least)
            events = generated_events(workload, data)
        else:
            events = replay.sent_by(workload)
        if replay is None and encryption is None:
            supply, weigh = bodies(workload, profile, data), None
        else:
            supply, weigh = weighed_bodies(workload, profile, events, encryption), weight_of
        idle_close_ns = int(profile.idle_close_s * 1e9)
        line, query = sizes.request_line, sizes.auth_query
        return cls(workload, supply, weigh, head, profile.writes, line, query, idle_close_ns, encryption)

    def weight(self, body: bytes) -> Weight:
        """Count the bytes of data in one of its bodies."""
        return Weight(self.workload.payload_per_request) if self.weigh is None else self.weigh(body)

    def parts(
        self,
        requests: int,
        head_bytes: int,
        body_bytes: int,
        response_head_bytes: int,
        response_body_bytes: int,
        encryption_bytes: int,
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
            encryption=encryption_bytes,
        )
