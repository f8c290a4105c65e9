"""Accepting a run's values as the baseline of later runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.gates.baseline.accepted import Accepted, accept, origin_of
from analysis.gates.baseline.baseline_file import file_of, read_file, write_file
from analysis.gates.baseline.gates import Gates
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.file.checks import GatesError
from analysis.gates.measured.addresses import Views
from analysis.text.labels import call, event, queue_call, transport
from wiretax.runs.catalogue.folders import runs_in
from wiretax.runs.reader import Run


class UnacceptableError(ValueError):
    """An invalid run can't be accepted; why, in one line."""


@dataclass(frozen=True, slots=True)
class Change:
    """An accepted value, and the one it replaces; None if there was none."""

    now: Accepted
    before: Accepted | None

    @property
    def subject(self) -> str:
        """The workload, or the pair."""
        both = [each for each in (self.now.workload, self.now.to) if each is not None]
        calls = (queue_call(each) if "linger_s" in each else call(each) for each in both)
        named = (", ".join([words, *transport(each)]) for words, each in zip(calls, both, strict=True))
        return " against ".join(f"{words}, {event(each)}" for words, each in zip(named, both, strict=True))

    @property
    def is_same(self) -> bool:
        return self.before is not None and self.before.fraction == self.now.fraction


def accept_run(run: Run, gates: Gates) -> dict[Path, list[Change]]:
    """Write a run's values into the baselines of the checks; other values in those files stay.

    Returns:
        The accepted values, by file; empty if no check names a baseline.

    Raises:
        UnacceptableError: if the run or one of its workloads is invalid.
        GatesError: if a baseline is a saved run, which must not change, or can't be written.
    """
    result = evaluate(run, gates)
    reasons = [
        *result.invalid_because,
        *(case.message for case in result.cases if case.verdict == "invalid"),
    ]
    if reasons:
        raise UnacceptableError(f"run {run.folder} is invalid, so nothing was accepted: {reasons[0]}")
    views, origin = Views(run), origin_of(run.meta)
    before: dict[Path, dict[object, Accepted]] = {}
    changes: dict[Path, dict[object, Change]] = {}
    for check in gates.checks:
        if check.baseline is None:
            continue
        file = file_of(check.baseline)
        if file not in before:
            if not file.is_file() and runs_in(check.baseline):
                raise GatesError(
                    f"check {check.id}: {check.baseline} holds saved runs, which must not change; name a "
                    ".json file to accept into"
                )
            before[file] = {each.key: each for each in (read_file(file) if file.is_file() else ())}
            changes[file] = {}
        for each in accept(check, views, origin):
            changes[file][each.key] = Change(each, before[file].get(each.key))
    for file, found in changes.items():
        write_file(file, tuple({**before[file], **{key: change.now for key, change in found.items()}}.values()))
    return {file: list(found.values()) for file, found in changes.items()}
