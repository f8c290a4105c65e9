"""gates.toml, validated completely before anything is measured or evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any, get_args

import msgspec

from analysis.gates.file.checks import Check, Comparison, GatesError, Tolerance, ValidityRules, Where
from analysis.gates.file.schema import (
    CheckTable,
    CompareTable,
    Form,
    GatesTable,
    ToleranceTable,
    Undecided,
    ValidTable,
    WhereTable,
)
from analysis.gates.measured.metrics import METRICS
from wiretax.channels.bodies.payloads import KINDS
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.profiles import profile_names
from wiretax.channels.workload import ATTRIBUTES, LIBRARY
from wiretax.documents import is_file, read_toml
from wiretax.runs.mode import OBSERVED, UNKNOWN
from wiretax.toml_errors import near, readable, unknown_key, unknown_word

SCHEMA = 1
ID = re.compile(r"[A-Za-z0-9._-]+")
WORDS: dict[str, tuple[str, ...]] = {
    **{each.column: each.words for each in ATTRIBUTES if each.words},
    "as": get_args(Form),
    "inconclusive": get_args(Undecided),
}
# Columns that only workloads whose events arrive in a queue have.
OF_QUEUES = frozenset(each.column for each in ATTRIBUTES if each.of_queue)


def parse_gates(document: dict[str, Any], folder: Path) -> tuple[ValidityRules, tuple[Check, ...]]:
    """Check a gates file's document; baselines' paths start from ``folder``.

    Raises:
        GatesError: at the first error.
    """
    _reject_unknown_keys(document, GatesTable, "the gates file")
    _reject_unknown_keys(document.get("valid"), ValidTable, "[valid]")
    valid = document.get("valid")
    if isinstance(valid, dict):
        _reject_unknown_word("inconclusive", valid.get("inconclusive"), "valid.inconclusive")
    checks = document.get("check")
    for number, check in enumerate(checks if isinstance(checks, list) else [], 1):
        _reject_unknown_words(check, f"[[check]] {number}")
    try:
        table = msgspec.convert(document, GatesTable)
    except msgspec.ValidationError as error:
        raise GatesError(readable(error, ("check",), "the gates file", document)) from None
    if table.schema != SCHEMA:
        raise GatesError(f"schema = {table.schema}, expected {SCHEMA}; this version supports no other")
    if not table.check:
        raise GatesError("it has no [[check]]; without one, everything would pass")
    if table.valid.min_requests < 1:
        raise GatesError(f"valid.min_requests = {table.valid.min_requests}, expected 1 or more")
    if not 0 <= table.valid.max_failure_ratio < 1:
        raise GatesError(f"valid.max_failure_ratio = {table.valid.max_failure_ratio:g}, expected 0 to below 1")
    rules = ValidityRules(table.valid.min_requests, table.valid.max_failure_ratio, table.valid.inconclusive)
    return rules, tuple(_checks(table.check, folder))


def read_document(path: Path) -> dict[str, Any]:
    """The TOML of a gates file.

    Raises:
        GatesError: the file does not exist.
    """
    if not is_file(path):
        raise GatesError(f"no gates file {path}; name one with --gates")
    try:
        return read_toml(path)
    except OSError as error:
        raise GatesError(f"{path}: can't be read as TOML: {error.strerror}") from None


def _checks(tables: list[CheckTable], folder: Path) -> Iterator[Check]:
    seen: set[str] = set()
    for number, table in enumerate(tables, 1):
        if not ID.fullmatch(table.id):
            raise GatesError(f"[[check]] {number}: id = {table.id!r}, expected letters, digits, '.', '_' and '-'")
        where = f"[[check]] {number} ({table.id})"
        if table.id in seen:
            raise GatesError(f"{where}: duplicate check id; ids must be unique")
        seen.add(table.id)
        _reject_contradictions(table, where)
        yield Check(
            id=table.id,
            metric=METRICS[table.metric],
            where=_selection(table.where),
            compare=_comparison(table.compare),
            minimum=_exactly(table.min, f"{where}: min"),
            maximum=_exactly(table.max, f"{where}: max"),
            baseline=None if table.baseline is None else folder / table.baseline,
            max_increase=_tolerance(table.max_increase, f"{where}: max_increase"),
            max_decrease=_tolerance(table.max_decrease, f"{where}: max_decrease"),
            confidence=table.confidence,
        )


def _reject_contradictions(table: CheckTable, where: str) -> None:
    """Raise if a check contradicts itself."""
    if table.metric not in METRICS:
        raise GatesError(
            f"{where}: unknown metric {table.metric!r}{near(table.metric, METRICS)}; see wiretax gate --list"
        )
    tolerances = [name for name in ("max_increase", "max_decrease") if getattr(table, name) is not None]
    if table.baseline is None:
        if tolerances:
            raise GatesError(f"{where}: {tolerances[0]} needs a baseline; add one or remove it")
        if table.max is None and table.min is None:
            raise GatesError(f"{where}: expected max, min or a baseline; without one, everything would pass")
    elif not tolerances:
        raise GatesError(f"{where}: a baseline needs max_increase or max_decrease, like {{ abs = 0 }}")
    if table.max is not None and table.min is not None and table.max < table.min:
        raise GatesError(f"{where}: max = {table.max:g} is below min = {table.min:g}; nothing could pass")
    if not 0.5 < table.confidence < 1:
        raise GatesError(f"{where}: confidence = {table.confidence:g}, expected more than 0.5 and less than 1")
    if table.where is not None and table.compare is not None:
        raise GatesError(f"{where}: where can't be combined with compare; use compare.of and compare.to")
    if table.compare is not None and METRICS[table.metric].capacity is not None and table.compare.form != "ratio":
        raise GatesError(f"{where}: compare.as = {table.compare.form!r}, expected 'ratio' for {table.metric}")
    named = {"where": table.where}
    if table.compare is not None:
        named |= {"compare.of": table.compare.of, "compare.to": table.compare.to}
    for name, selection in named.items():
        for column, values in _selection(selection).items():
            if not values:
                raise GatesError(f"{where}: {name}.{column} is an empty list; give it a value or remove it")
            metric = METRICS[table.metric]
            if metric.capacity is not None and column == "rate":
                raise GatesError(f"{where}: {name}.rate is what {table.metric} measures; remove it")
            if column in OF_QUEUES and metric.queue is None and metric.capacity is None:
                raise GatesError(
                    f"{where}: {name}.{column} selects queues, which don't have {table.metric}; remove it, or use "
                    "a metric of queues (wiretax gate --list)"
                )


def _selection(table: WhereTable | None) -> Where:
    given = {} if table is None else {name: getattr(table, name) for name in WhereTable.__struct_fields__}
    return {
        name: frozenset(value if isinstance(value, list) else [value])
        for name, value in given.items()
        if value is not None
    }


def _comparison(table: CompareTable | None) -> Comparison | None:
    return None if table is None else Comparison(_selection(table.of), _selection(table.to), table.form)


def _exactly(value: float | None, what: str) -> Fraction | None:
    """A number exactly as written: 195.6 is 1956/10."""
    if value is None:
        return None
    if not isfinite(value):
        raise GatesError(f"{what} = {value}, expected a number")
    return Fraction(repr(value))


def _tolerance(table: ToleranceTable | None, what: str) -> Tolerance | None:
    if table is None:
        return None
    given = [value for value in (table.abs, table.ratio) if value is not None]
    if len(given) != 1 or not isfinite(given[0]) or given[0] < 0:
        raise GatesError(f"{what}: expected either {{ abs = ... }} or {{ ratio = ... }}, 0 or more")
    return Tolerance(Fraction(repr(given[0])), table.abs is None)


def _reject_unknown_words(check: object, where: str) -> None:
    """Raise at an unknown key or an unknown name, before types are checked."""
    if not isinstance(check, dict):
        return
    given = check.get("id")
    name = f"{where} ({given})" if isinstance(given, str) and ID.fullmatch(given) else where
    _reject_unknown_keys(check, CheckTable, name)
    compare = check.get("compare")
    _reject_unknown_keys(compare, CompareTable, f"{name}: compare")
    for key in ("max_increase", "max_decrease"):
        _reject_unknown_keys(check.get(key), ToleranceTable, f"{name}: {key}")
    selections = {"where": check.get("where")}
    if isinstance(compare, dict):
        _reject_unknown_word("as", compare.get("as"), f"{name}: compare.as")
        for key in ("of", "to"):
            if key not in compare:
                raise GatesError(f"{name}: compare needs both of and to; {key} is missing")
        selections |= {"compare.of": compare["of"], "compare.to": compare["to"]}
    for key, selection in selections.items():
        _reject_unknown_keys(selection, WhereTable, f"{name}: {key}")
        for column, values in selection.items() if isinstance(selection, dict) else ():
            for value in values if isinstance(values, list) else [values]:
                _reject_unknown_word(column, value, f"{name}: {key}.{column}")


def _reject_unknown_word(column: str, value: object, where: str) -> None:
    words = WORDS.get(column)
    if column == "client":
        words = (*profile_names(), LIBRARY, UNKNOWN)
    elif column == "payload_kind":
        words = (*KINDS, OBSERVED, REPLAY)
    unknown = None if words is None else unknown_word(value, words, where)
    if unknown is not None:
        raise GatesError(unknown)


def _reject_unknown_keys(document: object, table: type[msgspec.Struct], where: str) -> None:
    unknown = unknown_key(document, table, where)
    if unknown is not None:
        raise GatesError(unknown)
