"""How a run's load was driven: by a plan, freely by Locust, or by somebody else's publisher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Mode = Literal["sweep", "free", "observe"]
# A key of run.json, and the column that ``Run`` adds to its slices.
MODE = "mode"
# The kind of payload in observed runs, and the client if no profile matches.
OBSERVED, UNKNOWN = "observed", "unknown"
# What free runs were named before run.json had a mode.
FREE_RUN = "free-run"


def mode_in(meta: Mapping[str, Any]) -> Mode:
    """The mode of a run by its ``run.json``; older ones have no such key.

    A plan may have any name, so a free run is told by having no rounds, too.
    """
    given = meta.get(MODE)
    if given is not None:
        known: dict[str, Mode] = {"sweep": "sweep", "free": "free", "observe": "observe"}
        # A mode that this version does not know is no sweep to compare rates of.
        return known.get(given, "free")
    if "observed" in meta:
        return "observe"
    plan = meta.get("plan") or {}
    return "free" if plan.get("name") == FREE_RUN and "rounds" not in plan else "sweep"
