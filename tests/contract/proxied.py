"""A recording proxy to test against, in a thread."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from wiretax.channels.endpoint import Endpoint
from wiretax.observe.forwarding.proxy import Proxy
from wiretax.observe.forwarding.recording import Recording
from wiretax.wire.publishers.message_limit import MessageLimit

LOOPBACK = "127.0.0.1"


@contextmanager
def proxied(
    upstream: Endpoint,
    tls: ssl.SSLContext | None = None,
    rewrites_host: bool = False,
    limit: MessageLimit | None = None,
) -> Iterator[tuple[Endpoint, Recording]]:
    """A proxy in a thread: its endpoint, and its recording, which is whole once the block ends."""
    proxy = Proxy(upstream, tls, rewrites_host, limit=limit)
    listening: Future[Callable[[], object]] = Future()

    async def serve() -> None:
        await proxy.listen()
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        listening.set_result(lambda: loop.call_soon_threadsafe(done.set))
        await done.wait()
        await proxy.drain()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    stop = listening.result(5)
    try:
        yield Endpoint("http", LOOPBACK, proxy.port, upstream.app), proxy.recording
    finally:
        stop()
        thread.join(20)
