"""The tables of a plan: their keys, the types of the values, and the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from wiretax.channels.limits import Limits
from wiretax.channels.workload import ATTRIBUTES, Api, Attribute
from wiretax.load.plan.stages import StageTable
from wiretax.mock.certificate import KeyType


class LimitsTable(msgspec.Struct, forbid_unknown_fields=True):
    batch_size: int = Limits().batch_size
    data_bytes: int = Limits().data_bytes
    channels: int = Limits().channels
    channel_name: int = Limits().channel_name
    event_name: int = Limits().event_name


class EndpointTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[endpoint]``: options that go with a server's URL. Files are relative to the plan's folder."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    sign_prefix: bool = False


class FaultTable(msgspec.Struct, forbid_unknown_fields=True):
    """One ``[[mock.fault]]``: a fault of the built-in mock, and its share of the requests."""

    kind: str
    share: float = 1.0
    delay: str | None = None
    retry_after: str | None = None


class CapacityTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[capacity]``: the rate that each workload can carry is searched."""

    p99: str
    within: str = "5%"
    time: str = "75s"
    least: str = "10/s"
    most: str = "1000000/s"


class DeliveryTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[delivery]``: what subscribers receive is counted."""

    grace: str = "1s"
    subscribers: int = 1
    own_process: bool = True


class MockTable(msgspec.Struct, forbid_unknown_fields=True):
    rtt: str = "0s"
    per_request: str = "0s"
    per_event: str = "0s"
    servers: int = 1
    certificate: KeyType = "rsa"
    keep_alive: bool = True
    fault: list[FaultTable] = msgspec.field(default_factory=list)


def _type(attribute: Attribute) -> Any:
    return str if attribute.parse is not None else attribute.type


if TYPE_CHECKING:
    WorkloadTable = msgspec.Struct
else:
    # One ``[[workload]]``; a list stands for each of its values in turn, and lists multiply.
    WorkloadTable = msgspec.defstruct(
        "WorkloadTable",
        [
            ("api", Api),
            *(
                (each.key, _type(each) | list[_type(each)] | msgspec.UnsetType, msgspec.UNSET)
                for each in ATTRIBUTES
                if each.key not in (None, "api")
            ),
            # One rate that changes, in place of ``rate``: a list that does not multiply.
            ("stages", list[StageTable] | msgspec.UnsetType, msgspec.UNSET),
        ],
        forbid_unknown_fields=True,
    )


def given_keys(table: WorkloadTable) -> dict[str, Any]:
    """The keys that a table has, and their values."""
    return {key: value for key in table.__struct_fields__ if (value := getattr(table, key)) is not msgspec.UNSET}


class PlanTable(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    name: str
    workload: list[WorkloadTable]
    seed: int = 1
    rounds: int = 30
    starts: int = 1
    slice: str = "100ms"
    users: int = 16
    timeout: str = "10s"
    endpoint: EndpointTable = msgspec.field(default_factory=EndpointTable)
    limits: LimitsTable = msgspec.field(default_factory=LimitsTable)
    mock: MockTable = msgspec.field(default_factory=MockTable)
    capacity: CapacityTable | None = None
    delivery: DeliveryTable | None = None
    labels: dict[str, Any] = msgspec.field(default_factory=dict)
