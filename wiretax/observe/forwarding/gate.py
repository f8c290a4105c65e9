"""Lets the requests of a publisher through to the server: at once, or only within a limit of messages, or once
somebody subscribes to their channels."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING

from wiretax.channels.request.parser import Publication, read_events
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
    """Forwards the requests of one connection: at once, or as soon as they may pass. With a limit, each is held
    until it is complete and its messages are counted; if deliveries are counted, until its channels are subscribed
    to, and those after it as well."""

    def __init__(self, proxy: Proxy, forward: Callable[[bytes], None], passed: Callable[[], None]) -> None:
        """
        Args:
            proxy: the proxy.
            forward: sends bytes to the server.
            passed: called when requests that waited for a subscription have all been forwarded.
        """
        self._proxy = proxy
        self._recording = proxy.recording
        self._limit = proxy.limit
        self._subscriptions = proxy.subscriptions
        self._holds_all = self._limit is not None or self._subscriptions is not None
        self._forward = forward
        self._passed = passed
        self._held: list[bytes] = []
        self._complete: deque[tuple[OpenExchange, list[bytes], int]] = deque()
        self._subscribing: asyncio.Task[None] | None = None

    @property
    def holds(self) -> bool:
        """Whether a part of a request is held."""
        return bool(self._held)

    @property
    def holds_complete(self) -> bool:
        """Whether complete requests wait for a subscription."""
        return bool(self._complete)

    def add_head(self, head: bytes) -> None:
        """A request begins."""
        if self._holds_all:
            self._held.append(head)
        else:
            self._forward(self._for_upstream(head))

    def add_body(self, data: bytes) -> None:
        """A part of its body."""
        if self._holds_all:
            self._held.append(data)
        else:
            self._forward(data)

    def add_stray(self, data: bytes) -> bool:
        """Bytes that form no request. Returns whether they went on: a server may read events in them, so not if
        messages are limited or events counted."""
        if not self._holds_all:
            self._forward(data)
            return True
        self._recording.unforwarded += len(data)
        return False

    def end_request(self, request: OpenExchange) -> None:
        """A request is complete: it goes on, waits, or gets its refusal."""
        if not self._holds_all:
            return
        held, self._held = self._held, []
        if self._limit is not None:
            request.refusal = refuse_beyond(self._limit, request)
            if request.refusal:
                self._recording.unforwarded += len(held[0]) + request.body_bytes
                return
        if self._subscriptions is not None:
            request.events = read_events(read_target(request.head), request.body)
        request.forwarded = False
        self._complete.append((request, held, perf_counter_ns()))
        if self._subscribing is None:
            self._pass_on()

    def close(self) -> None:
        """The connection has ended; requests that are still held go nowhere."""
        if self._subscribing is not None:
            self._subscribing.cancel()
        held = [self._held, *(parts for _, parts, _ in self._complete)]
        self._recording.unforwarded += sum(len(part) for parts in held for part in parts)
        self._held.clear()
        self._complete.clear()

    def _pass_on(self) -> None:
        """Forward complete requests, up to one whose channels are not subscribed to."""
        while self._complete:
            request, (head, *body), since_ns = self._complete[0]
            if self._subscriptions is not None and (new := self._subscriptions.lacking(request.events)):
                self._subscribing = asyncio.get_running_loop().create_task(self._subscribe(new))
                return
            self._complete.popleft()
            request.forwarded, request.held_ns = True, perf_counter_ns() - since_ns
            for data in (self._for_upstream(head), *body):
                self._forward(data)

    async def _subscribe(self, channels: list[str]) -> None:
        assert self._subscriptions is not None
        await self._subscriptions.add(channels)
        self._subscribing = None
        self._pass_on()
        if not self._complete:
            self._passed()

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
