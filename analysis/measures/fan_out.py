"""What subscribers cost the publisher: its rate and its gain with them, and its share of all bytes."""

from __future__ import annotations

import pandas as pd

from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.queues import SETTINGS
from analysis.measures.throughput import NO_RATIO, Rounds
from wiretax.runs.reader import Run

# Workloads with the same values of these differ in their number of subscribers only.
SAME_BUT_SUBSCRIBERS = [*(each for each in SETTINGS if each not in ("workload", "subscribers")), "channels"]


def fan_out(run: Run) -> pd.DataFrame:
    """A row per workload without an arrival rate of a run that counts deliveries.

    Returns:
        Its settings and: ``rate`` is 0; ``rate_ratio``, ``rate_ratio_low``, ``rate_ratio_high`` (its rate of
        publishing over that of the same workload without subscribers, by round; NaN for that one);
        ``published_per_event`` and ``delivered_per_event`` (bytes of all layers, for all subscribers together),
        ``publishing_share`` (of all of these bytes, what publishing takes; 0 to 1).
    """
    if run.delivery.empty or run.slices.empty:
        return pd.DataFrame()
    first = run.slices.drop_duplicates("workload")
    columns = ["workload", "subscribers", *SAME_BUT_SUBSCRIBERS]
    table = first[[each for each in columns if each in first]].reset_index(drop=True)
    rounds = Rounds(run.slices)
    same = table.groupby(
        [each for each in SAME_BUT_SUBSCRIBERS if each in table], sort=False, dropna=False
    ).ngroup()
    alone = {
        group: name
        for group, name, count in zip(same, table["workload"], table["subscribers"], strict=True)
        if not count
    }
    ratios = []
    for group, name in zip(same, table["workload"], strict=True):
        without = alone.get(group)
        ratios.append(NO_RATIO if without in (None, name) else rounds.ratio(name, str(without)))
    table["rate_ratio"] = [each.estimate for each in ratios]
    table["rate_ratio_low"] = [each.low for each in ratios]
    table["rate_ratio_high"] = [each.high for each in ratios]
    table["published_per_event"] = bytes_per_event(run.slices)["cable"].reindex(table["workload"]).to_numpy()
    delivered = summarise_deliveries(run).set_index("workload")
    per_event = delivered["cable"] * delivered["delivered"] / delivered["acknowledged"]
    table["delivered_per_event"] = per_event.reindex(table["workload"]).fillna(0).to_numpy()
    both = table["published_per_event"] + table["delivered_per_event"]
    table["publishing_share"] = table["published_per_event"] / both
    return table
