"""One metric across runs as a JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from analysis.gates.measured.metrics import Metric
from analysis.history.change_points import ChangePoint
from analysis.history.series import LABEL

SCHEMA = 1


def document(
    frame: pd.DataFrame, steps: pd.DataFrame, changes: list[ChangePoint] | None, workload: str, metric: Metric
) -> dict[str, Any]:
    """The history; ``change_points`` is null if nothing looked for them."""
    labels = [str(name) for name in frame if str(name).startswith(LABEL)]
    return {
        "schema": SCHEMA,
        "workload": workload,
        "metric": metric.name,
        "unit": metric.unit,
        "exact": bool(frame["exact"].all()),
        "runs": [
            {
                "run": row["run"],
                "started": row["started"].isoformat(),
                "commit": row["commit"],
                "changed": row["changed"],
                "labels": {name.removeprefix(LABEL): row[name] for name in labels if row[name] is not None},
                "value": row["value"],
                "low": _known(row["low"]),
                "high": _known(row["high"]),
            }
            for row in frame.to_dict("records")
        ],
        "steps": [
            {name: row[name] for name in ("run", "commit", "since", "before", "value", "difference")}
            for row in steps.to_dict("records")
        ],
        "change_points": None if changes is None else [asdict(each) for each in changes],
    }


def _known(value: float) -> float | None:
    return value if value == value else None
