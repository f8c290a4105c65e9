"""The files of this process's runs, for download: by name from a list, never by a path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from stat import S_ISREG
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from flask import Response, send_file

from analysis.exports.csv_rows import csv_rows
from analysis.exports.measurement import exported
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.drivers.outcomes import Saved
from wiretax.runs.reader import RunNotFoundError, read_run

NEWEST = "newest"
PARQUET, JSON = "application/vnd.apache.parquet", "application/json"
METRICS, ARCHIVE = "metrics.csv", "run.zip"
# Of an archive that is held in memory.
MOST_IN_MEMORY = 32 << 20


@dataclass(frozen=True, slots=True)
class Kind:
    """A file of a run.

    Attributes:
        type: its media type.
        meaning: what is in it.
        written: when a run has it; empty: always.
        made: whether it is made when it is asked for.
    """

    type: str
    meaning: str
    written: str = ""
    made: bool = False


RATE, GATED = "for workloads with a rate", "with --gates, or by wiretax gate"
KINDS = {
    ARCHIVE: Kind("application/zip", "all files, and the report if it was made", made=True),
    METRICS: Kind("text/csv", "metrics by workload, as of wiretax export", made=True),
    "run.json": Kind(JSON, "plan, environment, totals, warnings"),
    "slices.parquet": Kind(PARQUET, "calls, events and bytes by workload and round"),
    "latency.parquet": Kind(PARQUET, "call times by workload and round, in buckets"),
    "failures.parquet": Kind(PARQUET, "failures by workload and kind"),
    "queue.parquet": Kind(PARQUET, "arrivals and depth by workload and round", RATE),
    "waits.parquet": Kind(PARQUET, "waits and total times by workload and round, in buckets", RATE),
    "series.parquet": Kind(PARQUET, "the same over time", "for workloads whose rate changes"),
    "delivery.parquet": Kind(PARQUET, "deliveries by workload and round", "with subscribers"),
    "delivery_times.parquet": Kind(PARQUET, "delays of deliveries, in buckets", "with subscribers"),
    "server.json": Kind(JSON, "the mock's own ledger", "if the endpoint is a mock"),
    "gate.json": Kind(JSON, "the verdict of each check", GATED),
    "junit.xml": Kind("application/xml", "the verdict, for CI", GATED),
    "summary.md": Kind("text/markdown", "the verdict in words", GATED),
}
# What Locust's tab offers, of the newest run.
OFFERED = (ARCHIVE, METRICS, "run.json", "slices.parquet", "latency.parquet", "failures.parquet")


class DownloadError(Exception):
    """A file that can't be had: one line that says which, why, and what to do.

    Attributes:
        status: of the response.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Downloads:
    """What can be downloaded of the runs that this process saved."""

    def __init__(self, session: LocustSession) -> None:
        self._session = session

    @staticmethod
    def links() -> list[dict[str, str]]:
        """The links of Locust's tab *Download data*."""
        files = [
            {"title": f"Newest run: {name}, {KINDS[name].meaning}", "href": f"./wiretax/files/{NEWEST}/{name}"}
            for name in OFFERED
        ]
        report = {"title": "Newest run: report", "href": f"./wiretax/files/{NEWEST}/report"}
        return [*files, report, {"title": "Files of all runs of this web UI", "href": "./wiretax/files/"}]

    def listed(self) -> Iterator[dict[str, Any]]:
        """The runs, the newest first, each with ``name``, ``valid``, ``why`` not, and ``files``."""
        for saved in self._session.saved:
            folder = saved.folder
            yield {
                "name": folder.name,
                "valid": saved.valid,
                "why": "" if saved.valid else next(iter(saved.reasons), ""),
                "files": [
                    {"name": name, "meaning": kind.meaning, "bytes": None if kind.made else _size(folder / name)}
                    for name, kind in KINDS.items()
                    if kind.made or _is_regular(folder / name)
                ],
            }

    def run(self, name: str) -> Saved:
        """A run by its name, or the newest.

        Raises:
            DownloadError: this process saved no such run, or it is gone.
        """
        runs = self._session.saved
        if name == NEWEST and not runs:
            raise DownloadError(
                404, "no run yet: the files of a run are written when its test stops; start a test, and stop it"
            )
        found = next((each for each in runs if name in (NEWEST, each.folder.name)), None)
        if found is None:
            raise DownloadError(404, f"no run {name!r:.80} of this web UI; wiretax/files/ lists its runs")
        if not found.folder.is_dir():
            raise DownloadError(404, f"run {found.folder.name} was removed from {found.folder.parent}/")
        return found

    def file(self, name: str, file: str) -> Response:
        """A file of a run, as an attachment.

        Raises:
            DownloadError: there is none.
        """
        folder = self.run(name).folder
        kind = KINDS.get(file)
        if kind is None:
            raise DownloadError(404, f"no file {file!r:.80} of a run; expected one of {', '.join(KINDS)}")
        content: Path | IO[bytes]
        if kind.made:
            if self._session.is_running:
                raise DownloadError(
                    409, f"a test is running, and making {file} would slow it down; stop the test first"
                )
            content = _archive(folder) if file == ARCHIVE else _metrics(folder)
        else:
            content = (folder / file).resolve()
            if not _is_regular(folder / file):
                why = f"; it is written {kind.written}" if kind.written else ""
                raise DownloadError(404, f"run {folder.name} has no {file}{why}")
        title = f"{folder.name}.zip" if file == ARCHIVE else f"{folder.name}-{file}"
        return send_file(content, kind.type, as_attachment=True, download_name=title, max_age=0)


def _metrics(folder: Path) -> IO[bytes]:
    try:
        return BytesIO(csv_rows(exported(read_run(folder), with_invalid=True)))
    except RunNotFoundError as error:
        raise DownloadError(404, str(error)) from None


def _archive(folder: Path) -> IO[bytes]:
    """All regular files of a run in one; what a link leads to is left out."""
    file: IO[bytes] = SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115  # the response closes it
    with ZipFile(file, "w") as archive:
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                path = Path(place) / name
                if _is_regular(path):
                    packed = ZIP_STORED if path.suffix in (".parquet", ".png") else ZIP_DEFLATED
                    archive.write(path, Path(folder.name) / path.relative_to(folder), packed)
    file.seek(0)
    return file


def _is_regular(path: Path) -> bool:
    try:
        return S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _size(path: Path) -> int:
    return path.lstat().st_size
