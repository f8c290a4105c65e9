"""One run of the runs of several starts. Byte counts add up; a start that is invalid makes the run invalid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wiretax.load.starts.counts import added_up, mean_cores, peers_of, reconciled, skipped_rows
from wiretax.load.starts.messages import merged_messages
from wiretax.mock.ledger import merge_ledgers
from wiretax.runs.run_tables import RunTables, of_start


@dataclass(frozen=True, slots=True)
class MeasuredStart:
    """The run of one start.

    Attributes:
        run: what it measured.
        seconds: how long its process took, from its start to its end.
    """

    run: RunTables
    seconds: float

    @property
    def rounds(self) -> int:
        """The number of its rounds, as they are numbered from 0."""
        numbers = self.run.tables["slices"]["round"]
        return 1 + pc.max(numbers).as_py() if len(numbers) else 0

    @property
    def slices_s(self) -> float:
        """The duration of its slices (s); workers' time counts once."""
        slices = self.run.tables["slices"]
        longest = slices.group_by(["round", "stage", "workload"]).aggregate([("duration_s", "max")])
        return float(pc.sum(longest["duration_s_max"]).as_py() or 0.0)

    @property
    def is_whole(self) -> bool:
        """Whether it measured all that it was to measure, and is valid."""
        return bool(self.run.meta["valid"] and not self.run.meta["interrupted"])


def merge(starts: Sequence[MeasuredStart], plan: dict[str, Any], problems: Sequence[str] = ()) -> RunTables:
    """One run of several.

    Args:
        starts: at least one, in the order in which they were measured.
        plan: the whole plan, as ``run.json`` keeps it.
        problems: further reasons not to trust the run, a sentence each.
    """
    firsts = [sum(each.rounds for each in starts[:place]) for place in range(len(starts))]
    ledger = _ledger([each.run.server for each in starts])
    return RunTables(_meta(starts, firsts, plan, problems), _tables(starts, firsts), ledger)


def _tables(starts: Sequence[MeasuredStart], firsts: Sequence[int]) -> dict[str, pa.Table]:
    """The rows of all starts, with rounds numbered on."""
    parts: dict[str, list[pa.Table]] = {}
    for number, (start, first) in enumerate(zip(starts, firsts, strict=True)):
        for name, table in start.run.tables.items():
            if "round" in table.column_names:
                place = table.column_names.index("round")
                numbers = pc.cast(pc.add(table["round"], first), table["round"].type)
                table = table.set_column(place, table.schema.field("round"), numbers)
            parts.setdefault(name, []).append(of_start(table, number))
    return {name: pa.concat_tables(each) for name, each in parts.items()}


def _ledger(ledgers: Sequence[dict[str, Any] | None]) -> dict[str, Any] | None:
    kept = [each for each in ledgers if each is not None]
    if len(kept) < len(ledgers) or not kept:
        return None
    whole = merge_ledgers([{key: value for key, value in each.items() if key != "by_server"} for each in kept])
    if "by_server" not in kept[0]:
        return whole
    servers = kept[0]["by_server"]
    return {**whole, "by_server": {name: _ledger([each["by_server"][name] for each in kept]) for name in servers}}


def _meta(
    starts: Sequence[MeasuredStart], firsts: Sequence[int], plan: dict[str, Any], problems: Sequence[str]
) -> dict[str, Any]:
    metas = [each.run.meta for each in starts]
    first, last = metas[0], metas[-1]
    differences = merged_messages([each["reconcile"]["differences"] for each in metas])
    apart = _other_addresses(metas)
    invalid = [*problems, *apart, *merged_messages([each["invalid_because"] for each in metas])]
    planned = plan.get("starts", 1)
    fewer = [f"measured {len(starts)} of {planned} starts"] if len(starts) < planned else []
    return {
        **first,
        "finished": last["finished"],
        "plan": plan,
        "profiles": {name: version for each in metas for name, version in each["profiles"].items()},
        "rounds_measured": sum(each["rounds_measured"] for each in metas),
        "interrupted": any(each["interrupted"] for each in metas),
        "worker_states": [state for each in metas for state in each["worker_states"]],
        "warnings": [*fewer, *merged_messages([each["warnings"] for each in metas])],
        "valid": not invalid,
        "invalid_because": invalid,
        "skipped": skipped_rows(metas, firsts),
        "peers": peers_of(metas),
        "reconcile": reconciled([each["reconcile"] for each in metas], differences),
        "busy": mean_cores(metas, [each.slices_s for each in starts]),
        **{
            key: added_up([each[key] for each in metas])
            for key in ("outcome", "tcp", "tls", "connections", "parts", "paused", "budget")
        },
        **({"delivery": _deliveries(metas)} if "delivery" in first else {}),
        "starts": [
            {
                "started": each.run.meta["started"],
                "finished": each.run.meta["finished"],
                "endpoint": each.run.meta["endpoint"],
                "rounds": each.run.meta["rounds_measured"],
                "seconds": round(each.seconds, 3),
                "slices_s": round(each.slices_s, 3),
                "valid": each.run.meta["valid"],
            }
            for each in starts
        ],
    }


def _deliveries(metas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What subscribers counted in all starts."""
    parts = [each["delivery"] for each in metas]
    differences = merged_messages([each["differences"] for each in parts])
    return {**parts[0], "totals": added_up([each["totals"] for each in parts]), "differences": differences}


def _other_addresses(metas: Sequence[dict[str, Any]]) -> list[str]:
    """A reason not to trust a run whose requests have other sizes in some starts, because of a mock's port."""
    if all(each["addresses"] == metas[0]["addresses"] for each in metas):
        return []
    return ["the mocks' ports have different numbers of digits, so requests differ in size between starts"]
