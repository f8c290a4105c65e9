"""How the load of a run was driven: by a plan, at Locust's own pace, or by an observed publisher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Mode = Literal["sweep", "free", "observe"]
# A key of run.json, and the column that ``Run`` adds to its slices.
MODE = "mode"
# The kind of payload in observed runs, and the client if no profile matches.
OBSERVED, UNKNOWN = "observed", "unknown"
# The name of free runs before run.json had a mode.
FREE_RUN = "free-run"


def mode_in(meta: Mapping[str, Any]) -> Mode:
    """The mode of a run, from its ``run.json``. Older files have no such key.

    A plan may have any name, so an older free run also has to lack rounds.
    """
    given = meta.get(MODE)
    if given is not None:
        known: dict[str, Mode] = {"sweep": "sweep", "free": "free", "observe": "observe"}
        # Rates of a mode that this version does not know are not compared.
        return known.get(given, "free")
    if "observed" in meta:
        return "observe"
    plan = meta.get("plan") or {}
    return "free" if plan.get("name") == FREE_RUN and "rounds" not in plan else "sweep"
