"""A run's deliveries in notebooks and reports: sentences, and the tables of the terminal."""

from __future__ import annotations

from collections.abc import Callable

from analysis.measures.deliveries import UNITS, summarise_deliveries
from analysis.measures.fan_out import fan_out
from analysis.tables.delivery_table import findings
from analysis.text.labels import Row, arrival_rate, call, delivery_call, queue_call
from analysis.text.numbers import MISSING, count, fixed, percent, scaled, with_interval
from analysis.text.sheet import Cell, Lines, Numbers, Sheet, Shown, Words
from analysis.text.units import with_units
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
    """A row per workload, as ``summarise_deliveries`` has them: what arrived, and how late."""
    table = summarise_deliveries(run)
    columns: tuple[Shown, ...] = (
        Words("Sent as", _named),
        *(Numbers(title, _count(name)) for name, title in COUNTS.items()),
        *(Numbers(title, _time(name)) for name, title in TIMES.items()),
        Numbers("Delay x [95 % CI]", lambda row: _ratio(row, "delay_ratio")),
    )
    return Sheet(with_units(table, UNITS), columns, [*findings(table)] if len(table) else [])


COUNTS = {
    "subscribers": "Subscribers",
    "acknowledged": "Acknowledged events",
    "delivered": "Delivered",
    "lost": "Lost",
    "duplicated": "Twice",
    "out_of_order_publisher": "Out of order",
}
TIMES = {
    "total_p50_s": "Total p50, ms",
    "total_p99_s": "Total p99, ms",
    "waiting_p50_s": "Wait p50, ms",
    "wire_p50_s": "Call p50, ms",
    "after_p50_s": "Then p50, ms",
}


def fan_out_sheet(run: Run) -> Sheet:
    """A row per workload without an arrival rate, as ``fan_out`` has them: what its subscribers do to publishing,
    and the bytes of both."""
    columns: tuple[Shown, ...] = (
        Words("Sent as", call),
        Numbers("Subscribers", _count("subscribers")),
        Numbers("Rate of publishing x [95 % CI]", lambda row: _ratio(row, "rate_ratio")),
        Numbers("Published, B/event", lambda row: fixed(row["published_per_event"], 1)),
        Numbers("Delivered, B/event", lambda row: fixed(row["delivered_per_event"], 1)),
        Numbers("Publishing, share of all bytes", lambda row: percent(row["publishing_share"], 0)),
    )
    table = fan_out(run)
    return Sheet(table.sort_values(["batch_size", "subscribers"]) if len(table) else table, columns)


def _count(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name]:,}"


def _time(name: str) -> Callable[[Row], str]:
    return lambda row: scaled(row[name], 1e3, 1)


def _ratio(row: Row, name: str) -> str:
    value = row[name]
    return MISSING if value != value else with_interval(value, row[f"{name}_low"], row[f"{name}_high"])


def _named(row: Row) -> Cell:
    if row["payload_kind"] == OBSERVED:
        return Cell(delivery_call(row), small="observed")
    return Cell(delivery_call(row), small=arrival_rate(row) if row["rate"] else "closed loop")
