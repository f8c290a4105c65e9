"""How a plan counts deliveries."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """How what subscribers receive is counted.

    Attributes:
        grace_s: how long after the last delivery of a slice the next one is waited for (s).
        own_process: whether subscribers have a process of their own.
    """

    grace_s: float = 1.0
    own_process: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return asdict(self)
