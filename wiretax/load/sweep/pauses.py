"""Time without sending, requested by the endpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# After this many cuts by 429, a slice is unlikely ever to complete.
MOST_TRIES = 4


@dataclass(slots=True)
class Pauses:
    """The waits that the endpoint requested (429).

    Attributes:
        times: how often it requested one.
        waited_s: how long the run waited.
        cut_s: the duration of slices that were cut and measured again.
        given_up: whether there were too many, so the run no longer waits.
    """

    times: int = 0
    waited_s: float = 0.0
    cut_s: float = 0.0
    given_up: bool = False

    def __str__(self) -> str:
        times = "once" if self.times == 1 else f"{self.times} times"
        anew = f", {self.cut_s:.1f} s of slices measured again" if self.cut_s else ""
        return (
            f"the endpoint asked to wait (429), {times}: {self.waited_s:.1f} s lost{anew}; excluded from rates"
            + (f"; then a slice was cut {MOST_TRIES} times in a row, and 429 was counted only" * self.given_up)
        )

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return asdict(self)
