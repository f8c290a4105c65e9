"""How a gate's value of a workload is computed from a run's counts, over all rounds and in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from analysis.measures.layers import BELOW_HTTP

if TYPE_CHECKING:
    # Counts are of pandas frames; a gates file is checked without them.
    from analysis.measures.counts import Counts, SliceCounts


@dataclass(frozen=True, slots=True)
class Figure:
    """How a workload's value is computed.

    Attributes:
        whole: over all rounds; None if it could not be measured.
        by_round: in each round that has one. Runs have thousands of rounds, so this does without fractions.
    """

    whole: Callable[[SliceCounts, str], Fraction | float | None]
    by_round: Callable[[SliceCounts, str], dict[int, float]]


def share(part: str, of: str) -> Figure:
    """One count divided by another, exactly."""

    def whole(measured: SliceCounts, workload: str) -> Fraction | None:
        counts = measured.counts(workload)
        return _fraction(counts[part], counts[of])

    return Figure(whole, lambda measured, workload: measured.ratios(workload, part, of))


def _fraction(part: int | None, of: int) -> Fraction | None:
    return Fraction(part, of) if of and part is not None else None


def _cable(measured: SliceCounts, workload: str) -> Fraction | None:
    counts = measured.counts(workload)
    below = [counts[layer.sum] for layer in BELOW_HTTP]
    if None in below:
        return None
    return _fraction(counts["carried_bytes"] + sum(below), counts["carried_events"])


def _saving(measured: SliceCounts, workload: str) -> Fraction | None:
    trigger = measured.triggers.get(workload)
    if trigger is None:
        return None
    own, alone = (_a_message(measured.counts(name)) for name in (workload, trigger))
    return None if own is None or not alone else 1 - own / alone


def _a_message(counts: Counts) -> Fraction | None:
    return _fraction(counts["sent"], counts["messages"])


def _saving_by_round(measured: SliceCounts, workload: str) -> dict[int, float]:
    trigger = measured.triggers.get(workload)
    if trigger is None:
        return {}
    own, alone = (_sent_by_round(measured, name) for name in (workload, trigger))
    # 1 - own / alone, rounded once: these are whole numbers.
    return {
        round_: (messages * alone[round_][0] - sent * alone[round_][1]) / (messages * alone[round_][0])
        for round_, (sent, messages) in own.items()
        if round_ in alone and alone[round_][0]
    }


def _sent_by_round(measured: SliceCounts, workload: str) -> dict[int, tuple[int, int]]:
    """Bytes and messages sent, in rounds with messages."""
    rounds, sent = measured.series(workload, "sent")
    messages = measured.series(workload, "messages")[1]
    known = zip(rounds.tolist(), sent.tolist(), messages.tolist(), strict=True)
    return {round_: (int(size), int(number)) for round_, size, number in known if number and size == size}


def rate(count: str) -> Figure:
    """A count per second."""
    return Figure(
        lambda measured, workload: measured.rate(workload, count),
        lambda measured, workload: measured.rates(workload, count),
    )


def _gain(measured: SliceCounts, workload: str) -> float | None:
    trigger = measured.triggers.get(workload)
    if trigger is None:
        return None
    own, alone = (measured.rate(name, "messages") for name in (workload, trigger))
    return None if own is None or not alone else own / alone


def _gain_by_round(measured: SliceCounts, workload: str) -> dict[int, float]:
    trigger = measured.triggers.get(workload)
    if trigger is None:
        return {}
    own, alone = (measured.rates(name) for name in (workload, trigger))
    return {round_: rate / alone[round_] for round_, rate in own.items() if alone.get(round_)}


SAVING = Figure(_saving, _saving_by_round)
GAIN = Figure(_gain, _gain_by_round)
CABLE_BYTES = Figure(_cable, lambda measured, workload: measured.ratios(workload, "cable_bytes", "carried_events"))
# A percentile has a value per group of rounds, not per round: ``Measured.latency``.
NO_FIGURE = Figure(lambda measured, workload: None, lambda measured, workload: {})
