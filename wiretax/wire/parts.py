"""The bytes of exchanges, part by part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Parts:
    """Bytes of one exchange, or of several together. Their names are those of a ``Tally`` without ``_bytes``.

    ``encryption`` is a part of ``body``.
    """

    request_line: int = 0
    auth_query: int = 0
    header: int = 0
    body: int = 0
    framing_sent: int = 0
    response_head: int = 0
    response_body: int = 0
    framing_received: int = 0
    encryption: int = 0

    @property
    def sent(self) -> int:
        """Bytes of the requests, HTTP/2's connection frames included."""
        return self.request_line + self.auth_query + self.header + self.body + self.framing_sent

    @property
    def received(self) -> int:
        """Bytes of the responses, likewise."""
        return self.response_head + self.response_body + self.framing_received
