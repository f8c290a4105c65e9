"""``run.json``: its schema, to which each is held once, when it is read.

Keys that are not here are not read by any code. Those without a default were written by every version.
"""

from __future__ import annotations

import re
from pathlib import Path
from reprlib import repr as repr_of
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import msgspec

from wiretax import __version__
from wiretax.channels.workload import IN_FILES
from wiretax.channels.workload.values import Habit, Server
from wiretax.documents import MOST_JSON, parse_json, read_regular
from wiretax.escaping import OneLineError
from wiretax.runs.files.amounts import Amount, Count
from wiretax.runs.files.catalogue_json import HeadlineRecord, SourceRecord
from wiretax.runs.files.plan_json import PlanRecord
from wiretax.runs.folder import RUN_FILE, SCHEMA
from wiretax.runs.mode import MODE
from wiretax.runs.provenance.labels import objections
from wiretax.toml_errors import readable

# What a version may look like that is shown as one.
VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}")


class RunNotFoundError(OneLineError, LookupError):
    """A run that doesn't exist or can't be read: one line that says what was looked for."""


# Those that every run has, and those that are null if they did not count.
WITNESSES = ("model", "socket", "kernel", "server")


class AddressRecord(msgspec.Struct):
    server: Server
    tls: bool
    rtt_s: Amount | None
    host: Count
    host_with_port: Count
    app_id: Count
    key: Count
    prefix: Count = 0


class PeerRecord(msgspec.Struct):
    server: Server
    address: str
    port: Count
    connections: Count


class MockRecord(msgspec.Struct):
    rtt_s: Amount
    servers: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Bytes(msgspec.Struct):
    request_bytes: Count
    response_bytes: Count


class Counts(Bytes):
    requests: Count
    events: Count


class ReconcileRecord(msgspec.Struct):
    agrees: bool
    model: Counts | None = None
    socket: Bytes | None = None
    kernel: Bytes | None = None
    server: Counts | None = None
    by_server: dict[str, Counts | None] = {}
    differences: list[str] = []


class OutcomeRecord(msgspec.Struct):
    sent: Count
    acknowledged: Count
    rejected: Count
    failed: Count
    unknown: Count


class PartsRecord(msgspec.Struct):
    total: dict[str, Count]
    aside: dict[str, Count]
    boundary: dict[str, Count]


class LimitRecord(msgspec.Struct):
    what: str
    most: Count
    unit: str
    seen: Count


class RecognisedRecord(msgspec.Struct):
    profile: str
    library: str
    http_client: str
    requests: Count
    connection: Habit | None
    profile_connection: Habit
    differences: list[str]
    limits: list[LimitRecord] = []


class OtherCallRecord(msgspec.Struct):
    call: str
    requests: Count
    failures: Count
    request_head_bytes: Count
    request_body_bytes: Count
    response_head_bytes: Count
    response_body_bytes: Count


class EncodedTwiceRecord(msgspec.Struct):
    events: Count
    bytes: int


class ObservedRecord(msgspec.Struct):
    connections: Count
    other_requests: Count
    recognised: list[RecognisedRecord]
    other_calls: list[OtherCallRecord] = []
    closed_by: dict[str, Count] = {}
    exit_code: Count = 0
    encoded_twice: dict[str, EncodedTwiceRecord] = {}


class DeliveryRecord(msgspec.Struct):
    grace_s: Amount
    own_process: bool
    totals: dict[str, int | float | None] = {}
    differences: list[str] = []


class FileSeal(msgspec.Struct):
    sha256: str
    sums: dict[str, int | float | None]
    rows: Count | None = None


if TYPE_CHECKING:
    SkippedRecord = msgspec.Struct
else:
    SkippedRecord = msgspec.defstruct(
        "SkippedRecord",
        [
            ("workload", str),
            *((each.column, each.type) for each in IN_FILES if not each.later),
            ("kind", str),
            ("status", int),
            ("message", str),
            *((each.column, each.type, each.default) for each in IN_FILES if each.later),
            ("after_round", int, -1),
            ("limit", str, ""),
        ],
    )


class StartRecord(msgspec.Struct):
    rounds: Count
    seconds: Amount
    slices_s: Amount


class HeadsRecord(msgspec.Struct):
    workloads: list[str]
    lines: list[tuple[str, str, Amount]]


class RunRecordFile(msgspec.Struct):
    schema: int
    started: str
    plan: PlanRecord
    endpoint: str
    mock: MockRecord | None
    rounds_measured: Count
    warnings: list[str]
    valid: bool
    invalid_because: list[str]
    reconcile: ReconcileRecord
    busy: dict[str, Amount | None]
    wiretax: str = "?"
    mode: str | None = None
    against: str | None = None
    addresses: list[AddressRecord] | None = None
    peers: list[PeerRecord] | None = None
    proxies: dict[Server, str] = {}
    environment: dict[str, Any] = {}
    headline: HeadlineRecord | None = None
    labels: dict[str, str] = {}
    source: SourceRecord | None = None
    profiles: dict[str, str] = {}
    interrupted: bool = False
    outcome: OutcomeRecord | None = None
    parts: PartsRecord | None = None
    observed: ObservedRecord | None = None
    skipped: list[SkippedRecord] | None = None
    starts: list[StartRecord] | None = None
    delivery: DeliveryRecord | None = None
    heads: list[HeadsRecord] = []
    files: dict[str, FileSeal] | None = None
    sha256: str | None = None


def read_run_json(folder: Path) -> dict[str, Any]:
    """The document, with values of the right types and kinds.

    Raises:
        RunNotFoundError: if it can't be read, has another schema, or a wrong value: one line that names the key.
    """
    where = f"run {folder}: {RUN_FILE}"
    try:
        document = parse_json(read_regular(folder / RUN_FILE, MOST_JSON))
    except OSError as error:
        raise RunNotFoundError(f"{where} can't be read ({error.strerror})") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise RunNotFoundError(f"{where} names no schema; it was not written by wiretax run")
    if type(document["schema"]) is not int or document["schema"] != SCHEMA:
        given, version = repr_of(document["schema"]), document.get("wiretax")
        named = isinstance(version, str) and VERSION.fullmatch(version)
        writer = f"wiretax {version}" if named else "another version of wiretax"
        raise RunNotFoundError(
            f"run {folder}: schema {given}, expected {SCHEMA}; {writer} wrote it, so read it with that (this is "
            f"{__version__})"
        )
    try:
        record = msgspec.convert(document, RunRecordFile)
        # The parts of a mock's cost, whatever their names.
        msgspec.convert({"mock": document["mock"]}, dict[str, dict[str, Amount] | None])
    except msgspec.ValidationError as error:
        raise RunNotFoundError(f"{where}: {readable(error, (), 'it', document)}") from None
    for objection in (*objections(record.labels), record.source and record.source.objection()):
        if objection:
            raise RunNotFoundError(f"{where}: {objection}")
    counts = document["reconcile"]
    missing = [key for key in WITNESSES if key not in counts or (key in WITNESSES[:2] and counts[key] is None)]
    if counts["agrees"] and missing:
        raise RunNotFoundError(f"{where}: reconcile: missing key {missing[0]}, expected with counts that agree")
    for key in ("endpoint", "against"):
        for url in (document.get(key) or "").split(" and "):
            _refuse_url(where, key, url)
    if (document.get(MODE) == "observe" or "observed" in document) and not document.get("observed"):
        raise RunNotFoundError(f"{where}: missing key observed, expected in a run of mode observe")
    return document


def _refuse_url(where: str, key: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise RunNotFoundError(f"{where}: {key} is {url!r}, expected a URL ({error})") from None
