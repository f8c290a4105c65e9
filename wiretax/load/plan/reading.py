"""Reading plans: TOML, checked whole before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from wiretax.channels.limits import Limits
from wiretax.channels.validation import object_to, object_to_http, object_to_library, object_to_names
from wiretax.channels.workload import Workload
from wiretax.documents import is_file, read_toml
from wiretax.load.plan.bounds import within_bounds
from wiretax.load.plan.capacity import Capacity, capacity_of
from wiretax.load.plan.counted_deliveries import delivery_of, with_delivery
from wiretax.load.plan.expansion import count, expand, refuse_unknown_words
from wiretax.load.plan.faults import FaultError, fault_of, refuse_excess_shares
from wiretax.load.plan.plan import SCHEMA, Plan, PlanError
from wiretax.load.plan.schema import (
    CapacityTable,
    DeliveryTable,
    EndpointTable,
    FaultTable,
    LimitsTable,
    MockTable,
    PlanTable,
    WorkloadTable,
    given_keys,
)
from wiretax.load.plan.stages import StageTable
from wiretax.load.plan.starts import with_starts
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import FaultList
from wiretax.runs.provenance.labels import LabelError, check_labels
from wiretax.shipped import shipped
from wiretax.toml_errors import near, readable, unknown_key
from wiretax.units.duration import parse_duration
from wiretax.wire.connections.servers import Access

PLANS = shipped("scenarios") / "plans"
NAME = re.compile(r"[A-Za-z0-9._-]+")
MAX_USERS = 10_000
MAX_ROUNDS = 10_000
# Each takes memory, a call before the run, and a slice in each round.
MAX_WORKLOADS = 10_000
# What run.json can hold.
SEEDS = (-(2**63), 2**63 - 1)


def plan_names() -> list[str]:
    """The plans that come with wiretax."""
    return sorted(file.stem for file in PLANS.glob("*.toml"))


def load_plan(given: str, https: bool | None = None, users: int | None = None) -> Plan:
    """Read a plan by its name in ``scenarios/plans`` or by the path of a file.

    Args:
        given: name or path.
        https: whether the given endpoint uses TLS; None if the built-in mock is measured.
        users: the number of users in place of the plan's; None for the plan's.

    Raises:
        PlanError: if there is no such plan, or if it can't be run.
    """
    path = PLANS / f"{given}.toml" if given in plan_names() else Path(given)
    if not is_file(path):
        names = plan_names()
        raise PlanError(f"no plan {given!r}: neither a file nor one of {', '.join(names)}{near(given, names)}")
    try:
        document = read_toml(path)
        plan = parse_plan(document if users is None else {**document, "users": users}, https)
        return replace(plan, access=plan.access.in_folder(path.parent))
    except OSError as error:
        raise PlanError(f"{path}: can't be read as TOML: {error.strerror}") from None
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from None


def parse_plan(document: dict[str, Any], https: bool | None = None) -> Plan:
    """Check a plan's document; ``https`` as in ``load_plan``.

    Raises:
        PlanError: at the first problem.
    """
    _refuse_unknown_keys(document, PlanTable, "the plan")
    _refuse_unknown_keys(document.get("endpoint"), EndpointTable, "[endpoint]")
    _refuse_unknown_keys(document.get("limits"), LimitsTable, "[limits]")
    _refuse_unknown_keys(document.get("capacity"), CapacityTable, "[capacity]")
    _refuse_unknown_keys(document.get("delivery"), DeliveryTable, "[delivery]")
    mock = document.get("mock")
    _refuse_unknown_keys(mock, MockTable, "[mock]")
    for number, fault in enumerate(_tables(mock, "fault"), 1):
        _refuse_unknown_keys(fault, FaultTable, f"[[mock.fault]] {number}")
    for number, workload in enumerate(_tables(document, "workload"), 1):
        _refuse_unknown_keys(workload, WorkloadTable, f"[[workload]] {number}")
        _refuse_unknown_words(workload, f"[[workload]] {number}")
        for at, stage in enumerate(_tables(workload, "stages"), 1):
            _refuse_unknown_keys(stage, StageTable, f"[[workload]] {number}, stage {at}")
    try:
        table = msgspec.convert(document, PlanTable)
    except msgspec.ValidationError as error:
        raise PlanError(readable(error, ("workload", "mock.fault"), "the plan", document)) from None
    if table.schema != SCHEMA:
        raise PlanError(f"schema = {table.schema}, expected {SCHEMA}; this version knows no other")
    if not NAME.fullmatch(table.name):
        raise PlanError(
            f"name = {table.name!r}, expected letters, digits, '.', '_' and '-': results are filed under it"
        )
    _within("seed", table.seed, *SEEDS)
    _within("rounds", table.rounds, 1, MAX_ROUNDS)
    _within("users", table.users, 1, MAX_USERS)
    _within("mock.servers", table.mock.servers, 1, 10_000)
    given = msgspec.structs.asdict(table.limits)
    for key, value in given.items():
        _within(f"limits.{key}", value, 1, 10_000_000)
    limits = Limits(**given)
    capacity = _capacity(table, document)
    workloads = tuple(_workloads(table.workload, limits, https, table.users, capacity))
    plan = Plan(
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
        access=_access(table.endpoint),
        capacity=capacity,
        labels=_labels(table),
    )
    counting = None if table.delivery is None else delivery_of(table.delivery)
    return with_starts(with_delivery(plan, counting), table.starts)


def _capacity(table: PlanTable, document: dict[str, Any]) -> Capacity | None:
    if table.capacity is None:
        return None
    if "rounds" in document:
        raise PlanError("rounds: a search has no number of rounds; leave it out, and give [capacity] a time")
    try:
        return capacity_of(table.capacity)
    except ValueError as error:
        raise PlanError(f"[capacity]: {error}") from None


def _labels(table: PlanTable) -> dict[str, str]:
    for key, value in table.labels.items():
        if not isinstance(value, str):
            raise PlanError(f'[labels] {key}: expected a text in quotes, like {key} = "value"')
    try:
        check_labels(table.labels)
    except LabelError as error:
        raise PlanError(f"[labels]: {error}") from None
    return table.labels


def _access(table: EndpointTable) -> Access:
    ca, cert, key = (None if each is None else Path(each) for each in (table.ca, table.cert, table.key))
    return Access(ca, signs_prefix=table.sign_prefix, cert=cert, key=key)


def _faults(table: PlanTable, workloads: tuple[Workload, ...]) -> FaultList:
    faults = []
    for number, each in enumerate(table.mock.fault, 1):
        try:
            faults.append(fault_of(each))
            refuse_excess_shares(faults)
        except FaultError as error:
            raise PlanError(f"[[mock.fault]] {number}: {error}") from None
    coded = next((workload.name for workload in workloads if workload.transport.http != "1.1"), None)
    if faults and coded:
        raise PlanError(f"[[mock.fault]]: the mock has faults by HTTP/1.1 alone; leave {coded} out")
    if coded and not table.mock.keep_alive:
        raise PlanError(f"[mock] keep_alive = false: the mock then speaks HTTP/1.1 only; leave {coded} out")
    # The calls before the run, one of each workload, find out what the endpoint accepts.
    return FaultList(tuple(faults), table.seed, len(workloads))


def _workloads(
    tables: list[WorkloadTable], limits: Limits, https: bool | None, users: int, capacity: Capacity | None
) -> Iterator[Workload]:
    if not tables:
        raise PlanError("it has no [[workload]]; add at least one")
    total = sum(count(given_keys(table)) for table in tables)
    if total > MAX_WORKLOADS:
        raise PlanError(
            f"{total:,} workloads, expected {MAX_WORKLOADS:,} at most: lists of a [[workload]] multiply, "
            "so shorten them, or split the plan"
        )
    names: set[str] = set()
    for number, table in enumerate(tables, 1):
        try:
            for workload in expand(given_keys(table), users, https, capacity):
                refuse_workload(workload, limits, https)
                if workload.name in names:
                    raise PlanError(f"{workload.name} is in the plan twice; leave one out")
                names.add(workload.name)
                yield workload
        except ValueError as error:
            raise PlanError(f"[[workload]] {number}: {error}") from None


def refuse_workload(workload: Workload, limits: Limits, https: bool | None) -> None:
    """Check a workload; ``https`` as in ``load_plan``.

    Raises:
        PlanError: it can't be sent, or the endpoint or its client library would refuse it.
    """
    tls = workload.transport.tls
    if https not in (None, tls):
        raise PlanError(
            f"tls = {str(tls).lower()}, the endpoint is http{'s' if https else ''}://; leave tls out to follow it"
        )
    objection = object_to_http(workload) or object_to_names(workload)
    if objection is not None:
        raise PlanError(objection)
    objection = object_to(workload, limits)
    if objection is not None:
        raise PlanError(f"{objection}; limits of the endpoint are set in [limits]")
    objection = object_to_library(workload)
    if objection is not None:
        raise PlanError(objection)


def _duration(key: str, text: str, least: float, most: float) -> float:
    try:
        return within_bounds(key, text, parse_duration, least, most, f"{least:g}s to {most:g}s")
    except ValueError as error:
        raise PlanError(str(error)) from None


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


def _refuse_unknown_words(table: object, where: str) -> None:
    try:
        refuse_unknown_words(table if isinstance(table, dict) else {})
    except ValueError as error:
        raise PlanError(f"{where}: {error}") from None
