"""Stands for Locust's master, and carries messages at once."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Protocol

from wiretax.load.cluster import messages


class Hearing(Protocol):
    """A made-up worker."""

    def hear(self, name: str, data: Any) -> None: ...


class Runner:
    server = None

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        self.workers: dict[str, Hearing] = {}
        self.listeners: dict[str, Callable[..., None]] = {}
        self.has_quit = False
        self.user_count = 0

    def register_message(self, name: str, listener: Callable[..., None]) -> None:
        self.listeners[name] = listener

    def send_message(self, name: str, data: Any = None, client_id: str = "") -> None:
        self.workers[client_id].hear(name, data)

    def join(self, client_id: str, worker: Hearing, version: str) -> None:
        """A worker comes, and says hello."""
        self.workers[client_id] = worker
        self.clients[client_id] = SimpleNamespace(state="ready", user_count=0, user_classes_count={})
        hello = {"wiretax": version, "host": "elsewhere", "pid": 100 + len(self.workers)}
        self.say(client_id, messages.HELLO, hello)

    def say(self, client_id: str, name: str, data: Any) -> None:
        self.listeners[name](msg=SimpleNamespace(node_id=client_id, data=data), environment=None)

    def get_worker_index(self, client_id: str) -> int:
        return list(self.clients).index(client_id)

    def start(self, users: int, spawn_rate: float) -> None:
        """Each worker has as many users as it can have alike."""
        self.user_count = users
        nodes = list(self.clients.values())
        for number, node in enumerate(nodes):
            node.user_count = users // len(nodes) + (number < users % len(nodes))

    def quit(self) -> None:
        self.has_quit = True
