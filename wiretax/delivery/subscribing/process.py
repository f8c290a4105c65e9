"""The subscribers of a run in a process of their own, so that they don't take the publisher's processor time."""

from __future__ import annotations

import pickle
import socket as sockets
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from struct import Struct
from typing import Any

from gevent import socket as gevent_socket
from gevent.lock import RLock

from wiretax.child_process import await_end
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.received import Received
from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.wire.connections.target import Target

LENGTH = Struct("!Q")
STOP_TIMEOUT_S = 5
# How long the process may take to start, on a busy machine.
START_TIMEOUT_S = 60


class SubscriberProcess:
    """The same as ``Subscribers``, in another process; each method waits for its answer on gevent's loop.

    The process has a session of its own, so Ctrl-C does not reach it: it must answer until the last delivery is
    counted. It ends when the pipe to it closes, so it can't outlive its parent.
    """

    def __init__(self, target: Target, prefix: str, by_content: bool = False, timeout_s: float = 10.0) -> None:
        """Start it; see ``Subscribers`` for the arguments.

        Raises:
            SubscriberError: it does not start.
        """
        here, there = sockets.socketpair()
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "wiretax.delivery", str(there.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                start_new_session=True,
            )
        self._pipe = gevent_socket.socket(fileno=here.detach())
        self._lock = RLock()
        # Certificates are named by their files: a TLS context can't be sent.
        described = (target.endpoint, target.certificates, target.tls, target.server, target.proxy)
        self._pipe.settimeout(START_TIMEOUT_S)
        # Secrets only ever pass through the pipe.
        self._ask("open", target.endpoint.app.master_key, described, prefix, by_content, timeout_s)
        self._pipe.settimeout(None)

    def begin(self, channels: Sequence[str], subscribers: int) -> None:
        """As in ``Subscribers``.

        Raises:
            SubscriberError: they don't get that far.
        """
        self._ask("begin", tuple(channels), subscribers)

    def add_channels(self, channels: Sequence[str]) -> None:
        """As in ``Subscribers``.

        Raises:
            SubscriberError: they don't get that far.
        """
        self._ask("add_channels", tuple(channels))

    def finish(self, expected: int, grace_s: float) -> Received:
        """As in ``Subscribers``."""
        received: Received = self._ask("finish", expected, grace_s)
        return received

    def progress(self) -> tuple[int, float]:
        """As in ``Subscribers``; not while another question is open."""
        found: tuple[int, float] = self._ask("progress")
        return found

    def close(self) -> DeliveryBytes:
        """As in ``Subscribers``, and end the process."""
        totals = DeliveryBytes()
        with suppress(SubscriberError):
            totals = self._ask("close")
        self._pipe.close()
        await_end(self._process, STOP_TIMEOUT_S)
        return totals

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def _ask(self, command: str, *arguments: Any) -> Any:
        with self._lock:
            try:
                send(self._pipe, (command, arguments))
                answer = receive(self._pipe)
            except (OSError, EOFError) as error:
                code = self._process.poll()
                ended = "does not answer" if code is None else f"ended with exit code {code}"
                raise SubscriberError(f"the subscribers' process {ended} ({error or 'its pipe closed'})") from None
        if isinstance(answer, SubscriberError):
            raise answer
        return answer


def send(pipe: sockets.socket, message: object) -> None:
    """Send a message to the other end of a pipe between two of our own processes."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.sendall(LENGTH.pack(len(data)) + data)


def receive(pipe: sockets.socket) -> Any:
    """Wait for a message.

    Raises:
        EOFError: the other end is closed.
    """
    (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
    return pickle.loads(_exactly(pipe, length))


def _exactly(pipe: sockets.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = pipe.recv(min(length - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
