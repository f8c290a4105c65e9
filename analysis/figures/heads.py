"""The size of a call's head by client library, compared with the claim of 400 bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.plotted import Plotted
from analysis.figures.style import INK, LAYER_COLOURS, MUTED, PAPER, canvas, styled, text_on
from analysis.measures.clients import CLAIMED_HEAD_BYTES, OFFICIAL
from analysis.measures.counts import totals
from analysis.measures.layers import BY_KEY
from analysis.measures.representative import USUAL_PAYLOAD_BYTES
from analysis.text.numbers import short

NAME = "heads-by-client"
CLIENTS = "wiretax run clients"
PARTS = ("request_line", "auth_query", "headers")


def heads_by_client(slices: pd.DataFrame) -> Drawing | Absent:
    """The head of a trigger by client, stacked by part, smallest first, with the claimed 400 bytes.

    A client with several workloads appears once: with the payload closest to 100 B, if possible over HTTP/1.1
    without TLS on a kept connection.

    Args:
        slices: ``slices.parquet``.
    """
    heads = _heads(slices)
    if len(heads) < 2:
        return Absent(NAME, "fewer than two clients sent a trigger in this run", CLIENTS)
    official = heads[heads["client"].isin(OFFICIAL)]["head"]
    title = f"The head of a call takes {short(heads['head'].min())} to {short(heads['head'].max())} B"
    if len(official) > 1:
        least, most = short(official.min()), short(official.max())
        title = f"The head of a call takes {least} to {most} B in the {len(official)} official libraries"
    with styled(NAME):
        figure, [axes] = canvas(8, 1.3 + 0.3 * len(heads), title)
        _bars(axes, heads)
        _claim(axes, len(heads))
        axes.set_xlabel("bytes of a trigger's head; official libraries in bold")
    plotted = Plotted()
    for part in PARTS:
        plotted.add("measured", client=heads["client"], part=BY_KEY[part].label, bytes_per_call=heads[part])
    words = (
        "Bytes of request line, auth query and header fields of a trigger. "
        f"The claim is about {CLAIMED_HEAD_BYTES} B. Other clients are shown for comparison."
    )
    return Drawing(NAME, words, figure, plotted.frame())


def _heads(slices: pd.DataFrame) -> pd.DataFrame:
    """A row per client, smallest head first: its parts in bytes per call, and ``head``, their sum."""
    if slices.empty:
        return pd.DataFrame(columns=["client", "head", *PARTS])
    total = totals(slices[(slices["api"] == "trigger") & (slices["requests"] > 0)])
    total = total.assign(
        _distance=np.abs(np.log(total["payload_bytes"].clip(lower=1) / USUAL_PAYLOAD_BYTES)),
        _closes=total["connection"] == "close",
        _against=total["server"] != "endpoint",
    )
    total = total.sort_values(
        ["_distance", "encrypted", "http", "tls", "_closes", "calls_per_connection", "_against"]
    )
    total = total.drop_duplicates("client")
    parts = {part: total[BY_KEY[part].sum] / total["requests"] for part in PARTS}
    heads = total[["client"]].assign(**parts, head=total["head"] / total["requests"])
    return heads.sort_values(["head", "client"]).reset_index(drop=True)


def _bars(axes: Axes, heads: pd.DataFrame) -> None:
    places = np.arange(len(heads))
    left = np.zeros(len(heads))
    for part in PARTS:
        color = LAYER_COLOURS[part]
        sizes = heads[part].to_numpy(dtype=float)
        axes.barh(places, sizes, left=left, height=0.7, color=color, label=BY_KEY[part].label, zorder=3)
        for place, (start, size) in enumerate(zip(left, sizes, strict=True)):
            axes.text(
                start + size / 2,
                place,
                f"{size:,.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color=text_on(color),
                zorder=6,
            )
        left += sizes
    # A background keeps the number readable on the claim's line.
    behind = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2}
    for place, head in enumerate(heads["head"]):
        axes.text(
            head + 5, place, f"{head:,.0f}", va="center", fontweight="bold", fontsize=8.5, bbox=behind, zorder=5
        )
    axes.set_yticks(places, heads["client"])
    for label, client in zip(axes.get_yticklabels(), heads["client"], strict=True):
        official = client in OFFICIAL
        label.set_fontweight("bold" if official else "normal")
        label.set_color(INK if official else MUTED)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, max(heads["head"].max(), CLAIMED_HEAD_BYTES) * 1.1)
    axes.set_ylim(len(heads) - 0.4, -1.1)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.995), ncols=3, borderaxespad=0, handlelength=1)


def _claim(axes: Axes, clients: int) -> None:
    axes.plot([CLAIMED_HEAD_BYTES] * 2, [-0.6, clients - 0.4], color=INK, linestyle="--", linewidth=1.2, zorder=4)
    axes.text(CLAIMED_HEAD_BYTES, -0.65, f"{CLAIMED_HEAD_BYTES} B claimed", ha="center", va="bottom", fontsize=8.5)
