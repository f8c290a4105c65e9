"""A master's port, at which anything may arrive: what is no worker's message is counted and ignored."""

from __future__ import annotations

import logging
import sys
from typing import Any

import zmq.green as zmq
from locust.rpc import Message, zmqrpc
from locust.runners import MasterRunner
from zmq.error import ZMQError

from wiretax.channels.endpoint import host_and_port
from wiretax.load.cluster.messages import MalformedError
from wiretax.load.cluster.resilience.forked import give_up_workers
from wiretax.load.cluster.resilience.locust_messages import check, read
from wiretax.terminal import Exit

# A report has some kilobytes, and Locust's statistics some per name. The library closes the connection of whoever
# sends more, before it keeps it.
LARGEST_BYTES = 64 << 20
log = logging.getLogger(__name__)


class MasterPort(zmqrpc.Server):
    """Locust's, which hands over workers' messages only."""

    def __init__(self, host: str, port: int) -> None:
        zmqrpc.BaseSocket.__init__(self, zmq.ROUTER, self.ipv4_only(host, port))  # type: ignore[no-untyped-call]
        self._ignored = 0
        self._first = ""
        self.socket.setsockopt(zmq.MAXMSGSIZE, LARGEST_BYTES)
        try:
            self.port = port or self.socket.bind_to_random_port(f"tcp://{host}")
            if port:
                self.socket.bind(f"tcp://{host}:{port}")
        except ZMQError as error:
            log.error(
                "wiretax: a master can't listen on %s: %s; end the master that is there, or choose another "
                "--master-bind-port (for its workers --master-port)",
                host_and_port(host.strip("[]"), port),
                zmq.strerror(error.errno or 0),
            )
            give_up_workers()
            sys.exit(Exit.USAGE)

    def recv_from_client(self) -> tuple[str, Message]:
        """Wait for the next message that can be read."""
        while True:
            try:
                return read(self.socket.recv_multipart())
            except MalformedError as error:
                self.ignore(str(error))

    def ignore(self, what: str) -> None:
        """Count a message that no worker sent; only the first is logged."""
        if not self._ignored:
            self._first = what
            log.warning("wiretax: ignored at the master's port: %s; further ones are only counted", what)
        self._ignored += 1

    def take_warning(self) -> str:
        """A sentence about what was ignored since the last call; empty if nothing was."""
        ignored, self._ignored = self._ignored, 0
        if not ignored:
            return ""
        counted = f"{ignored:,} messages" if ignored > 1 else "1 message"
        return f"{counted} at the master's port made no sense and were ignored; the first was {self._first}"


def use_guarded_port() -> None:
    """Replace Locust's port of a master. Call it before Locust creates a runner."""
    if zmqrpc.Server is MasterPort:
        return
    handle = MasterRunner.handle_message

    def handle_checked(self: MasterRunner, client_id: str, msg: Message) -> None:
        try:
            check(client_id, msg, self.custom_messages)
        except MalformedError as error:
            server: Any = self.server
            server.ignore(str(error))
        else:
            handle(self, client_id, msg)

    MasterRunner.handle_message = handle_checked  # type: ignore[method-assign]
    zmqrpc.Server = MasterPort  # type: ignore[misc]
