"""What a run says of its starts, word for word."""

from __future__ import annotations

import pandas as pd
from judged import run_of
from started import started

from analysis.measures.counts import counts_of
from analysis.tables.starts_table import starts_lines, starts_sheet

APART = started([[49, 50, 51, 50, 49, 51], [59, 60, 61, 60, 59, 61], [54, 55, 56, 55, 54, 56]])
ALIKE = started([[40, 50, 60, 50, 40, 60]] * 3)
TIMES = {"rounds": 6, "seconds": 8.0, "slices_s": 6.0}


def test_a_line_has_the_variation_by_level() -> None:
    (line,) = starts_lines(counts_of(APART), {})
    assert line == "3 starts: gains differ by 9.0 % between starts, and by 2.3 % within (SD, median of 1 gain)"
    (line,) = starts_lines(counts_of(ALIKE), {})
    assert line.startswith("3 starts: gains differ not measurably between starts, and by ")


def test_a_better_use_of_the_time_is_named() -> None:
    long = {"starts": [{**TIMES, "rounds": 60, "seconds": 62.0, "slices_s": 60.0}] * 3}
    _, advice = starts_lines(counts_of(APART), long)
    assert advice.startswith("best use of the same time: 23 starts of 6 rounds each, for intervals of about ")
    assert advice.endswith("\u00b13.9 % instead of \u00b122.6 %")


def test_a_run_of_one_start_says_nothing() -> None:
    one = started([[50] * 6])
    assert list(starts_lines(counts_of(one), {})) == []
    assert starts_sheet(run_of(one)).rows == []


def test_a_table_has_the_range_of_a_new_start() -> None:
    (row,) = starts_sheet(run_of(APART)).rows
    assert row[1:3] == ("5.50 [4.26, 6.74]", "3.02 to 7.98")
    assert row[3:] == ("9.0 %", "2.3 %", "3", "18")


def test_workloads_are_in_the_order_of_the_runs_table() -> None:
    small, large = (started([[50] * 6, [60] * 6], payload) for payload in (20, 1000))
    rows = starts_sheet(run_of(pd.concat([large, small]))).rows
    assert [row[0] for row in rows] == ["batch10-20B-chat-reference", "batch10-1000B-chat-reference"]
