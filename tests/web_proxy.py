"""A web proxy to test against: it opens tunnels by CONNECT, all of them to one server, and counts their bytes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

OPENED = b"HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n"


class WebProxy:
    """Listens on loopback.

    Attributes:
        port: where.
        asked: the head of each request for a tunnel.
        received: bytes that came from clients, requests for tunnels included.
        sent: bytes that went to clients.
    """

    def __init__(self, server: tuple[str, int], reply: bytes = OPENED) -> None:
        """``reply``: what a request for a tunnel is answered with; other than 2xx, the connection is closed."""
        self.asked: list[bytes] = []
        self.received = self.sent = 0
        self._server, self._reply = server, reply
        self._serving: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def settle(self) -> None:
        """Wait for the end of all connections, which clients have closed."""
        for each in list(self._serving):
            each.join(10)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._serving.append(Thread(target=self._serve, args=(client,), daemon=True))
            self._serving[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(65_536)
                if not data:
                    return
                self.received += len(data)
                head += data
            self.asked.append(head)
            client.sendall(self._reply)
            self.sent += len(self._reply)
            if b" 200 " not in self._reply:
                return
            with socket.create_connection(self._server) as server:
                back = Thread(target=self._pass_back, args=(server, client), daemon=True)
                back.start()
                while data := client.recv(65_536):
                    self.received += len(data)
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)
                back.join(5)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                client.sendall(data)
                self.sent += len(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def web_proxy(server: tuple[str, int], reply: bytes = OPENED) -> Iterator[WebProxy]:
    """A proxy while the block runs."""
    proxy = WebProxy(server, reply)
    try:
        yield proxy
    finally:
        proxy.close()
