"""The published claims of the Batch Events API, each with a run's measurement."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan

import pandas as pd

from analysis.findings.claim import EXACT, Claim, Verdict
from analysis.findings.encryption import encryption_claim
from analysis.findings.volume import volume_claim
from analysis.measures.clients import CLAIMED_HEAD_BYTES, head_claim
from analysis.measures.representative import representative_family
from analysis.measures.summary import summarise
from analysis.measures.throughput import Ratio, Rounds, why_no_gain
from analysis.models.breakeven import payload_at_overhead
from analysis.models.call_time import fit_time
from analysis.models.cost_model import fit_bytes
from analysis.text.labels import Row, batch_sizes, call, event_in_full, gain_limit
from analysis.text.numbers import fixed, interval, multiple, percent, with_interval
from wiretax.channels.workload import COMPARISON_KEY, columns_of

# "Around 400": within a fifth of it.
AROUND = 0.2
OVERHEADS = (10.0, 5.0, 2.0)
# Up to this factor, at most half of the bytes are overhead: nothing to cure.
CURED = 2.0
# Saving half of the bytes cures the overhead in part.
EASED = 0.5
BATCH = 10
# A batch with this share of the largest possible gain is large enough.
NEARLY_ALL = 0.9
# Batches of different payloads with the same values of these are compared in one line.
SAME_BUT_PAYLOAD = [name for name in COMPARISON_KEY if name != "payload_bytes"]
HEADER = "Every HTTP call carries around 400 bytes of header."
OVERHEAD = "That can be up to a 10x overhead on a small event."
CURE = "Fewer calls cure it."
TEN = "Send up to 10 events per call."
MORE = "On a dedicated cluster, larger batches."
CHANNELS = "One event to many channels: a multi-channel trigger rather than a batch."


def claims(slices: pd.DataFrame) -> list[Claim]:
    """All claims, in the order of publication; one that the run can't decide names the command that can.

    A run with encrypted events has one more: what such an event costs.

    Args:
        slices: ``slices.parquet``.
    """
    family = representative_family(slices)
    rows: list[Row] = [row for row in summarise(slices).to_dict("records") if not isnan(row["sent_per_event"])]
    own = [row for row in rows if row["workload"] in set(family["workload"])]
    return [
        _header(slices),
        _overhead(rows, own),
        _cure(rows, own, family),
        _ten(own, family),
        _more(own, family),
        _channels(own, family),
        volume_claim(own, family),
        *encryption_claim(rows, slices),
    ]


def _header(slices: pd.DataFrame) -> Claim:
    found = head_claim(slices)
    if found is None:
        return Claim(HEADER, "not measured", note="No official library in this run: wiretax run clients.")
    one = found.libraries == 1
    near = abs(found.mean / CLAIMED_HEAD_BYTES - 1) <= AROUND
    return Claim(
        HEADER,
        "holds" if near else "does not hold",
        f"{found.mean:,.0f} B" if one else f"{found.least:,.0f} to {found.most:,.0f} B, mean {found.mean:,.0f} B",
        EXACT,
        f"trigger, {found.names[0] if one else f'{found.libraries} official libraries'}",
        "Includes the request line with its signed query; the header fields alone are "
        + (
            f"{found.least_fields:,.0f} B." if one else f"{found.least_fields:,.0f} to {found.most_fields:,.0f} B."
        ),
    )


def _overhead(rows: list[Row], own: list[Row]) -> Claim:
    same = ("client", "encrypted")
    alike = [row for row in rows if own and all(row[name] == own[0][name] for name in same)]
    triggers = [row for row in alike if row["api"] == "trigger"]
    if not triggers:
        return Claim(OVERHEAD, "not measured", note="No trigger in this run: wiretax run headline.")
    most = max(triggers, key=lambda row: float(row["overhead_factor"]))
    names = {name: most[name] for name in columns_of("names")}
    try:
        more = {"encrypted": most["encrypted"], **names}
        breakevens = {
            each: payload_at_overhead(each, most["client"], most["payload_kind"], **more) for each in OVERHEADS
        }
    except (KeyError, ValueError):
        # For a client without a profile, only measured bytes are known.
        breakevens = {}
    reached = most["overhead_factor"] >= OVERHEADS[0] or breakevens.get(OVERHEADS[0]) is not None
    sizes = [f"{factor:g}x at {size:,} B" for factor, size in breakevens.items() if size is not None]
    note = f"By the model: {', '.join(sizes)}." if sizes else ""
    return Claim(
        OVERHEAD,
        "holds" if reached else "does not hold",
        f"{multiple(most['overhead_factor'])} at {most['payload_bytes']:,} B",
        EXACT,
        ", ".join(
            ["trigger", most["payload_kind"], most["client"], *(["encrypted"] if most["encrypted"] else [])]
        ),
        note + (" Smaller events cost more than 10x." if reached else ""),
    )


def _cure(rows: list[Row], own: list[Row], family: pd.DataFrame) -> Claim:
    ten = _batches_of_ten(own)
    if not ten:
        return Claim(CURE, "not measured", note="No trigger to compare with a batch of 10: wiretax run headline.")
    [row] = ten
    alone = {each["workload"]: float(each["overhead_factor"]) for each in rows}
    same = [each for each in _batches_of_ten(rows) if all(each[name] == row[name] for name in SAME_BUT_PAYLOAD)]
    # A trigger with little overhead has nothing to cure.
    costly = [each for each in same if alone[each["baseline"]] > CURED]
    verdict: Verdict = "does not hold"
    if all(each["overhead_factor"] <= CURED for each in costly):
        verdict = "holds"
    elif any(each["saving"] >= EASED for each in costly):
        verdict = "holds in part"
    overheads = f"overhead {multiple(alone[row['baseline']])} to {multiple(row['overhead_factor'])}"
    return Claim(
        CURE,
        verdict,
        f"{percent(row['saving'])} fewer bytes, {overheads}",
        EXACT,
        f"batch of {BATCH}, {event_in_full(row)}",
        " ".join([*_distance(own, family, row["saving"]), *_by_payload(same)]),
    )


def _batches_of_ten(rows: list[Row]) -> list[Row]:
    """Batches of ten whose trigger was measured too."""
    ten = (row for row in rows if row["api"] == "batch" and row["batch_size"] == BATCH)
    return [row for row in ten if not isnan(row["saving"])]


def _distance(own: list[Row], family: pd.DataFrame, saving: float) -> Iterator[str]:
    """The share of the largest possible saving that this saving reaches."""
    alone = {row["api"]: float(row["sent_per_event"]) for row in own}
    for row in fit_bytes(family).to_dict("records"):
        if row["api"] == "batch" and not isnan(row["event_bytes"]):
            limit = 1 - float(row["event_bytes"]) / alone["trigger"]
            most, reached = percent(limit), percent(saving / limit, 0)
            yield f"By the byte model no batch saves more than {most}; this is {reached} of it."


def _by_payload(rows: list[Row]) -> Iterator[str]:
    """The saving at each payload, if there are several."""
    if len(rows) > 1:
        ordered = sorted(rows, key=lambda row: int(row["payload_bytes"]))
        sizes = ", ".join(f"{percent(row['saving'])} at {row['payload_bytes']:,} B" for row in ordered)
        yield f"By payload: {sizes}."


def _ten(own: list[Row], family: pd.DataFrame) -> Claim:
    ten = _batches_of_ten(own)
    if not ten:
        return Claim(TEN, "not measured", note="No trigger to compare with a batch of 10: wiretax run headline.")
    [row] = ten
    if why := why_no_gain(family):
        return Claim(TEN, "not measured", note=why)
    # Without a round that has all sizes, there is no fit.
    fits = fit_time(family).to_dict("records")
    best, note = _best_gain(fits[0]) if fits else (nan, "")
    return Claim(
        TEN,
        _ten_suffice(row, best),
        f"{multiple(row['gain'])} events/s",
        interval(row["gain_low"], row["gain_high"]),
        f"batch of {BATCH}, {event_in_full(row)}",
        note,
    )


def _best_gain(fit: Row) -> tuple[float, str]:
    """The largest possible gain, or the largest measured one if the data support no limit; and a note on it."""
    note = gain_limit(fit)
    if not note:
        return nan, ""
    note = f"{note[0].upper()}{note[1:]}."
    if not isnan(fit["gain_limit"]):
        return float(fit["gain_limit"]), note
    if fit["largest_batch"] <= BATCH:
        return nan, f"No larger batch was measured, and no limit is given: {fit['no_limit_because']}."
    return float(fit["largest_gain"]), f"{note} No limit is given: {fit['no_limit_because']}."


def _ten_suffice(row: Row, best: float) -> Verdict:
    """``best``: NaN if it is unknown whether larger batches gain more."""
    if isnan(row["gain_low"]):
        return "undecided"
    return "holds" if row["gain"] >= NEARLY_ALL * best else "holds in part" if row["gain_low"] > 1 else "undecided"


def _more(own: list[Row], family: pd.DataFrame) -> Claim:
    batches = {row["batch_size"]: row for row in own if row["api"] == "batch"}
    larger = [batches[size] for size in sorted(batches) if size > BATCH]
    if BATCH not in batches or not larger:
        return Claim(
            MORE, "not measured", note="No batch of 10 with a larger one to compare: wiretax run headline."
        )
    ten, rounds = batches[BATCH], Rounds(family)
    fewer = [1 - row["sent_per_event"] / ten["sent_per_event"] for row in larger]
    what = f"{batch_sizes([row['batch_size'] for row in larger])} over one of {BATCH}, {event_in_full(ten)}"
    if why := why_no_gain(family):
        return Claim(MORE, "not measured", f"up to {percent(max(fewer))} fewer bytes", EXACT, what, why)
    ratios = [rounds.ratio(str(row["workload"]), str(ten["workload"])) for row in larger]
    best = max(ratios, key=lambda ratio: ratio.estimate)
    parts = zip([row["batch_size"] for row in larger], fewer, ratios, strict=True)
    return Claim(
        MORE,
        _all_above_one(ratios),
        f"up to {percent(max(fewer))} fewer bytes, {multiple(best.estimate)} events/s",
        interval(best.low, best.high),
        what,
        "; ".join(f"{size}: {percent(less)} fewer bytes, {_with_interval(ratio)}" for size, less, ratio in parts)
        + ".",
    )


def _with_interval(ratio: Ratio) -> str:
    return with_interval(ratio.estimate, ratio.low, ratio.high)


def _all_above_one(ratios: list[Ratio]) -> Verdict:
    """Whether all ratios are significantly above 1."""
    faster = [ratio.low > 1 for ratio in ratios]
    if any(faster):
        return "holds" if all(faster) else "holds in part"
    return "does not hold" if all(ratio.high < 1 for ratio in ratios) else "undecided"


def _channels(own: list[Row], family: pd.DataFrame) -> Claim:
    batches = {row["batch_size"]: row for row in own if row["api"] == "batch"}
    fans = [row for row in own if row["api"] == "multi_trigger" and row["channels"] in batches]
    if not fans:
        what = "No trigger whose number of channels equals the events of a batch"
        return Claim(CHANNELS, "not measured", note=f"{what}: wiretax run headline.")
    rounds, why = Rounds(family), why_no_gain(family)
    ratios, notes = [], []
    for fan in sorted(fans, key=lambda row: int(row["channels"]), reverse=True):
        batch = batches[fan["channels"]]
        ratio = rounds.ratio(str(fan["workload"]), str(batch["workload"]))
        fewer, more = fan["sent_per_event"] / fan["channels"], batch["sent_per_event"]
        ratios.append(ratio)
        notes.append(
            f"{fan['channels']} channels: {fixed(fewer, 1)} B per message instead of {fixed(more, 1)}, "
            f"{_with_interval(ratio)}"
        )
    # The last one has the fewest channels, so the smallest gain.
    if why:
        what = f"{call(fan)} over batch of {fan['channels']}, {event_in_full(fan)}"
        return Claim(CHANNELS, "not measured", f"{percent(1 - fewer / more)} fewer bytes", EXACT, what, why)
    return Claim(
        CHANNELS,
        _all_above_one(ratios) if fewer < more else "does not hold",
        f"{percent(1 - fewer / more)} fewer bytes, {multiple(ratio.estimate)} messages/s",
        interval(ratio.low, ratio.high),
        f"{call(fan)} over batch of {fan['channels']}, {event_in_full(fan)}",
        "; ".join(reversed(notes)) + ".",
    )
