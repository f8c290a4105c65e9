"""The keys that ``run.json`` and ``server.json`` can have, from the code that writes and reads them.

A key within objects, or within a list of them, is joined by dots: ``peers.port``. The name of a client or
of a file is ``NAME``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from wiretax.channels.limits import Limits
from wiretax.channels.profiles.batching import WithoutBatches
from wiretax.channels.profiles.reached import LimitSeen
from wiretax.delivery.counting.delivery_bytes import NAMES
from wiretax.load.free.stages import Stage
from wiretax.load.sweep.conductor import AddedRounds
from wiretax.load.sweep.pauses import Pauses
from wiretax.mock.cost import CostModel
from wiretax.mock.delivery.ledger import DeliveryLedger
from wiretax.mock.faults import WAITS_S, Fault
from wiretax.mock.ledger import ServerLedger
from wiretax.queue.redis.counts import StreamCounts
from wiretax.queue.sources.jsonl import LinesCounts
from wiretax.runs.files.run_json import RunRecordFile
from wiretax.runs.machine import describe_machine
from wiretax.wire.counters import ConnectionCounts, TcpCounters, TlsCounters
from wiretax.wire.ledger import COUNTS
from wiretax.wire.publishers.message_limit import MessageLimit

ROOT = Path(__file__).parents[2]
# Objects whose keys are names.
NAMED = ("labels", "profiles", "proxies", "files", "reconcile.by_server", "parts", "observed.encoded_twice")
# Where dictionaries are built that become ``run.json`` or a part of it; others are read from types.
WRITERS = (
    ("wiretax/load/accounting/run_facts.py", "as_dict", ""),
    ("wiretax/load/accounting/measurement.py", "conclude", ""),
    ("wiretax/load/starts/merging.py", "_meta", ""),
    ("wiretax/observe/observation.py", "_meta", ""),
    ("wiretax/load/plan/plan.py", "as_dict", "plan"),
    ("wiretax/load/plan/capacity.py", "as_dict", "plan.capacity"),
    ("wiretax/channels/bodies/replay.py", "as_dict", "plan.replay"),
    ("wiretax/runs/outcome.py", "as_dict", "outcome"),
    ("wiretax/runs/reconcile.py", "as_dict", "reconcile"),
    ("wiretax/load/cluster/registry.py", "as_row", "worker_states"),
    ("wiretax/observe/other_calls.py", "other_calls", "observed.other_calls"),
    ("wiretax/queue/unpublished.py", "as_dict", "unpublished"),
)


def typed_keys() -> set[str]:
    """Those that have a type of their own."""
    of_types: dict[str, Iterable[str]] = {
        "plan.limits": _fields(Limits),
        "plan.stages": _fields(Stage),
        "mock": CostModel().as_dict(),
        "faults": Fault(next(iter(WAITS_S)), 0.5).as_dict(),
        "environment": describe_machine(),
        "tcp": TcpCounters._fields,
        "tls": TlsCounters._fields,
        "connections": ConnectionCounts._fields,
        "parts.NAME": COUNTS,
        "added.asked": _fields(AddedRounds),
        "paused": _fields(Pauses),
        "budget": MessageLimit(1).as_dict(),
        "from_outside": [*_fields(LinesCounts), *_fields(StreamCounts)],
        "delivery.totals": NAMES,
        "observed.without_batches": _fields(WithoutBatches),
        "observed.recognised.limits": _fields(LimitSeen),
    }
    return {f"{place}.{name}" for place, names in of_types.items() for name in names}


def _fields(record: type) -> list[str]:
    return [each.name for each in fields(record)]


def read_keys(struct: Any = RunRecordFile, place: str = "") -> Iterator[str]:
    """Those that a reader of ``run.json`` checks."""
    for each in msgspec.structs.fields(struct):
        path = f"{place}{each.encode_name}"
        kinds = list(_kinds(each.type))
        structs = [
            (is_named, kind)
            for is_named, kind in kinds
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        ]
        if not structs:
            yield path
        for is_named, kind in structs:
            yield from read_keys(kind, f"{path}.NAME." if is_named else f"{path}.")


def _kinds(type_: Any, is_named: bool = False) -> Iterator[tuple[bool, Any]]:
    origin = get_origin(type_)
    if origin is Annotated:
        yield from _kinds(get_args(type_)[0], is_named)
    elif origin in (Union, UnionType):
        for each in get_args(type_):
            yield from _kinds(each, is_named)
    elif origin is list:
        yield from _kinds(get_args(type_)[0], is_named)
    elif origin is dict:
        yield from _kinds(get_args(type_)[1], True)
    else:
        yield is_named, type_


def written_keys() -> set[str]:
    """Those of the dictionaries that the code spells out."""
    found: set[str] = set()
    for file, function, place in WRITERS:
        tree = ast.parse((ROOT / file).read_text())
        [body, *more] = [
            each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == function
        ]
        before = len(found)
        for each in (body, *more):
            for node in ast.walk(each):
                if isinstance(node, ast.Return | ast.Assign) and node.value is not None:
                    found |= set(_literal(node.value, place))
        assert len(found) > before, (file, function)
    for file in (ROOT / "wiretax").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and (key := _set_in_meta(node.targets[0])):
                found |= {key, *_literal(node.value, key)}
    return found


def _set_in_meta(target: ast.expr) -> str:
    """``meta["key"] = ...``: the key."""
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        of = target.value
        if isinstance(of, ast.Attribute) and of.attr == "meta" and isinstance(target.slice.value, str):
            return target.slice.value
    return ""


def _literal(node: ast.expr, place: str) -> Iterator[str]:
    """The keys of a dictionary that is spelled out, or of a list of such."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _literal(value, place)
            elif isinstance(key, ast.Constant):
                path = f"{place}.{key.value}" if place else str(key.value)
                yield path
                yield from _literal(value, path)
    elif isinstance(node, ast.ListComp):
        yield from _literal(node.elt, place)
    elif isinstance(node, ast.IfExp):
        yield from _literal(node.body, place)
        yield from _literal(node.orelse, place)


def keys_of(file: Path) -> set[str]:
    """Those of a file."""
    return set(_keys(json.loads(file.read_text()), ""))


def _keys(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            path = f"{place}.{'NAME' if place in NAMED else key}" if place else key
            yield path
            yield from _keys(each, path)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each, place)


def ledger_keys() -> set[str]:
    """Those of ``server.json``."""
    return {*ServerLedger().as_dict(), "cpu_s", *(f"delivery.{each.name}" for each in fields(DeliveryLedger))}
