"""What became of deliveries, by workload and round, as gates need it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd

from analysis.gates.measured.queue_counts import QueueCounts

# Counts of a check, and the columns of ``delivery.parquet`` that they are in.
COUNTED = {
    "lost": "lost",
    "missed": "missed",
    "duplicated": "duplicated",
    "out_of_order": "out_of_order_publisher",
    "late": "late",
}
# Of each delivery: what its frame carries.
SIZES = ("frame_header_bytes", "envelope_bytes", "payload_delivered_bytes", "encryption_delivered_bytes")


class DeliveryCounts(QueueCounts):
    """The rows of ``delivery.parquet``, and those of ``queue.parquet`` of workloads with a rate."""

    def __init__(self, delivery: pd.DataFrame, queue: pd.DataFrame) -> None:
        super().__init__(queue)
        self._delivered: dict[str, dict[int, dict[str, float]]] = {}
        for row in delivery.to_dict("records"):
            found: dict[str, float] = {name: int(row[column]) for name, column in COUNTED.items()}
            # NaN if several workloads shared the subscribers' connections.
            found |= {"delivered": int(row["delivered"]), "size": sum(row[each] for each in SIZES)}
            into = self._delivered.setdefault(row["workload"], {}).setdefault(row["round"], {})
            for name, value in found.items():
                into[name] = into.get(name, 0) + value

    def by_round(self, workload: str, name: str) -> dict[int, float]:
        """A figure in each round that has one.

        Args:
            workload: its name.
            name: one of ``COUNTED``, or "size" (bytes per delivery).
        """
        rounds = self._delivered.get(workload, {})
        if name == "size":
            return {
                number: each["size"] / each["delivered"]
                for number, each in rounds.items()
                if each["delivered"] and each["size"] == each["size"]
            }
        return {number: float(each[name]) for number, each in rounds.items()}

    def whole(self, workload: str, name: str) -> Fraction | None:
        """The same over all rounds; None if no round was counted."""
        rounds = self._delivered.get(workload)
        if rounds is None:
            return None
        total = sum(each[name] for each in rounds.values())
        if name != "size":
            return Fraction(total)
        delivered = sum(each["delivered"] for each in rounds.values())
        return Fraction(int(total), int(delivered)) if delivered and total == total else None


def of_deliveries(frame: pd.DataFrame, delivery: pd.DataFrame) -> pd.DataFrame:
    """The rows of workloads whose deliveries were counted.

    Args:
        frame: with a column ``workload``, or empty.
        delivery: ``delivery.parquet``.
    """
    counted: Any = set() if delivery.empty else set(delivery["workload"])
    return frame if frame.empty else frame[frame["workload"].isin(counted)]
