"""The tables of gates.toml: the keys each may have, their types, and what they are where they are left out."""

from __future__ import annotations

from typing import Literal

import msgspec

from wiretax.channels.workload import Api, Habit, Server

Http = Literal["1.1", "2"]
Undecided = Literal["pass", "fail"]
Form = Literal["ratio", "difference"]


class WhereTable(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Which workloads: those that have all of these; a list stands for any of its values."""

    api: Api | list[Api] | None = None
    batch_size: int | list[int] | None = None
    channels: int | list[int] | None = None
    payload_bytes: int | list[int] | None = None
    payload_kind: str | list[str] | None = None
    client: str | list[str] | None = None
    connection: Habit | list[Habit] | None = None
    calls_per_connection: int | list[int] | None = None
    http: Http | list[Http] | None = None
    tls: bool | list[bool] | None = None
    server: Server | list[Server] | None = None


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
