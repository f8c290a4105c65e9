"""One line of a check-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        name: what was looked at.
        state: "ok"; "note" where something is missing or odd that does not stop anything; "failed" where nothing
            after it can work.
        found: what is there.
        advice: what it is for, and what to do; empty where nothing is to be done.
        ms: how long the check took.
    """

    name: str
    state: State
    found: str
    advice: str = ""
    ms: float = 0.0
