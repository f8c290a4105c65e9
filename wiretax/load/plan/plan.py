"""Plans: what to measure, as TOML, checked whole before anything is sent."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from wiretax.channels.bodies.payloads import KINDS
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.validation import object_to, object_to_http
from wiretax.channels.workload import LIBRARY, Api, Workload
from wiretax.load.plan.faults import FaultError, fault_of, hold_to_all_requests
from wiretax.load.plan.queues import queued
from wiretax.load.plan.schema import FaultTable, LimitsTable, MockTable, PlanTable, WorkloadTable
from wiretax.mock.certificate import KeyType
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import FaultList
from wiretax.shipped import shipped
from wiretax.toml_errors import near, readable, unknown_key
from wiretax.units.duration import parse_duration

PLANS = shipped("scenarios") / "plans"
SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9._-]+")
MAX_USERS = 10_000
MAX_ROUNDS = 10_000

T = TypeVar("T")


class PlanError(ValueError):
    """A plan that can't be run: one line that says what was given, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan.

    Attributes:
        name: what results are filed under.
        seed: what payloads and the order of each round are drawn from.
        rounds: passes through all workloads.
        slice_s: the time a workload holds in a round; longer where twenty of its round trips take longer.
        users: Locust users, a connection each.
        timeout_s: how long an exchange may take.
        limits: what the endpoint takes.
        cost: the embedded mock's cost model.
        certificate: the kind of key of its certificate, where workloads use TLS.
        faults: what it gets wrong.
        keep_alive: whether it leaves connections open after an answer.
        workloads: what is sent, in the plan's order.
        replay: events they send in place of drawn ones.
    """

    name: str
    seed: int
    rounds: int
    slice_s: float
    users: int
    timeout_s: float
    limits: Limits
    cost: CostModel
    certificate: KeyType
    faults: FaultList
    workloads: tuple[Workload, ...]
    replay: Replay | None = None
    keep_alive: bool = True

    @property
    def tls(self) -> list[bool]:
        """Whether its workloads use TLS: one answer, or both."""
        return sorted({workload.transport.tls for workload in self.workloads})

    def for_workers(self) -> Plan:
        """The same, if workers may share it.

        Raises:
            PlanError: where a queue is in it, which one process has to hold.
        """
        queue = next((workload.name for workload in self.workloads if workload.queued), None)
        if queue is not None:
            raise PlanError(f"{queue} has a queue, which one process holds: run the plan without workers")
        return self

    def mocks(self) -> dict[tuple[bool, float | None], CostModel]:
        """The costs of the mocks it takes, by whether they speak TLS and the round trip that workloads name."""
        needed = dict.fromkeys((workload.transport.tls, workload.arrivals.rtt_s) for workload in self.workloads)
        return {key: self.cost if key[1] is None else replace(self.cost, rtt=key[1]) for key in needed}

    def against(self) -> Plan:
        """The plan with each workload sent to a second server as well, right after the first."""
        pairs = ((workload, workload.replace(server="against")) for workload in self.workloads)
        return replace(self, workloads=tuple(workload for pair in pairs for workload in pair))

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "seed": self.seed,
            "rounds": self.rounds,
            "slice_s": self.slice_s,
            "users": self.users,
            "timeout_s": self.timeout_s,
            "limits": msgspec.to_builtins(self.limits),
            "workloads": [workload.name for workload in self.workloads],
            **({} if self.keep_alive else {"keep_alive": False}),
            **({} if self.replay is None else {"replay": self.replay.as_dict()}),
        }


def plan_names() -> list[str]:
    """The plans that come with wiretax."""
    return sorted(file.stem for file in PLANS.glob("*.toml"))


def load_plan(given: str, https: bool | None = None) -> Plan:
    """Read a plan by its name in ``scenarios/plans`` or by the path of a file.

    Args:
        given: name or path.
        https: whether the endpoint that was given speaks TLS; None where none was given.

    Raises:
        PlanError: where there is none, or it can't be run.
    """
    path = PLANS / f"{given}.toml" if given in plan_names() else Path(given)
    if not path.is_file():
        names = plan_names()
        raise PlanError(f"no plan {given!r}: neither a file nor one of {', '.join(names)}{near(given, names)}")
    try:
        text = path.read_text(encoding="utf-8")
        return parse_plan(tomllib.loads(text), https)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(f"{path}: can't be read as TOML: {error}") from None
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from None


def parse_plan(document: dict[str, Any], https: bool | None = None) -> Plan:
    """Check a plan's document; ``https`` as in ``load_plan``.

    Raises:
        PlanError: at the first thing that is wrong.
    """
    _refuse_unknown_keys(document, PlanTable, "the plan")
    _refuse_unknown_keys(document.get("limits"), LimitsTable, "[limits]")
    mock = document.get("mock")
    _refuse_unknown_keys(mock, MockTable, "[mock]")
    for number, fault in enumerate(_tables(mock, "fault"), 1):
        _refuse_unknown_keys(fault, FaultTable, f"[[mock.fault]] {number}")
    for number, workload in enumerate(_tables(document, "workload"), 1):
        _refuse_unknown_keys(workload, WorkloadTable, f"[[workload]] {number}")
        _refuse_unknown_api(workload, f"[[workload]] {number}")
    try:
        table = msgspec.convert(document, PlanTable)
    except msgspec.ValidationError as error:
        raise PlanError(readable(error, ("workload", "mock.fault"), "the plan")) from None
    if table.schema != SCHEMA:
        raise PlanError(f"schema = {table.schema}, expected {SCHEMA}; this version knows no other")
    if not NAME.fullmatch(table.name):
        raise PlanError(
            f"name = {table.name!r}, expected letters, digits, '.', '_' and '-': results are filed under it"
        )
    _within("rounds", table.rounds, 1, MAX_ROUNDS)
    _within("users", table.users, 1, MAX_USERS)
    _within("mock.servers", table.mock.servers, 1, 10_000)
    for key in ("batch_size", "data_bytes", "channels"):
        _within(f"limits.{key}", getattr(table.limits, key), 1, 10_000_000)
    limits = Limits(table.limits.batch_size, table.limits.data_bytes, table.limits.channels)
    workloads = tuple(_workloads(table.workload, limits, https, table.users))
    return Plan(
        name=table.name,
        seed=table.seed,
        rounds=table.rounds,
        slice_s=_duration("slice", table.slice, 0.01, 60),
        users=table.users,
        timeout_s=_duration("timeout", table.timeout, 0.01, 600),
        limits=limits,
        cost=CostModel(
            rtt=_duration("mock.rtt", table.mock.rtt, 0, 60),
            per_request=_duration("mock.per_request", table.mock.per_request, 0, 60),
            per_event=_duration("mock.per_event", table.mock.per_event, 0, 60),
            servers=table.mock.servers,
        ),
        certificate=table.mock.certificate,
        faults=_faults(table, workloads),
        workloads=workloads,
        keep_alive=table.mock.keep_alive,
    )


def _faults(table: PlanTable, workloads: tuple[Workload, ...]) -> FaultList:
    faults = []
    for number, each in enumerate(table.mock.fault, 1):
        try:
            faults.append(fault_of(each))
            hold_to_all_requests(faults)
        except FaultError as error:
            raise PlanError(f"[[mock.fault]] {number}: {error}") from None
    coded = next((workload.name for workload in workloads if workload.transport.http != "1.1"), None)
    if faults and coded:
        raise PlanError(f"[[mock.fault]]: the mock has faults by HTTP/1.1 alone; leave {coded} out")
    if coded and not table.mock.keep_alive:
        raise PlanError(f"[mock] keep_alive = false: the mock then speaks HTTP/1.1 only; leave {coded} out")
    # The calls before the run, one of each workload, find out what the endpoint accepts.
    return FaultList(tuple(faults), table.seed, len(workloads))


def _workloads(tables: list[WorkloadTable], limits: Limits, https: bool | None, users: int) -> Iterator[Workload]:
    if not tables:
        raise PlanError("it has no [[workload]]; add at least one")
    seen: set[str] = set()
    for number, table in enumerate(tables, 1):
        where = f"[[workload]] {number}"
        if table.batch_size is not None and table.api != "batch":
            raise PlanError(f'{where}: batch_size goes with api = "batch", not with {table.api!r}; leave it out')
        if table.channels is not None and table.api != "multi_trigger":
            raise PlanError(
                f'{where}: channels goes with api = "multi_trigger", not with {table.api!r}; leave it out'
            )
        if table.api == "batch" and table.batch_size is None:
            raise PlanError(f'{where}: api = "batch" needs a batch_size')
        if table.api == "multi_trigger" and table.channels is None:
            raise PlanError(f'{where}: api = "multi_trigger" needs channels')
        for key in WorkloadTable.__struct_fields__:
            if getattr(table, key) == []:
                raise PlanError(f"{where}: {key} is an empty list; give it a value or leave it out")
        for workload in _queued(table, where, https, users):
            tls = workload.transport.tls
            if https not in (None, tls):
                raise PlanError(
                    f"{where}: tls = {str(tls).lower()}, the endpoint is http{'s' if https else ''}://; "
                    "leave tls out to follow it"
                )
            objection = object_to_http(workload)
            if objection is not None:
                raise PlanError(f"{where}: {objection}")
            objection = object_to(workload, limits)
            if objection is not None:
                raise PlanError(f"{where}: {objection}; limits of the endpoint are set in [limits]")
            if workload.name in seen:
                raise PlanError(f"{where}: {workload.name} is in the plan twice; leave one out")
            seen.add(workload.name)
            yield workload


def _queued(table: WorkloadTable, where: str, https: bool | None, users: int) -> Iterator[Workload]:
    try:
        for workload in _multiply(table, where, bool(https)):
            yield from queued(workload, table, users, given=https is not None)
    except PlanError:
        raise
    except ValueError as error:
        raise PlanError(f"{where}: {error}") from None


def _multiply(table: WorkloadTable, where: str, https: bool) -> Iterator[Workload]:
    for batch_size, channels, payload_bytes, kind, client, connection, calls, http, tls in product(
        _listed(1 if table.batch_size is None else table.batch_size),
        _listed(1 if table.channels is None else table.channels),
        _listed(table.payload_bytes),
        _listed(table.payload_kind),
        _listed(table.client),
        table.connection if isinstance(table.connection, list) else [table.connection],
        _listed(table.calls_per_connection or 0),
        _listed(table.http),
        _listed(https if table.tls is None else table.tls),
    ):
        if kind not in KINDS:
            raise PlanError(
                f"{where}: unknown payload_kind {kind!r}; one of {', '.join(KINDS)}{near(kind, KINDS)}"
            )
        names = (*profile_names(), LIBRARY)
        if client not in names:
            raise PlanError(f"{where}: unknown client {client!r}; one of {', '.join(names)}{near(client, names)}")
        yield Workload.of(
            api=table.api,
            batch_size=batch_size,
            channels=channels,
            payload_bytes=payload_bytes,
            payload_kind=kind,
            client=client,
            connection=connection or load_profile(client).connection,
            calls_per_connection=calls,
            http=http,
            tls=tls,
        )


def _listed(value: T | list[T]) -> list[T]:
    return value if isinstance(value, list) else [value]


def _duration(key: str, text: str, least: float, most: float) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise PlanError(f"{key}: {error}") from None
    if not least <= seconds <= most:
        raise PlanError(f"{key} = {text!r}, expected {least:g}s to {most:g}s")
    return seconds


def _within(key: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise PlanError(f"{key} = {value}, expected {least} to {most}")


def _tables(document: object, key: str) -> list[Any]:
    """An array of tables, as far as it is one; what is wrong with it is said later."""
    tables = document.get(key) if isinstance(document, dict) else None
    return tables if isinstance(tables, list) else []


def _refuse_unknown_keys(document: object, struct: type[msgspec.Struct], where: str) -> None:
    objection = unknown_key(document, struct, where)
    if objection is not None:
        raise PlanError(objection)


def _refuse_unknown_api(workload: object, where: str) -> None:
    api = workload.get("api") if isinstance(workload, dict) else None
    if isinstance(api, str) and api not in get_args(Api):
        raise PlanError(
            f"{where}: api = {api!r}, expected one of {', '.join(get_args(Api))}{near(api, get_args(Api))}"
        )
