"""The Pusher Channels HTTP API as published, as pure functions: nothing here does I/O or reads a clock.

- ``endpoint``: ``Endpoint``, ``Credentials``, ``DEMO``; ``limits``: ``Limits`` and the refusals of a server.
- ``workload``: ``Workload``, what is sent; ``validation``: why a workload can't be sent.
- ``profiles``: client libraries as data; ``bodies``: events and their JSON; ``request``: heads, signatures, sizes.
- ``answers``: what a response means; ``remedies``: what to do about one that acknowledged nothing.
"""
