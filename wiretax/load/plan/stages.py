"""``stages`` of a ``[[workload]]``: a rate that changes during a slice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf

import msgspec

from wiretax.channels.workload.rate_stages import RateStage, RateStages
from wiretax.load.plan.bounds import within_bounds
from wiretax.units.duration import parse_duration
from wiretax.units.rate import parse_rate

NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")
LEAST_RATE = 10.0
LEAST_S, MOST_S = 0.1, 3600.0
# Enough for any pattern; a long list is a mistake in a generated plan.
MOST_STAGES = 50


class StageTable(msgspec.Struct, forbid_unknown_fields=True, rename={"for_": "for"}):
    """One stage: ``{rate = "500/s", for = "10s"}``, or ``{to = "5000/s", for = "20s"}`` for a ramp."""

    rate: str | None = None
    to: str | None = None
    for_: str | None = None
    name: str = ""


def stages_of(tables: Sequence[StageTable]) -> RateStages:
    """The stages that a plan lists.

    Raises:
        ValueError: at the first problem, with the stage, what was given and what was expected.
    """
    if not tables:
        raise ValueError('stages is an empty list; give it stages like {rate = "500/s", for = "10s"}, or use rate')
    if len(tables) > MOST_STAGES:
        raise ValueError(f"{len(tables)} stages, expected {MOST_STAGES} at most")
    stages: list[RateStage] = []
    for number, table in enumerate(tables, 1):
        where = f"stage {number}"
        if table.name and not NAME.fullmatch(table.name):
            raise ValueError(f"{where}: name = {table.name!r}, expected 1 to 40 letters, digits, '.', '_' and '-'")
        if table.name and table.name in [each.name for each in stages]:
            raise ValueError(f"{where}: name = {table.name!r} is the name of an earlier stage, too; use another")
        if table.rate is not None and table.to is not None:
            raise ValueError(f"{where}: it has rate (a constant rate) and to (a ramp); leave one of them out")
        if table.rate is None and table.to is None:
            raise ValueError(
                f'{where}: it has neither rate nor to; add rate = "500/s", or to = "500/s" for a ramp'
            )
        if table.for_ is None:
            raise ValueError(f'{where}: missing key for: how long it lasts, like for = "10s"')
        if table.to is not None and not stages:
            raise ValueError(f"{where}: to = {table.to!r} needs a stage before it; begin with a stage with a rate")
        key, text = ("rate", table.rate) if table.rate is not None else ("to", table.to)
        last = _rate(f"{where}: {key}", str(text))
        first = last if table.to is None else stages[-1].last
        stages.append(RateStage(first, last, _seconds(f"{where}: for", table.for_), table.name))
    made = RateStages(stages)
    if made.seconds > MOST_S:
        raise ValueError(f"stages last {made.seconds:,.10g} s together, expected {MOST_S:,.0f} s at most")
    return made


def _rate(where: str, text: str) -> float:
    return within_bounds(where, text, parse_rate, LEAST_RATE, inf, f"{LEAST_RATE:g}/s or more")


def _seconds(where: str, text: str) -> float:
    expected = f"{LEAST_S * 1e3:g}ms to {MOST_S / 3600:g}h"
    return within_bounds(where, text, parse_duration, LEAST_S, MOST_S, expected)
