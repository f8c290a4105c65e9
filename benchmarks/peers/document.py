"""The figures of a benchmark: kept as JSON, read back, and compared round by round."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

from analysis.measures.interval import LEAST_ROUNDS
from analysis.measures.throughput import Ratio, ratio_by_round
from benchmarks.peers.window import Window
from wiretax.runs.folder import write_whole

SCHEMA = 1
# Of the numbers in a document.
DIGITS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one entry, a window per round.

    Attributes:
        name: what the tables call it.
        version: of the program or the library.
        signs: whether it signs each request.
        windows: by round.
    """

    name: str
    version: str
    signs: bool
    windows: tuple[Window, ...]

    def median(self, figure: Callable[[Window], float]) -> float:
        """Of the undisturbed windows; of all where there are none."""
        quiet = [window for window in self.windows if not window.disturbed]
        return median(figure(window) for window in quiet or self.windows)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Entries that sent the same workload in turn.

    Attributes:
        part: which question it answers: "peers", "mock" or "limit".
        batch_size: events per call; 1 is a trigger.
        payload_bytes: data of each event.
        rows: the first is the one that the others are compared with.
    """

    part: str
    batch_size: int
    payload_bytes: int
    rows: tuple[Row, ...]

    @property
    def sent_as(self) -> str:
        """``trigger, 100 B`` or ``batch of 10, 1,000 B``."""
        call = "trigger" if self.batch_size == 1 else f"batch of {self.batch_size}"
        return f"{call}, {self.payload_bytes:,} B"

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)


@dataclass(frozen=True, slots=True)
class Document:
    """All that one benchmark found.

    Attributes:
        wiretax: its version.
        date: when it was measured, ISO 8601.
        machine: what it was measured on.
        rounds: how often each entry had its turn.
        missing: generators that were not installed, with how to install them.
        comparisons: by part and workload.
    """

    wiretax: str
    date: str
    machine: Mapping[str, Any]
    rounds: int
    missing: Mapping[str, str]
    comparisons: tuple[Comparison, ...]

    def part(self, name: str) -> list[Comparison]:
        return [each for each in self.comparisons if each.part == name]

    def save(self, file: Path) -> None:
        """Write it as JSON; figures of a row are lists by round."""
        text = json.dumps(self.as_plain(), indent=1) + "\n"
        write_whole(file, lambda path: path.write_text(text, encoding="utf-8"))

    def as_plain(self) -> dict[str, Any]:
        plain = {"schema": SCHEMA, **asdict(self)}
        for comparison in plain["comparisons"]:
            for row in comparison["rows"]:
                windows = row.pop("windows")
                row["windows"] = {
                    name: " ".join(f"{window[name]:.{DIGITS}g}" for window in windows) for name in FIGURES
                }
        return plain

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Document:
        """The inverse of ``as_plain``."""
        comparisons = tuple(
            Comparison(
                each["part"],
                each["batch_size"],
                each["payload_bytes"],
                tuple(
                    Row(row["name"], row["version"], row["signs"], _windows(row["windows"]))
                    for row in each["rows"]
                ),
            )
            for each in plain["comparisons"]
        )
        return cls(
            plain["wiretax"], plain["date"], plain["machine"], plain["rounds"], plain["missing"], comparisons
        )


FIGURES = tuple(each.name for each in fields(Window))


def read_document(file: Path) -> Document:
    """A document that was saved.

    Raises:
        ValueError: of another schema.
    """
    plain = json.loads(file.read_text(encoding="utf-8"))
    if plain.get("schema") != SCHEMA:
        raise ValueError(f"{file.name}: schema {plain.get('schema')}, expected {SCHEMA}")
    return Document.of_plain(plain)


def ratio(of: Row, to: Row, figure: Callable[[Window], float] = lambda window: window.requests_per_s) -> Ratio:
    """A figure of one row over that of another by round: median and 95 % interval. Of the rounds in which neither
    was disturbed, if they are enough for an interval; else of all."""
    pairs = list(enumerate(zip(of.windows, to.windows, strict=True)))
    quiet = [(number, pair) for number, pair in pairs if not any(window.disturbed for window in pair)]
    chosen = quiet if len(quiet) >= LEAST_ROUNDS else pairs
    return ratio_by_round(
        {number: figure(pair[0]) for number, pair in chosen}, {number: figure(pair[1]) for number, pair in chosen}
    )


def _windows(by_figure: Mapping[str, str]) -> tuple[Window, ...]:
    columns = [[float(value) for value in by_figure[name].split()] for name in FIGURES]
    return tuple(Window(*values) for values in zip(*columns, strict=True))
