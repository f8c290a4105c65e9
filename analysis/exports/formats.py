"""The formats, each with the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis.exports.bencher import bencher
from analysis.exports.csv_rows import csv_rows
from analysis.exports.github_action_benchmark import github_action_benchmark
from analysis.exports.json_lines import json_lines
from analysis.exports.measurement import Export
from analysis.exports.openmetrics import openmetrics


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        write: an export as a document.
        has_one_direction: whether all figures of a document have the same direction of improvement and the same
            kind, because its reader judges them alike.
    """

    write: Callable[[Export], bytes]
    has_one_direction: bool = False


FORMATS = {
    "github-action-benchmark": Format(github_action_benchmark, has_one_direction=True),
    "bencher": Format(bencher),
    "openmetrics": Format(openmetrics),
    "csv": Format(csv_rows),
    "jsonl": Format(json_lines),
}
