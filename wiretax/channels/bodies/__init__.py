"""From events to the JSON bodies that a client library sends.

- ``events``: ``Event``, ``bodies``, ``body_writer``: generated events, encoded in a library's style.
- ``payloads``: ``KINDS``, ``payloads``, ``example``: event data of an exact size.
- ``replay``: ``Replay``, ``replayed_bodies``: a user's own events.
"""
