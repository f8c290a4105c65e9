"""The mock's rules as a plain ASGI app: ``python -m benchmarks.peers.asgi`` serves it and prints its port.

It checks what the mock checks, by the same functions, and counts the same, so that what differs is the server: an
HTTP parser that hands over a request in parts, an app that is called as a coroutine, and a response as messages.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, MutableMapping
from time import process_time, time
from typing import Any

import orjson
import uvicorn

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.ledger import LEDGER_PATH, ServerLedger
from wiretax.mock.rules import Refused, Rules
from wiretax.wire.connections.segments import use_ethernet_segments

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
JSON = (b"content-type", b"application/json")
BACKLOG = 1024


class App:
    """An ASGI app with the mock's rules and ledger.

    Attributes:
        ledger: what it counted. Bytes are those of targets and bodies only, and connections are not counted, as an
            ASGI app sees neither heads nor connections.
    """

    def __init__(self) -> None:
        self.ledger = ServerLedger()
        self._rules = Rules(DEMO, Limits())

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["raw_path"] == LEDGER_PATH:
            await _answer(send, 200, orjson.dumps(self._counts()))
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        await _answer(send, *self._check(scope, body))

    def _counts(self) -> dict[str, Any]:
        counts = self.ledger.as_dict()
        del counts["connections"]
        return {**counts, "cpu_s": process_time()}

    def _check(self, scope: MutableMapping[str, Any], body: bytes) -> tuple[int, bytes]:
        """Status and body of the response."""
        ledger = self.ledger
        target = f"{scope['raw_path'].decode('latin-1')}?{scope['query_string'].decode('latin-1')}"
        ledger.requests += 1
        ledger.request_bytes += len(target) + len(body)
        try:
            accepted = self._rules.check(scope["method"].encode(), target, body, time())
        except Refused as refused:
            ledger.rejected[refused.refusal.reason] += 1
            return refused.refusal.status, refused.refusal.message.encode()
        ledger.events += accepted.events
        ledger.messages += accepted.messages
        return 200, accepted.body


async def _answer(send: Send, status: int, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON, length]})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until SIGTERM, with uvicorn's fastest loop and parser, and without its log and optional headers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    use_ethernet_segments(listener)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        App(),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=600,
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
