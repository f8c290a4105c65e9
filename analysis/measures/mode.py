"""How a run's load was driven, and whether its rates can be compared at all.

A sweep gives each workload a slice in turn, with all users. In a free run several user classes send side by side
and compete for the machine, and an observed publisher sends at its own pace: their rates say what was sent, and a
ratio of two of them says nothing about the API. ``Run`` writes the mode into its slices as a column, so that it
stays with the frame through filters and merges; frames without the column are those of a sweep.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from wiretax.runs.mode import MODE, Mode


def mode_of(slices: pd.DataFrame) -> Mode:
    """How the load of these slices was driven."""
    return "sweep" if MODE not in slices or slices.empty else slices[MODE].iloc[0]


def is_conducted(slices: pd.DataFrame) -> bool:
    """Whether workloads were sent in turn, so that their rates can be compared round by round."""
    return mode_of(slices) == "sweep"


def why_no_gain(slices: pd.DataFrame) -> str:
    """Why these slices have no gain, and which plan measures one, in a sentence; empty for a sweep."""
    return "" if slices.empty else no_gain(mode_of(slices), set(slices["api"]))


def no_gain(mode: Mode, apis: set[Any]) -> str:
    """The same for a mode and the APIs that were used."""
    if mode == "sweep":
        return ""
    plan = "headline" if "multi_trigger" in apis else "quick"
    instead = f"to compare speeds, send the workloads in turn with a plan: wiretax run {plan}"
    if mode == "observe":
        return f"No gain: an observed publisher sends at its own pace; {instead}."
    return f"No gain: the user classes of a free run send side by side and compete; {instead}."
