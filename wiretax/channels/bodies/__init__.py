"""From events to the JSON bodies that a client library sends.

- ``events``: ``Event``, ``bodies``, ``body_writer``: generated events, encoded in a library's style.
- ``encryption``: ``Encryption``: their data, encrypted end to end.
- ``payloads``: ``KINDS``, ``payloads``, ``example``: event data of an exact size.
- ``replay``: ``Replay``: a user's own events.
- ``weighed``: ``weighed_bodies``, ``weighed_writer``: bodies that know the bytes of data in them.
"""
