"""What a request will weigh, byte for byte, before anything is sent: the model by itself."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.bodies.events import bodies
from wiretax.channels.bodies.payloads import example
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import Workload

# Loopback with a port of five digits, as a mock of a run's own has it.
LOOPBACK = Endpoint("http", "127.0.0.1", 18080, DEMO)


@dataclass(frozen=True, slots=True)
class RequestSizes:
    """The layers of one HTTP/1.1 request in bytes.

    Attributes:
        request_line: method, path, version and line end, without the query.
        auth_query: the signed query with its ``?``.
        headers: header lines and the blank line.
        body: the JSON.
        payload: the part of it that the application handed over.
    """

    request_line: int
    auth_query: int
    headers: int
    body: int
    payload: int

    @property
    def head(self) -> int:
        return self.request_line + self.auth_query + self.headers

    @property
    def sent(self) -> int:
        return self.head + self.body


def request_sizes(workload: Workload, endpoint: Endpoint = LOOPBACK) -> RequestSizes:
    """The layers of each request of a workload; all of them weigh the same.

    Args:
        workload: what would be sent, by HTTP/1.1.
        endpoint: where to; its host, and the app's id and key, stand in the head.

    Raises:
        KeyError: where there is no such client.
        ValueError: where the payload's kind can't be made that small.
    """
    profile = load_profile(workload.transport.client)
    data = example(workload.payload.kind, workload.payload.bytes)
    body = len(bodies(workload, profile, [data])())
    head = RequestHead(endpoint, profile, workload.call.api, workload.transport.connection).sizes(body)
    return RequestSizes(head.request_line, head.auth_query, head.headers, body, workload.payload_per_request)


@dataclass(frozen=True, slots=True)
class BodySizes:
    """What a body is made of beside the events' data, in bytes.

    Attributes:
        call: once a call: a batch's brackets; nothing in a trigger.
        event: the envelope of each event: name, channels, quotes, and the comma between two.
    """

    call: int
    event: int


def body_sizes(workload: Workload) -> BodySizes:
    """The bytes of a body around its payloads; of a trigger they are all the event's.

    Raises:
        KeyError: where there is no such client, or names and channels are not the usual ones, as in a replay.
    """
    profile = load_profile(workload.transport.client)
    if workload.payload.kind == REPLAY:
        raise KeyError(REPLAY)

    def empty(events: int) -> int:
        return len(bodies(workload.replace(batch_size=events), profile, [""])())

    if workload.call.api != "batch":
        return BodySizes(0, empty(1))
    event = empty(2) - empty(1)
    return BodySizes(empty(1) - event, event)
