"""Two servers measured in one run, side by side: the ratio of their rates, round by round."""

from __future__ import annotations

import pandas as pd

from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.summary import ordered
from analysis.measures.throughput import Rounds
from wiretax.channels.workload import columns_of

# Workloads with the same values of these differ only in the server.
SAME_BUT_SERVER = columns_of("call", "payload", "transport", "names")
FIGURES = ["endpoint_rate", "against_rate", "ratio", "ratio_low", "ratio_high", "rounds", "sent", "received"]


def paired_servers(total: pd.DataFrame) -> dict[str, str]:
    """Each workload sent to the second server, by name, with the same workload sent to the first.

    Args:
        total: ``analysis.measures.counts.totals``.
    """
    named = total[["workload", "server", *SAME_BUT_SERVER]]
    first, second = (named[named["server"] == server] for server in ("endpoint", "against"))
    both = second.merge(first, on=SAME_BUT_SERVER, suffixes=("", "_endpoint"))
    return dict(zip(both["workload"], both["workload_endpoint"], strict=True))


def compare_servers(slices: pd.DataFrame | SliceCounts) -> pd.DataFrame:
    """A row per workload that was sent to both servers.

    Args:
        slices: ``slices.parquet``, or its counts.

    Returns:
        The columns of the workload as sent to the endpoint; ``endpoint_rate`` and ``against_rate`` (messages/s,
        medians over rounds), ``ratio``, ``ratio_low``, ``ratio_high`` (against over endpoint, round by round, with
        the 95 % interval; NaN with too few rounds), ``rounds`` (paired), ``sent`` and ``received`` (bytes per call
        that the second server gets and sends, minus the first's).
    """
    counted = counts_of(slices)
    total = totals(counted)
    pairs, rounds = paired_servers(total), Rounds(counted)
    by_name = total.set_index("workload")
    per_call = by_name[["sent", "received"]].div(by_name["requests"].where(by_name["requests"] > 0), axis=0)
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
                **(per_call.loc[second] - per_call.loc[first]).to_dict(),
            }
        )
    figures = pd.DataFrame(rows, columns=["workload", *FIGURES])
    return ordered(total[["workload", "server", *SAME_BUT_SERVER]].merge(figures, on="workload"))
