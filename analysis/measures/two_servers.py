"""Two servers measured in one run, side by side: the ratio of their rates, round by round."""

from __future__ import annotations

import pandas as pd

from analysis.measures.layers import RECEIVED, SENT, totals
from analysis.measures.summary import ordered
from analysis.measures.throughput import Rounds
from wiretax.channels.workload import COMPARISON_KEY

# What the slices of a pair have in common: all but the server.
TWIN = ["api", "batch_size", "channels", *[name for name in COMPARISON_KEY if name != "server"]]
FIGURES = ["endpoint_rate", "against_rate", "ratio", "ratio_low", "ratio_high", "rounds", "sent", "received"]


def twins(total: pd.DataFrame) -> dict[str, str]:
    """The workload sent to the second server, by name, and the same one sent to the first.

    Args:
        total: ``analysis.measures.layers.totals``.
    """
    named = total[["workload", "server", *TWIN]]
    first, second = (named[named["server"] == server] for server in ("endpoint", "against"))
    both = second.merge(first, on=TWIN, suffixes=("", "_endpoint"))
    return dict(zip(both["workload"], both["workload_endpoint"], strict=True))


def compare_servers(slices: pd.DataFrame) -> pd.DataFrame:
    """A row a workload that was sent to both servers.

    Args:
        slices: ``slices.parquet``.

    Returns:
        The columns of the workload as sent to the endpoint; ``endpoint_rate`` and ``against_rate`` (messages/s,
        medians over rounds), ``ratio``, ``ratio_low``, ``ratio_high`` (against over endpoint, round by round, with
        its 95 % interval; NaN where there are too few), ``rounds`` (paired), ``sent`` and ``received`` (bytes a
        call that the second server is sent and answers with, less the first's).
    """
    total = totals(slices)
    pairs = twins(total)
    requests = total["requests"].where(total["requests"] > 0)
    names = total["workload"]
    sent, received = (
        dict(zip(names, total[parts].sum(axis=1) / requests, strict=True)) for parts in (SENT, RECEIVED)
    )
    rounds = Rounds(slices)
    rows = []
    for second, first in pairs.items():
        ratio = rounds.ratio(second, first)
        rows.append(
            {
                "workload": first,
                "endpoint_rate": rounds.rates[first].median(),
                "against_rate": rounds.rates[second].median(),
                "ratio": ratio.estimate,
                "ratio_low": ratio.low,
                "ratio_high": ratio.high,
                "rounds": ratio.rounds,
                "sent": sent[second] - sent[first],
                "received": received[second] - received[first],
            }
        )
    figures = pd.DataFrame(rows, columns=["workload", *FIGURES])
    return ordered(total[["workload", "server", *TWIN]].merge(figures, on="workload"))
