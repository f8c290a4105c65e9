"""``python -m wiretax.delivery``: the process that ``process.SubscriberProcess`` starts. It ends with its pipe."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from typing import Any

from gevent import socket

from wiretax.delivery.subscribing.process import receive, send
from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.delivery.subscribing.subscribers import Subscribers
from wiretax.wire.connections.target import Target
from wiretax.wire.open_files import raise_open_files


def main() -> None:
    raise_open_files()  # each subscriber is one
    pipe = socket.socket(fileno=int(sys.argv[1]))
    subscribers: Subscribers | None = None
    while True:
        try:
            command, arguments = receive(pipe)
        except (EOFError, OSError):
            break
        answer: Any = None
        try:
            if command == "open":
                subscribers = _open(*arguments)
                # Everything allocated so far lives as long as the process.
                gc.freeze()
            else:
                answer = getattr(subscribers, command)(*arguments)
        except SubscriberError as error:
            answer = error
        send(pipe, answer)
        if command == "close":
            return
    if subscribers is not None:
        subscribers.close()


def _open(
    master_key: bytes | None, described: tuple[Any, ...], prefix: str, by_content: bool, timeout_s: float
) -> Subscribers:
    endpoint, certificates, tls, server, proxy = described
    endpoint = replace(endpoint, app=replace(endpoint.app, master_key=master_key))
    target = Target(endpoint, certificates, certificates.context() if tls else None, server, proxy=proxy)
    return Subscribers(target, prefix, by_content, timeout_s, own_process=True)


if __name__ == "__main__":
    main()
