"""The tables of gates.toml: their keys, types and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from wiretax.channels.workload import ATTRIBUTES

Undecided = Literal["pass", "fail"]
Form = Literal["ratio", "difference"]


if TYPE_CHECKING:
    WhereTable = msgspec.Struct
else:
    # The workloads that have all of these values; a list stands for any of its values.
    WhereTable = msgspec.defstruct(
        "WhereTable",
        [(each.column, each.type | list[each.type] | None, None) for each in ATTRIBUTES],
        forbid_unknown_fields=True,
        omit_defaults=True,
    )


class CompareTable(msgspec.Struct, forbid_unknown_fields=True, rename={"form": "as"}):
    of: WhereTable
    to: WhereTable
    form: Form = "ratio"


class ToleranceTable(msgspec.Struct, forbid_unknown_fields=True):
    abs: float | None = None
    ratio: float | None = None


class CheckTable(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    metric: str
    where: WhereTable | None = None
    compare: CompareTable | None = None
    max: float | None = None
    min: float | None = None
    baseline: str | None = None
    max_increase: ToleranceTable | None = None
    max_decrease: ToleranceTable | None = None
    confidence: float = 0.95


class ValidTable(msgspec.Struct, forbid_unknown_fields=True):
    min_requests: int = 1
    max_failure_ratio: float = 0.0
    inconclusive: Undecided = "fail"


class GatesTable(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    check: list[CheckTable]
    valid: ValidTable = msgspec.field(default_factory=ValidTable)
