"""A gates file with its baselines, read before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.gates.file.checks import Check, GatesError, ValidityRules
from analysis.gates.file.parser import parse_gates, read_document

if TYPE_CHECKING:
    from analysis.gates.baseline.accepted import Accepted


@dataclass(frozen=True, slots=True)
class Gates:
    """The checks of a run.

    Attributes:
        name: the file's path, as given.
        rules: when a run's figures are valid.
        checks: the checks, in the file's order.
        accepted: the values of a check's baseline, by the check's id; checks without a baseline are missing.
    """

    name: str
    rules: ValidityRules
    checks: tuple[Check, ...]
    accepted: Mapping[str, tuple[Accepted, ...]]


def load_gates(path: Path, accepting: bool = False) -> Gates:
    """Read a gates file and the baselines it names.

    Args:
        path: the file; baselines' paths start from its folder.
        accepting: whether a baseline may be missing because it is about to be written.

    Raises:
        GatesError: if it or a baseline is invalid; the message is one line.
    """
    document = read_document(path)
    try:
        rules, checks = parse_gates(document, path.parent)
        accepted = _accepted(checks, accepting)
    except GatesError as error:
        raise GatesError(f"{path}: {error}") from None
    return Gates(str(path), rules, checks, accepted)


def _accepted(checks: tuple[Check, ...], accepting: bool) -> dict[str, tuple[Accepted, ...]]:
    """The values of each check's baseline, by the check's id."""
    with_baseline = {check.id: check for check in checks if check.baseline is not None}
    if not with_baseline:
        return {}
    # A baseline may be a run, which pandas reads; a gates file without one is checked in a tenth of the time.
    from analysis.gates.baseline.baseline_file import read_baseline

    return {name: read_baseline(check, accepting) for name, check in with_baseline.items()}
