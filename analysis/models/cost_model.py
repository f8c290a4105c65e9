"""The bytes of a call and of each event in it: bytes(n, p) = H + n (E + k p).

H is the fixed cost of a call, E the envelope of an event, and k the bytes that a payload byte takes after
escaping. ``analysis.models.call_time`` is the corresponding model of time.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.measures.counts import totals
from analysis.measures.layers import HEAD
from wiretax.channels.request.sizes import BodySizes, body_sizes
from wiretax.channels.workload import COMPARISON_KEY, Workload, columns_of

CALL = ["api", "channels", *[name for name in COMPARISON_KEY if name != "payload_bytes"]]
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

Floats = npt.NDArray[np.float64]


def fit_bytes(slices: pd.DataFrame) -> pd.DataFrame:
    """Fits sent bytes as H + n (E + k p), by client and API, to the HTTP bytes of each request.

    The digits of Content-Length are excluded: a longer body may add a digit to its head, which is neither a cost
    of the call nor of an event.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row per call (``CALL``) and ``payload_bytes`` with

        - ``call_bytes``: H, B per call: the intercept of the line through batch sizes; with only one batch size,
          the head and the brackets that the client's profile writes;
        - ``event_bytes``: E + k p, B per event: the line's slope, which ever larger batches approach;
        - ``envelope_bytes``: E, B per event: the bytes that the profile writes around an empty payload; without a
          profile, the intercept of the line through payloads;
        - ``escape_factor``: k, a ratio; it varies with the payload, because the number of quotes in a document is
          not proportional to its size;
        - ``residual``: B per call, of the workload furthest from the model; 0 if the model is exact;
        - ``digits``: of Content-Length, for the smallest and the largest body;
        - ``batch_sizes``.

        Values that the run does not determine are NaN. HTTP/2 is left out, because its heads are compressed.
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
    """One kind of call at all its payloads, with one H and the bytes per event at each payload."""
    around = _by_profile(group.iloc[0].to_dict())
    sizes, payloads = group["batch_size"].to_numpy(), group["payload_bytes"].to_numpy()
    sent = (group["_head"] + group["_body"]).to_numpy()
    each = np.unique(payloads)
    terms = np.column_stack([np.ones(len(sizes)), *[np.where(payloads == size, sizes, 0) for size in each]])
    if np.linalg.matrix_rank(terms) > len(each):
        call, *events = np.linalg.lstsq(terms, sent)[0]
    else:
        # With one batch size per payload, the line's intercept is unknown.
        call = group["_head"].mean() + (
            around.call if around else 0 if group["api"].iloc[0] != "batch" else np.nan
        )
        events = [np.mean((sent - call)[payloads == size] / sizes[payloads == size]) for size in each]
    envelope, factors = _envelope(each, np.array(events), around)
    place = np.searchsorted(each, payloads)
    residual = np.abs(sent - call - sizes * (envelope + factors * each)[place])
    at_each = [place == number for number in range(len(each))]
    digits = [group["_digits"].to_numpy()[at] for at in at_each]
    # Removes rounding errors: bytes are whole numbers, or fractions of a call's bytes.
    return pd.DataFrame(
        {
            **{name: group[name].iloc[0] for name in CALL},
            "payload_bytes": each,
            "call_bytes": np.round(call, 6),
            "event_bytes": np.round(events, 6),
            "envelope_bytes": np.round(envelope, 6),
            "escape_factor": factors,
            "residual": np.round([residual[at].max() for at in at_each], 6),
            "digits": [_span(found.min(), found.max()) for found in digits],
            "batch_sizes": [", ".join(map(str, sorted(set(sizes[at].tolist())))) for at in at_each],
        }
    )[[*CALL, *BYTE_COLUMNS]]


def _by_profile(call: dict[Hashable, Any]) -> BodySizes | None:
    """The bytes that the client's profile writes around payloads; None for a client without a profile."""
    named = ("api", "channels", "payload_kind", "encrypted", "client", *columns_of("names"))
    settings = {name: call[name] for name in named}
    try:
        return body_sizes(Workload.of(**settings))
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
    """Sent bytes per event at any batch size, from a row of ``fit_bytes``."""
    body = batch_size * fit["event_bytes"]
    return float((fit["call_bytes"] + len(str(round(body)))) / batch_size + fit["event_bytes"])
