"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        name: what was checked.
        state: "ok"; "note" if something is missing or unusual but a run works; "failed" if a run can't work.
        found: what the check found.
        advice: why it matters and what to do; empty if there is nothing to do.
        ms: how long the check took.
    """

    name: str
    state: State
    found: str
    advice: str = ""
    ms: float = 0.0
