"""The exact size of a request before anything is sent, computed by the model alone."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.bodies.encryption import Encryption, no_nonce
from wiretax.channels.bodies.events import bodies, generated_events
from wiretax.channels.bodies.payloads import example
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.bodies.weighed import weighed_bodies
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.profiles import Profile, load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import Workload

# Loopback with a port of five digits, like a run's built-in mock.
LOOPBACK = Endpoint("http", "127.0.0.1", 18080, DEMO)


@dataclass(frozen=True, slots=True)
class RequestSizes:
    """The layers of one HTTP/1.1 request in bytes.

    Attributes:
        request_line: method, path, version and line end, without the query.
        auth_query: the signed query with its ``?``.
        headers: header lines and the blank line.
        body: the JSON.
        payload: the part of the body that the application passed.
        encryption: what encryption added to that part.
    """

    request_line: int
    auth_query: int
    headers: int
    body: int
    payload: int
    encryption: int = 0

    @property
    def head(self) -> int:
        return self.request_line + self.auth_query + self.headers

    @property
    def sent(self) -> int:
        return self.head + self.body


def request_sizes(workload: Workload, endpoint: Endpoint = LOOPBACK) -> RequestSizes:
    """The layers of each request of a workload; all its requests have the same size, unless the library escapes
    characters of base64 in encrypted data. Then they are those of one request.

    Args:
        workload: the workload, sent over HTTP/1.1.
        endpoint: the server; the head contains its host and the app's id and key.

    Raises:
        KeyError: if there is no such client.
        ValueError: if the payload size is too small for its kind, or the client has no encryption.
    """
    profile = load_profile(workload.transport.client)
    body, encryption = _body(workload, profile, example(workload.payload.kind, workload.payload.bytes))
    head = RequestHead(endpoint, profile, workload.call.api, workload.transport.connection).sizes(body)
    payload = workload.payload_per_request
    return RequestSizes(head.request_line, head.auth_query, head.headers, body, payload, encryption)


def _body(workload: Workload, profile: Profile, data: str) -> tuple[int, int]:
    """The bytes of a body, and those that encryption added to its data."""
    if not workload.payload.encrypted:
        return len(bodies(workload, profile, [data])()), 0
    assert DEMO.master_key is not None
    encryption = Encryption(profile, DEMO.master_key, no_nonce)
    body = weighed_bodies(workload, profile, generated_events(workload, [data]), encryption)()
    return len(body), body.weight.encryption


@dataclass(frozen=True, slots=True)
class BodySizes:
    """The parts of a body other than the events' data, in bytes.

    Attributes:
        call: once per call: a batch's brackets; 0 for a trigger.
        event: the envelope of each event: name, channels, quotes, and the comma between events.
    """

    call: int
    event: int


def body_sizes(workload: Workload) -> BodySizes:
    """The bytes of a body around its payloads; in a trigger, all of them belong to the event.

    Raises:
        KeyError: if there is no such client, or if names and channels are not the usual ones, as in a replay.
        ValueError: if the client has no encryption.
    """
    profile = load_profile(workload.transport.client)
    if workload.payload.kind == REPLAY:
        raise KeyError(REPLAY)

    def empty(events: int) -> int:
        return _body(workload.replace(batch_size=events), profile, "")[0]

    if workload.call.api != "batch":
        return BodySizes(0, empty(1))
    event = empty(2) - empty(1)
    return BodySizes(empty(1) - event, event)
