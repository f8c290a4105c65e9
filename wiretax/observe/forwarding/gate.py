"""Lets the requests of a publisher through to the server: at once, or only within a limit of messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wiretax.channels.request.parser import Publication
from wiretax.observe.forwarding.exchange import REFUSED, OpenExchange
from wiretax.observe.forwarding.heads import read_method, read_target, with_host
from wiretax.wire.publishers.caller import MessageLimitError
from wiretax.wire.publishers.message_limit import MessageLimit

if TYPE_CHECKING:
    from wiretax.observe.forwarding.proxy import Proxy

# As the service answers an app that is over its quota.
PHRASE = "Forbidden"
# Calls that publish nothing.
READS = (b"GET", b"HEAD")
ENDS_CONNECTIONS = b"/terminate_connections"
UNCOUNTABLE = "the messages of this call can't be counted (--max-messages)"


class Gate:
    """Forwards the requests of one connection. With a limit, it holds each until the request is complete and its
    messages are counted."""

    def __init__(self, proxy: Proxy, forward: Callable[[bytes], None]) -> None:
        """``forward``: sends bytes to the server."""
        self._proxy = proxy
        self._recording = proxy.recording
        self._limit = proxy.limit
        self._forward = forward
        self._held: list[bytes] = []

    @property
    def holds(self) -> bool:
        """Whether a part of a request is held."""
        return bool(self._held)

    def add_head(self, head: bytes) -> None:
        """A request begins."""
        if self._limit is None:
            self._forward(self._for_upstream(head))
        else:
            self._held.append(head)

    def add_body(self, data: bytes) -> None:
        """A part of its body."""
        if self._limit is None:
            self._forward(data)
        else:
            self._held.append(data)

    def add_stray(self, data: bytes) -> bool:
        """Bytes that form no request. Returns whether they went on: a server may read events in them, so not if
        messages are limited."""
        if self._limit is None:
            self._forward(data)
            return True
        self._recording.unforwarded += len(data)
        return False

    def end_request(self, request: OpenExchange) -> None:
        """A request is complete: it goes on, or gets its refusal."""
        if self._limit is None:
            return
        (head, *body), self._held = self._held, []
        request.refusal = refuse_beyond(self._limit, request)
        if request.refusal:
            self._recording.unforwarded += len(head) + request.body_bytes
            return
        for data in (self._for_upstream(head), *body):
            self._forward(data)

    def close(self) -> None:
        """The connection has ended; a request that is still held goes nowhere."""
        self._recording.unforwarded += sum(map(len, self._held))
        self._held.clear()

    def _for_upstream(self, head: bytes) -> bytes:
        if not self._proxy.rewrites_host:
            return head
        rewritten = with_host(head, self._proxy.upstream.authority)
        self._recording.host_growth += len(rewritten) - len(head)
        return rewritten


def refuse_beyond(limit: MessageLimit, request: OpenExchange) -> bytes:
    """Count a complete request; the response to it if it may not be forwarded, else empty.

    After the first call that does not fit, none is forwarded that publishes.
    """
    messages = messages_of(request.head, request.publication)
    if messages == 0:
        return b""
    if messages is None:
        return response(UNCOUNTABLE)
    if not limit.spent:
        try:
            limit.take(messages)
        except MessageLimitError:
            pass
        else:
            return b""
    return response(str(limit))


def messages_of(head: bytes, publication: Publication | None) -> int | None:
    """The messages of a request, as the service bills them; None if it may publish some that can't be counted."""
    if publication is not None:
        return publication.events * publication.channels or None
    path = read_target(head).partition(b"?")[0]
    return 0 if read_method(head) in READS or path.endswith(ENDS_CONNECTIONS) else None


def response(why: str) -> bytes:
    """The whole response to a withheld request."""
    body = f"wiretax observe: {why}; this call was not forwarded\n".encode()
    head = f"HTTP/1.1 {REFUSED} {PHRASE}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
