"""Baselines: small files of accepted values that are committed beside the gates, or saved runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import orjson

from analysis.gates.baseline.accepted import Accepted, accept, origin_of
from analysis.gates.file.checks import Check, GatesError
from analysis.gates.measured.addresses import Views
from wiretax.documents import MOST_JSON, is_file, parse_json, read_regular
from wiretax.runs.catalogue.folders import runs_in
from wiretax.runs.folder import write_whole
from wiretax.runs.reader import RunNotFoundError, read_run
from wiretax.toml_errors import readable

SCHEMA = 1
# The file in a folder that is given as a baseline.
FILE = "baseline.json"
WRITE = "write it with wiretax gate --accept"
# Sums of bytes have fewer digits by far; a denominator is not 0.
EXACT = re.compile(r"-?[0-9]{1,100}(/0*[1-9][0-9]{0,99})?")
LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class BaselineFile:
    """The file: its schema, and the values in it."""

    schema: int
    accepted: tuple[Accepted, ...]


def read_baseline(check: Check, accepting: bool = False) -> tuple[Accepted, ...]:
    """The accepted values of a check's baseline.

    Args:
        check: one that names a baseline: a file that ``wiretax gate --accept`` wrote, a folder with such a file,
            a saved run, or a folder of saved runs.
        accepting: whether it may be missing.

    Raises:
        GatesError: if it is missing or can't be read.
    """
    assert check.baseline is not None
    file = file_of(check.baseline)
    if is_file(file):
        return read_file(file)
    runs = runs_in(check.baseline)
    if runs:
        return tuple(each for folder in runs for each in _of_run(check, folder))
    if accepting:
        return ()
    raise GatesError(f"check {check.id}: no baseline in {check.baseline}; write it with wiretax gate --accept")


def file_of(baseline: Path) -> Path:
    """The file of a baseline, which is given as a file or as a folder."""
    return baseline if baseline.suffix == ".json" else baseline / FILE


def _of_run(check: Check, folder: Path) -> list[Accepted]:
    try:
        run = read_run(folder)
    except RunNotFoundError as error:
        raise GatesError(f"check {check.id}: baseline: {error}") from None
    if not run.meta["valid"]:
        raise GatesError(f"check {check.id}: the baseline {folder} is an invalid run; name another")
    return list(accept(check, Views(run), origin_of(run.meta)))


def read_file(file: Path) -> tuple[Accepted, ...]:
    """The values in a baseline's file.

    Raises:
        GatesError: if it is not a baseline.
    """
    try:
        content = parse_json(read_regular(file, MOST_JSON))
    except OSError as error:
        raise GatesError(f"{file}: can't be read ({error.strerror}); {WRITE}") from None
    try:
        document = msgspec.convert(content, BaselineFile)
    except msgspec.ValidationError as error:
        raise GatesError(f"{file}: {readable(error, ('accepted',), 'not a baseline', content)}; {WRITE}") from None
    if document.schema != SCHEMA:
        raise GatesError(f"{file}: schema {document.schema}, expected {SCHEMA}; this version supports no other")
    for number, each in enumerate(document.accepted, 1):
        for key, given, expected in _wrong(each):
            raise GatesError(f"{file}: [[accepted]] {number} {key} is {given!r:.60}, expected {expected}; {WRITE}")
    return document.accepted


def _wrong(each: Accepted) -> Iterator[tuple[str, object, str]]:
    """The key, the value and what was expected, of each value that no accepted one has."""
    if each.exact is not None and not EXACT.fullmatch(each.exact):
        yield "exact", each.exact, "a fraction like 391/2"
    if not abs(each.value) <= LARGEST:
        yield "value", each.value, "a number"
    for name, columns in (("workload", each.workload), ("to", each.to or {})):
        for column, value in columns.items():
            if isinstance(value, (list, dict)):
                yield f"{name}.{column}", value, "a plain value"


def write_file(file: Path, accepted: tuple[Accepted, ...]) -> None:
    """Write values into a baseline's file, in an order that keeps diffs small.

    Raises:
        GatesError: if it can't be written.
    """
    document = msgspec.to_builtins(BaselineFile(SCHEMA, tuple(sorted(accepted, key=_order))))
    document["accepted"] = [
        {name: value for name, value in each.items() if value is not None} for each in document["accepted"]
    ]
    data = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda path: path.write_bytes(data))
    except OSError as error:
        raise GatesError(f"{file}: can't be written ({error.strerror})") from None


def _order(each: Accepted) -> tuple[str, str]:
    return each.metric, repr(each.key)
