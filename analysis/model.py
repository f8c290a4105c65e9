"""What a call and an event cost apart: bytes(n, p) = H + n (E + k p), and time T(n) = a + b n.

H is what a call costs whatever it carries, E the envelope of an event, k how much escaping makes of a payload
byte. a and b are the same for time, at saturation: what the slower of publisher and server spends on a call and on
an event.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.interval import median_interval
from analysis.layers import HEAD, totals, with_tls
from wiretax.channels.sizes import BodySizes, body_sizes
from wiretax.channels.workload import FAMILY, Workload

# The share of the largest gain that a batch size is asked for.
SHARE = 0.9
CALL = ["api", "channels", *[name for name in FAMILY if name != "payload_bytes"]]
BYTE_COLUMNS = [
    "payload_bytes",
    "call_bytes",
    "event_bytes",
    "envelope_bytes",
    "escape_factor",
    "residual",
    "digits",
    "batch_sizes",
]
TIME_FIGURES = ["call_s", "event_s", "gain_limit", "size_90"]

Floats = npt.NDArray[np.float64]


def fit_bytes(slices: pd.DataFrame) -> pd.DataFrame:
    """Sent bytes as H + n (E + k p), by client and API, fitted to HTTP's bytes of each request.

    The digits of Content-Length are counted apart: where a body gains a digit its head is a byte longer, which is
    no price of the call and none of the event.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row a call (``CALL``) and ``payload_bytes``, with ``call_bytes`` (H, B a call: the start of the line
        through batch sizes; where there is only one of them, the head and the brackets the client's profile
        writes), ``event_bytes`` (E + k p, B an event: the line's slope, which ever larger batches approach),
        ``envelope_bytes`` (E: what the profile writes around an empty payload, or without one the start of the
        line through payloads), ``escape_factor`` (k, ratio; a document has as many quotes as it has, so k differs
        with its size), ``residual`` (B a call: the workload furthest from the model; 0 is exact), ``digits`` (of
        Content-Length, smallest and largest body) and ``batch_sizes``. What the run can't tell is NaN. HTTP/2 is
        left out: its heads are coded.
    """
    total = totals(slices)
    total = total[(total["requests"] > 0) & (total["http"] == "1.1")]
    body = total["body_bytes"] / total["requests"]
    digits = np.floor(np.log10(body.clip(lower=1))).astype(int) + 1
    head = total[HEAD].sum(axis=1) / total["requests"]
    requests = total.assign(_body=body, _digits=digits, _head=head - digits)
    fitted = [_fit_call(group) for _, group in requests.groupby(CALL, sort=False)]
    return pd.concat(fitted, ignore_index=True) if fitted else pd.DataFrame(columns=[*CALL, *BYTE_COLUMNS])


def _fit_call(group: pd.DataFrame) -> pd.DataFrame:
    """One kind of call at all its payloads: one H, and at each payload what an event adds."""
    around = _by_profile(group.iloc[0].to_dict())
    sizes, payloads = group["batch_size"].to_numpy(), group["payload_bytes"].to_numpy()
    sent = (group["_head"] + group["_body"]).to_numpy()
    each = np.unique(payloads)
    terms = np.column_stack([np.ones(len(sizes)), *[np.where(payloads == size, sizes, 0) for size in each]])
    if np.linalg.matrix_rank(terms) > len(each):
        call, *events = np.linalg.lstsq(terms, sent)[0]
    else:
        # One batch size a payload leaves the line's start open.
        call = group["_head"].mean() + (
            around.call if around else 0 if group["api"].iloc[0] != "batch" else np.nan
        )
        events = [np.mean((sent - call)[payloads == size] / sizes[payloads == size]) for size in each]
    envelope, factors = _envelope(each, np.array(events), around)
    fitted = pd.DataFrame(
        {
            "payload_bytes": each,
            "call_bytes": call,
            "event_bytes": events,
            "envelope_bytes": envelope,
            "escape_factor": factors,
        }
    )
    place = np.searchsorted(each, payloads)
    residual = np.abs(sent - call - sizes * (envelope + factors * each)[place])
    by_payload = group.assign(_residual=residual).groupby("payload_bytes", as_index=False)
    more = by_payload.agg(
        residual=("_residual", "max"),
        digits=("_digits", lambda values: _span(values.min(), values.max())),
        batch_sizes=("batch_size", lambda values: ", ".join(map(str, sorted(set(values))))),
    )
    fitted = fitted.merge(more, on="payload_bytes").assign(**{name: group[name].iloc[0] for name in CALL})
    # Sums of floats leave dust behind; bytes are whole or fractions of a call's.
    figures = ["call_bytes", "event_bytes", "envelope_bytes", "residual"]
    return fitted.assign(**{name: fitted[name].round(6) for name in figures})[[*CALL, *BYTE_COLUMNS]]


def _by_profile(call: dict[Hashable, Any]) -> BodySizes | None:
    """What the client's profile writes around payloads; None for a client that has none."""
    settings = {name: call[name] for name in ("api", "channels", "payload_kind", "client")}
    try:
        return body_sizes(Workload(**settings))
    except (KeyError, ValueError):
        return None


def _envelope(payloads: Floats, events: Floats, around: BodySizes | None) -> tuple[float, Floats]:
    """E, and k at each payload."""
    if around is not None:
        return around.event, (events - around.event) / payloads
    if len(payloads) < 2:
        return np.nan, np.full(len(payloads), np.nan)
    factor, envelope = np.polyfit(payloads, events, 1)
    return float(envelope), np.full(len(payloads), factor)


def _span(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def sent_per_event(fit: pd.Series[Any], batch_size: float) -> float:
    """Sent bytes an event of a row of ``fit_bytes`` at any batch size."""
    body = batch_size * fit["event_bytes"]
    return float((fit["call_bytes"] + len(str(round(body)))) / batch_size + fit["event_bytes"])


@dataclass(frozen=True, slots=True)
class TimeLine:
    """T(n) = a + b n of one family, round by round.

    Attributes:
        family: the values of ``FAMILY``.
        sizes: batch sizes; the trigger is 1.
        medians: seconds a call at each size, the median over rounds.
        call_s: a, seconds a call; a value a round.
        event_s: b, seconds an event; a value a round.
    """

    family: tuple[Any, ...]
    sizes: Floats
    medians: Floats
    call_s: Floats
    event_s: Floats

    def gains(self, sizes: Sequence[float]) -> Floats:
        """Events a second over the trigger's, by the lines: a row a round, a column a size."""
        at = np.asarray(sizes, dtype=float)
        call, event = self.call_s[:, None], self.event_s[:, None]
        gains: Floats = at * (call + event) / (call + event * at)
        return gains


def time_lines(slices: pd.DataFrame) -> Iterator[TimeLine]:
    """The line of each family that has a trigger and a batch, or two sizes of batch.

    A call's time is a slice's duration over its requests: with all connections busy, what the slower side spends
    on one. Points are weighted by the square of their inverse, since doubt grows with the time itself.

    Args:
        slices: ``slices.parquet``.
    """
    used = with_tls(slices)
    used = used[used["api"].isin(["trigger", "batch"]) & (used["requests"] > 0)]
    for family, group in used.groupby(list(FAMILY), sort=False, dropna=False):
        # A batch of one is no trigger; where there are both, the trigger is what batches replace.
        if (group["api"] == "trigger").any():
            group = group[(group["api"] == "trigger") | (group["batch_size"] > 1)]
        by_round = group.groupby(["round", "batch_size"])
        times = (by_round["duration_s"].max() / by_round["requests"].sum()).unstack("batch_size")
        whole = times.sort_index(axis=1).dropna()
        if whole.shape[1] > 1 and len(whole):
            yield _line(family, whole)


def _line(family: tuple[Any, ...], times: pd.DataFrame) -> TimeLine:
    sizes = times.columns.to_numpy(dtype=float)
    medians = times.median().to_numpy()
    points = times.to_numpy()
    shares = medians**-2 / (medians**-2).sum()
    centred = sizes - shares @ sizes
    event = points @ (shares * centred) / (shares @ centred**2)
    return TimeLine(family, sizes, medians, points @ shares - event * (shares @ sizes), event)


def fit_time(slices: pd.DataFrame) -> pd.DataFrame:
    """Seconds as T(n) = a + b n by family, and what follows from it for the gain.

    A line is fitted to each round by itself, so that a machine's drift cancels out; figures are medians over
    rounds.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row a family (``FAMILY``) with ``call_s`` (a), ``event_s`` (b), ``gain_limit`` (ratio: what ever larger
        batches approach; infinite where b is not above 0), ``size_90`` (the batch size that reaches 90 % of it),
        each with ``_low`` and ``_high`` (95 %; NaN under five rounds),
        ``deviation`` (share: the measured median furthest from the line), ``rounds`` and ``batch_sizes``.
    """
    rows = []
    for line in time_lines(slices):
        fitted = np.median(line.call_s) + np.median(line.event_s) * line.sizes
        row = dict(zip(FAMILY, line.family, strict=True))
        for name, values in zip(TIME_FIGURES, _figures(line), strict=True):
            row[name] = np.median(values)
            row[f"{name}_low"], row[f"{name}_high"] = median_interval(values)
        row["deviation"] = float(np.abs(line.medians / fitted - 1).max())
        row["rounds"] = len(line.call_s)
        row["batch_sizes"] = ", ".join(f"{size:g}" for size in line.sizes)
        rows.append(row)
    bounds = [f"{name}{end}" for name in TIME_FIGURES for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=[*FAMILY, *bounds, "deviation", "rounds", "batch_sizes"])


def gain_curve(slices: pd.DataFrame, sizes: Sequence[float]) -> pd.DataFrame:
    """The fitted gain over the trigger at any batch sizes.

    Args:
        slices: ``slices.parquet``.
        sizes: batch sizes, measured or not.

    Returns:
        A row a family (``FAMILY``) and ``batch_size``: ``gain``, ``gain_low``, ``gain_high`` (ratios; 95 %, NaN
        under five rounds).
    """
    parts = []
    for line in time_lines(slices):
        gains = line.gains(sizes)
        low, high = median_interval(gains)
        middle = np.median(gains, axis=0)
        curve = pd.DataFrame({"batch_size": sizes, "gain": middle, "gain_low": low, "gain_high": high})
        parts.append(curve.assign(**dict(zip(FAMILY, line.family, strict=True))))
    columns = [*FAMILY, "batch_size", "gain", "gain_low", "gain_high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _figures(line: TimeLine) -> tuple[Floats, Floats, Floats, Floats]:
    """a, b, the gain's limit and the size for 90 % of it; a value a round."""
    call, event = line.call_s, line.event_s
    grows = event > 0
    safe = np.where(grows, event, 1.0)
    limit = np.where(grows, (call + event) / safe, np.inf)
    # n (a + b) / (a + b n) = s (a + b) / b, solved for n.
    size = np.where(grows, np.maximum(1.0, SHARE / (1 - SHARE) * call / safe), np.inf)
    return call, event, limit, size
