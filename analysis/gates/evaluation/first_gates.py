"""A first gates file for a run: exact bytes as tight limits, ratios and times with room. The run passes it."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from analysis.gates.baseline.gates import Gates
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.evaluation.result import Case, GateResult
from analysis.gates.file.parser import ID, OF_QUEUES, parse_gates
from analysis.gates.measured.addresses import Views
from analysis.gates.measured.metrics import METRICS
from analysis.gates.measured.run_counts import Measured
from wiretax.channels.workload import ATTRIBUTES
from wiretax.runs.reader import Run

# Room for what varies: a ratio or a rate may fall to half of its interval's lower end, a time may double.
ROOM = 2
# Digits of a limit that is not exact.
DIGITS = 3
# The columns that one kind of call has.
SIZES = {"batch_size": "batch", "channels": "multi_trigger"}
# No value is above this, so that a check with it shows what was measured.
ENDLESS = 10**15


class NoGatesError(ValueError):
    """No gates can be made for a run; why, in one line."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A check whose limits are still to be found.

    Attributes:
        id: its name.
        metric: what it checks.
        where: which workloads.
        limits: "exactly" the measured value, "least" with room below it, "most" with room above it, "zero" events.
        comment: what it is for.
    """

    id: str
    metric: str
    where: Mapping[str, Any]
    limits: str
    comment: str

    def text(self, limits: Sequence[str], commented: bool = False) -> str:
        """Its table in the file."""
        lines = [f"# {self.comment}"] if commented else []
        lines += ["[[check]]", f'id = "{self.id}"', f'metric = "{self.metric}"']
        if self.where:
            lines.append(
                f"where = {{ {', '.join(f'{name} = {_toml(each)}' for name, each in self.where.items())} }}"
            )
        return "\n".join([*lines, *limits, ""])


@dataclass(frozen=True, slots=True)
class FirstGates:
    """A gates file that a run passes.

    Attributes:
        text: the file.
        checks: the number of its checks.
        without: a sentence for each check that the run could not have passed.
    """

    text: str
    checks: int
    without: tuple[str, ...]


def first_gates(run: Run, name: str) -> FirstGates:
    """Make a gates file for a run.

    Args:
        run: a valid run.
        name: the file's name, for the comment that says how to use it.

    Raises:
        NoGatesError: the run is invalid, or has nothing that a check could hold.
    """
    views = Views(run)
    rules = _rules(views)
    checks: list[str] = []
    without: list[str] = []
    commented: set[str] = set()
    for draft in _drafts(views):
        result = _judged(run, rules + draft.text([f"max = {ENDLESS}"]))
        if result.invalid_because:
            raise NoGatesError(f"run {run.folder} is invalid, so no gates were made: {result.invalid_because[0]}")
        limits = _limits(draft, result.cases)
        if limits:
            result = _judged(run, rules + draft.text(limits))
        missed = next((case for case in result.cases if case.verdict != "pass"), None)
        if missed is not None or not limits:
            # What is said of the limit is about the one without an end.
            why = "its interval has no end" if missed is None else missed.message.partition(", at most")[0]
            without.append(f"{draft.id}: {why}")
            continue
        checks.append(draft.text(limits, commented=draft.comment not in commented))
        commented.add(draft.comment)
    if not checks:
        why = f": {without[0]}" if without else ""
        raise NoGatesError(f"run {run.folder} has nothing that a check could hold{why}")
    head = _head(run, name)
    return FirstGates("\n".join([head + rules, *checks]), len(checks), tuple(without))


def _head(run: Run, name: str) -> str:
    plan = str(run.meta["plan"]["name"])
    by = f"wiretax {'run PLAN' if run.mode == 'sweep' else 'gate RUN'} --gates {name}"
    return "\n".join(
        (
            f"# Gates for the plan {_plain(plan)}, by wiretax gate --init from run {_plain(run.folder.name)}.",
            f"# To judge another run: {_plain(by)}",
            "#",
            "# Exact sizes have the measured value as their limit: one byte more fails. All else has room:",
            "# half of the measured ratio or rate, twice the measured time.",
            "# wiretax gate --list names all metrics.",
            "schema = 1",
            "",
            "",
        )
    )


def _rules(views: Views) -> str:
    """``[valid]``, which the run fulfils."""
    every = [measured.counts(name) for measured in (views.at(None), views.queues) for name in measured.workloads]
    requests = min((counts["requests"] for counts in every), default=1)
    ratios = [
        Fraction(counts["failures"], max(1, counts["requests"] + counts["unfinished_requests"]))
        for counts in every
    ]
    failed = _up(max(ratios, default=Fraction(0)))
    return "\n".join(
        (
            "[valid]",
            f"min_requests = {max(1, min(100, requests // ROOM))}   # a workload with fewer passes nothing",
            f"max_failure_ratio = {failed}",
            'inconclusive = "fail"   # exit code 4 if the rounds do not decide; "pass" accepts that',
            "",
        )
    )


def _drafts(views: Views) -> Iterator[Draft]:
    sent, queues = views.at(None), views.queues
    comment = "Bytes sent per event, the same in each run and at any endpoint."
    selections = _selections(sent, OF_QUEUES)
    for name, where in selections.items():
        yield Draft(_id("sent", name), "http.request.size.per_event", where, "exactly", comment)
    compared = [name for name, trigger in sent.triggers.items() if trigger != name and not sent.why_no_speed]
    comment = "Messages per second over the trigger's, in the same round."
    # Of a whole plan, payloads and clients share the limit of a kind of call.
    calls = [
        _call(sent.workloads[name]) if not sent.left_out else tuple(selections[name].items()) for name in compared
    ]
    for call in dict.fromkeys(calls):
        yield Draft(_id("gain", "-".join(str(each) for _, each in call)), "gain", dict(call), "least", comment)
    if queues.workloads:
        yield Draft("lost", "events.lost", {}, "exactly", "Events whose call failed.")
        comment = "From an event's arrival to the response, s."
        for name, where in _selections(queues).items():
            yield Draft(_id("latency", name), "latency.total.p99", where, "most", comment)
    if views.deliveries.workloads:
        for what in ("lost", "duplicated", "out_of_order"):
            yield Draft(
                f"delivery-{what}", f"delivery.{what}", {}, "exactly", "Deliveries of acknowledged events."
            )
    comment = "The highest rate that meets the plan's target, events/s."
    for name, where in _selections(views.searches, ("rate",)).items():
        yield Draft(_id("capacity", name), "capacity.events_per_second", where, "least", comment)


def _selections(measured: Measured, without: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """What selects each workload alone: its API, and the columns in which workloads differ."""
    rows = measured.workloads
    # The next run of the plan may have those that this one was told to leave out.
    whole = [*rows.values(), *measured.left_out.values()]
    columns = [each.column for each in ATTRIBUTES if each.column not in without]
    differ = [column for column in columns if len({row[column] for row in whole}) > 1 and column != "api"]
    return {
        name: {
            column: row[column]
            for column in ("api", *differ)
            if row[column] is not None and SIZES.get(column, row["api"]) == row["api"]
        }
        for name, row in rows.items()
    }


def _call(row: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What selects a kind of call."""
    return tuple(
        (column, row[column]) for column in ("api", *SIZES) if SIZES.get(column, row["api"]) == row["api"]
    )


def _limits(draft: Draft, cases: Sequence[Case]) -> list[str]:
    """The lines with the limits; none if something was not measured."""
    if any(case.measured is None for case in cases):
        return []
    if draft.limits == "exactly":
        values = [Fraction(case.exact or case.measured or 0) for case in cases]
        if any(case.exact is None for case in cases):
            return []
        most = f"max = {_up(max(values), exact=True)}"
        # A count of failures has no lower limit.
        return (
            [most]
            if METRICS[draft.metric].queue is not None
            else [most, f"min = {_down(min(values), exact=True)}"]
        )
    if draft.limits == "least":
        lows = [case.low for case in cases if case.low is not None]
        return [f"min = {_down(Fraction(min(lows)) / ROOM)}"] if len(lows) == len(cases) else []
    highs = [case.high for case in cases if case.high is not None]
    return [f"max = {_up(Fraction(max(highs)) * ROOM)}"] if len(highs) == len(cases) else []


def _judged(run: Run, text: str) -> GateResult:
    rules, checks = parse_gates(tomllib.loads("schema = 1\n" + text), Path())
    return evaluate(run, Gates("", rules, checks, {}))


def _up(value: Fraction, exact: bool = False) -> str:
    """A number of the file that is not below the value; equal to it if it is exact and has an end."""
    return _decimal(value, math.ceil, exact)


def _down(value: Fraction, exact: bool = False) -> str:
    """Likewise, not above it."""
    return _decimal(value, math.floor, exact)


def _decimal(value: Fraction, rounded: Any, exact: bool) -> str:
    text = repr(float(value))
    if exact and Fraction(text) == value:
        return text.removesuffix(".0")
    if not value:
        return "0.0"
    # Three digits, wherever they begin.
    scale = Fraction(10) ** (DIGITS - 1 - math.floor(math.log10(abs(value))))
    if exact:
        scale = Fraction(10**DIGITS)
    found = float(Fraction(rounded(value * scale)) / scale)
    return repr(found).removesuffix(".0") if found >= 1 else repr(found)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return (
        repr(value)
        if isinstance(value, int | float)
        else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    )


def _id(what: str, name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9._-]", "-", f"{what}-{name}")
    assert ID.fullmatch(made)
    return made


def _plain(text: str) -> str:
    """Text that can't end a comment."""
    return re.sub(r"[^\x20-\x7e]", "?", text)
