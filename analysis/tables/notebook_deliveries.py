"""A run's deliveries in notebooks and reports: sentences, and the tables of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.fan_out import fan_out
from analysis.tables.delivery_table import findings
from analysis.text.labels import Row, arrival_rate, call, delivery_call, queue_call
from analysis.text.numbers import MISSING, count, fixed, percent, scaled, with_interval
from analysis.text.sheet import Cell, Lines, Sheet
from wiretax.runs.mode import OBSERVED
from wiretax.runs.reader import Run

NOTHING = "This run counted no deliveries."


def deliveries_in_brief(run: Run) -> Lines:
    """Whether all that was acknowledged arrived, and what a batch does to the moment at which it does."""
    table = summarise_deliveries(run)
    if table.empty:
        return Lines([NOTHING], is_absent=True)
    expected, delivered = int(table["expected"].sum()), int(table["delivered"].sum())
    lost, missed = int(table["lost"].sum()), int(table["missed"].sum())
    if expected == delivered:
        lines = [f"All {expected:,} deliveries of acknowledged events arrived."]
    else:
        lines = [
            f"Of {expected:,} deliveries of acknowledged events, {delivered:,} arrived, {lost:,} were lost, and "
            f"{missed:,} fell into the time when a subscriber was not connected."
        ]
    twice, back = int(table["duplicated"].sum()), int(table["out_of_order_publisher"].sum())
    lines.append(f"{twice or 'None'} came twice, and {back or 'none'} after a later event of the same publisher.")
    lines += [
        _sentence(row) for row in table[table["delay_ratio"].notna() & (table["rate"] > 0)].to_dict("records")
    ]
    return Lines(lines)


def _sentence(row: Row) -> str:
    ratio = with_interval(row["delay_ratio"], row["delay_ratio_low"], row["delay_ratio_high"])
    return (
        f"At {arrival_rate(row)} and {count(row['subscribers'], 'subscriber')}, half of the events of a "
        f"{queue_call(row)} arrive within {scaled(row['total_p50_s'], 1e3, 1)} ms: {ratio} the trigger's time."
    )


def delivery_sheet(run: Run) -> Sheet:
    """A row per workload: what arrived, and how late."""
    headers = (
        *("Sent as", "Subscribers", "Acknowledged events", "Delivered", "Lost", "Twice", "Out of order"),
        *("Total p50, ms", "Total p99, ms", "Wait p50, ms", "Call p50, ms", "Then p50, ms"),
        "Delay x [95 % CI]",
    )
    table = summarise_deliveries(run)
    rows: list[Sequence[str | Cell]] = [
        (
            _named(row),
            f"{row['subscribers']:,}",
            *(f"{row[name]:,}" for name in ("acknowledged", "delivered", "lost", "duplicated")),
            f"{row['out_of_order_publisher']:,}",
            *(
                scaled(row[f"{name}_s"], 1e3, 1)
                for name in ("total_p50", "total_p99", "waiting_p50", "wire_p50", "after_p50")
            ),
            _ratio(row, "delay_ratio"),
        )
        for row in table.to_dict("records")
    ]
    return Sheet(headers, rows, notes=[*findings(table)] if rows else [])


def fan_out_sheet(run: Run) -> Sheet:
    """A row per workload without an arrival rate: what its subscribers do to publishing, and the bytes of both."""
    headers = (
        *("Sent as", "Subscribers", "Rate of publishing x [95 % CI]"),
        *("Published, B/event", "Delivered, B/event", "Publishing, share of all bytes"),
    )
    table = fan_out(run)
    rows: list[Sequence[str | Cell]] = [
        (
            call(row),
            f"{row['subscribers']:,}",
            _ratio(row, "rate_ratio"),
            fixed(row["published_per_event"], 1),
            fixed(row["delivered_per_event"], 1),
            percent(row["publishing_share"], 0),
        )
        for row in (table.sort_values(["batch_size", "subscribers"]).to_dict("records") if len(table) else ())
    ]
    return Sheet(headers, rows)


def _ratio(row: Row, name: str) -> str:
    value = row[name]
    return MISSING if value != value else with_interval(value, row[f"{name}_low"], row[f"{name}_high"])


def _named(row: Row) -> Cell:
    if row["payload_kind"] == OBSERVED:
        return Cell(delivery_call(row), small="observed")
    return Cell(delivery_call(row), small=arrival_rate(row) if row["rate"] else "closed loop")
