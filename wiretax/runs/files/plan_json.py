"""``plan`` of ``run.json``: what a run was to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from wiretax.channels.workload import IN_FILES
from wiretax.runs.files.amounts import Amount, Count


class ReplaySizes(msgspec.Struct):
    least: Count
    most: Count
    mean: Amount


class ReplayRecord(msgspec.Struct):
    name: str
    events: Count
    payload_bytes: ReplaySizes
    skipped: Count = 0


class StageRecord(msgspec.Struct):
    users: Count
    spawn_rate: Amount = 0.0
    user_classes: list[str] = []
    started_s: Amount = 0.0


class CapacityRecord(msgspec.Struct):
    p99_s: Amount
    within: Amount
    time_s: Amount
    least: Amount
    most: Amount


if TYPE_CHECKING:
    LeftOutRecord = msgspec.Struct
else:
    LeftOutRecord = msgspec.defstruct(
        "LeftOutRecord", [("workload", str), *((each.column, each.type, each.default) for each in IN_FILES)]
    )


class PlanRecord(msgspec.Struct):
    name: str
    users: Count
    rounds: Count | None = None
    starts: Count = 1
    slice_s: Amount = 0.0
    workloads: list[str] = []
    command: list[str] = []
    replay: ReplayRecord | None = None
    stages: list[StageRecord] = []
    capacity: CapacityRecord | None = None
    only: list[str] = []
    skip: list[str] = []
    left_out: list[LeftOutRecord] = []
    once: bool = False
