"""Subscribers over WebSocket.

- ``process.SubscriberProcess`` has those of a run in their own process, ``subscribers.Subscribers`` in this one.
- ``socket_subscriber`` is one connection, and ``subscriber`` what happens on it, without I/O.
- ``collector`` keeps what arrives.
"""
