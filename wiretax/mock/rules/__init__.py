"""The rules of the service: what it accepts and how it answers. No I/O: one request in, one verdict out.

Source: Pusher's HTTP API reference. Order of checks: path, authentication, then the body.

- ``rules``: ``Rules``, the checks of a request; ``Accepted`` and ``Refused``, the verdicts (``verdict``).
- ``authentication``: paths, queries and signatures.
- ``publishing``: the events of triggers and batches.
- ``questions``: the calls that publish nothing.
"""

from wiretax.mock.rules.publishing import MEMO_SIZE
from wiretax.mock.rules.rules import Rules
from wiretax.mock.rules.verdict import Accepted, Refused

__all__ = ["MEMO_SIZE", "Accepted", "Refused", "Rules"]
