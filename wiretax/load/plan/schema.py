"""A plan's tables: the keys each may have, their types, and what they are where they are left out."""

from __future__ import annotations

import msgspec

from wiretax.channels.limits import Limits
from wiretax.channels.workload import Api, Habit, Process
from wiretax.mock.certificate import KeyType


class LimitsTable(msgspec.Struct, forbid_unknown_fields=True):
    batch_size: int = Limits().batch_size
    data_bytes: int = Limits().data_bytes
    channels: int = Limits().channels


class FaultTable(msgspec.Struct, forbid_unknown_fields=True):
    """One ``[[mock.fault]]``: what the embedded mock gets wrong, and how often."""

    kind: str
    share: float = 1.0
    delay: str | None = None
    retry_after: str | None = None


class MockTable(msgspec.Struct, forbid_unknown_fields=True):
    rtt: str = "0s"
    per_request: str = "0s"
    per_event: str = "0s"
    servers: int = 1
    certificate: KeyType = "rsa"
    keep_alive: bool = True
    fault: list[FaultTable] = msgspec.field(default_factory=list)


class WorkloadTable(msgspec.Struct, forbid_unknown_fields=True):
    """One ``[[workload]]``; a list stands for each of its values in turn, and lists multiply."""

    api: Api
    batch_size: int | list[int] | None = None
    channels: int | list[int] | None = None
    payload_bytes: int | list[int] = 100
    payload_kind: str | list[str] = "chat"
    client: str | list[str] = "reference"
    connection: Habit | list[Habit] | None = None
    calls_per_connection: int | list[int] | None = None
    http: str | list[str] = "1.1"
    tls: bool | list[bool] | None = None
    rate: str | list[str] | None = None
    linger: str | list[str] | None = None
    arrivals: Process | list[Process] | None = None
    publishers: int | list[int] | None = None
    rtt: str | list[str] | None = None


class PlanTable(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    name: str
    workload: list[WorkloadTable]
    seed: int = 1
    rounds: int = 12
    slice: str = "250ms"
    users: int = 16
    timeout: str = "10s"
    limits: LimitsTable = msgspec.field(default_factory=LimitsTable)
    mock: MockTable = msgspec.field(default_factory=MockTable)
