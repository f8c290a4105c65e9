"""Locust's own statistics, fine enough for calls that take less than a millisecond.

Locust keeps response times in whole milliseconds and prints them as integers. ``use_fine_statistics`` replaces
Locust's classes by ones that keep three significant digits, and its CSV writer by one that writes the final
figures. It has to be called before Locust creates its environment: when a locustfile is imported.
"""

from __future__ import annotations

from collections import deque
from math import floor, log10
from time import time
from typing import Any

import gevent
from locust import stats
from locust.env import Environment
from locust.stats import PERCENTILES_TO_REPORT, StatsCSVFileWriter, StatsEntry, StatsEntryDict

# Decimals of a millisecond.
LEAST_STEP_DIGITS = 4
SIGNIFICANT_DIGITS = 3
# Locust's window for current rates.
CURRENT_S = 10.0


def bucket_response_time(milliseconds: float) -> float:
    """The key of a response time in Locust's histograms: three significant digits."""
    if milliseconds <= 0:
        return 0
    digits = min(LEAST_STEP_DIGITS, SIGNIFICANT_DIGITS - 1 - floor(log10(milliseconds)))
    rounded = round(milliseconds, digits)
    return rounded if digits > 0 else int(rounded)


def shown(milliseconds: float | None) -> str:
    """A response time in a column of a terminal's table."""
    if not milliseconds:
        return "0"
    return f"{bucket_response_time(milliseconds):.10g}"


class FineEntry(StatsEntry):
    """One row of Locust's statistics.

    The rates of a workload that is sent in slices are those of its slices: the time of other workloads' slices
    does not count.
    """

    _slices: deque[tuple[float, int, int, float]]
    _in_slices: tuple[int, int, float]

    def reset(self) -> None:
        super().reset()  # type: ignore[no-untyped-call]
        self._slices = deque()
        self._in_slices = (0, 0, 0.0)

    def add_slice(self, requests: int, failures: int, seconds: float) -> None:
        """Add a finished slice: the calls that began and ended in it, and its duration."""
        now_s = time()
        self._slices.append((now_s, requests, failures, seconds))
        while len(self._slices) > 1 and self._slices[0][0] < now_s - CURRENT_S:
            self._slices.popleft()
        before = self._in_slices
        self._in_slices = (before[0] + requests, before[1] + failures, before[2] + seconds)

    @property
    def current_rps(self) -> float:
        return self._current(1) if self._slices else super().current_rps

    @property
    def current_fail_per_sec(self) -> float:
        return self._current(2) if self._slices else super().current_fail_per_sec

    @property
    def total_rps(self) -> float:
        requests, _, seconds = self._in_slices
        return requests / seconds if seconds else super().total_rps

    @property
    def total_fail_per_sec(self) -> float:
        _, failures, seconds = self._in_slices
        return failures / seconds if seconds else super().total_fail_per_sec

    def get_stripped_report(self) -> StatsEntryDict:
        """A worker's report, after which its counts restart. Locust's JSON output uses this method too, and must
        not restart them."""
        return super().get_stripped_report() if not self.use_response_times_cache else self.serialize()

    def to_string(self, current: bool = True) -> str:
        """A line of the table on the terminal, in Locust's columns."""
        name = f"%-{stats.STATS_TYPE_WIDTH}s %-{stats.STATS_NAME_WIDTH - stats.STATS_TYPE_WIDTH + 4}s"
        rates = (
            (self.current_rps, self.current_fail_per_sec) if current else (self.total_rps, self.total_fail_per_sec)
        )
        times = (self.avg_response_time, self.min_response_time, self.max_response_time, self.median_response_time)
        return (f"{name} %7d %12s |%7s %7s %7s%7s | %7.2f %11.2f") % (
            f"{self.method} " if self.method else "",
            self.name,
            self.num_requests,
            f"{self.num_failures}({self.fail_ratio * 100:.2f}%)",
            *map(shown, times),
            *rates,
        )

    def percentile(self) -> str:
        """A line of the table of percentiles on the terminal, in Locust's columns."""
        names = f"%-{stats.STATS_TYPE_WIDTH}s %-{stats.STATS_NAME_WIDTH}s" % (self.method or "", self.name)
        first, *others = (shown(self.get_response_time_percentile(each)) for each in PERCENTILES_TO_REPORT)
        return " ".join([names, f"{first:>8}", *(f"{each:>6}" for each in others), f"{self.num_requests:6d}"])

    def to_dict(self, escape_string_values: bool = False) -> dict[str, Any]:
        """The row for the web page and the HTML report."""
        row: dict[str, Any] = super().to_dict(escape_string_values)
        row["min_response_time"] = bucket_response_time(self.min_response_time or 0)
        row["max_response_time"] = bucket_response_time(self.max_response_time)
        return row

    def _current(self, of: int) -> float:
        """A rate over the slices of the last 10 s; that of the last slice if all are older."""
        seconds = sum(each[3] for each in self._slices)
        return sum(each[of] for each in self._slices) / seconds if seconds else 0.0


class CompleteCsvWriter(StatsCSVFileWriter):
    """Locust's CSV files. They are written once more at the end, as Locust leaves them up to a second behind."""

    def __init__(self, environment: Environment, *arguments: Any, **options: Any) -> None:
        super().__init__(environment, *arguments, **options)
        self._greenlet: gevent.Greenlet | None = None
        environment.wiretax_csv_writer = self  # type: ignore[attr-defined]

    def stats_writer(self) -> None:
        self._greenlet = gevent.getcurrent()
        super().stats_writer()

    def finish(self) -> None:
        """Write the final figures; nothing is written after them."""
        if self._greenlet is None:
            return
        self._greenlet.kill()
        self._greenlet = None
        for file, write in (
            (self.requests_csv_filehandle, lambda: self.requests_csv(self.requests_csv_writer)),
            (self.failures_csv_filehandle, lambda: self.failures_csv(self.failures_csv_writer)),
            (self.exceptions_csv_filehandle, lambda: self.exceptions_csv(self.exceptions_csv_writer)),
        ):
            file.seek(0)
            write()  # type: ignore[no-untyped-call]
            file.truncate()
        self._stats_history_data_rows(self.stats_history_csv_writer, time())

    def _percentile_fields(self, stats_entry: StatsEntry, use_current: bool = False) -> list[Any]:
        if not stats_entry.num_requests:
            return list(self.percentiles_na)
        current = use_current and stats_entry.use_response_times_cache
        of = (
            stats_entry.get_current_response_time_percentile
            if current
            else stats_entry.get_response_time_percentile
        )
        return [of(each) or 0 for each in self.percentiles_to_report]


def use_fine_statistics() -> None:
    """Replace Locust's statistics classes by the ones above."""
    stats.bucket_response_time = bucket_response_time  # type: ignore[assignment]
    stats.StatsEntry = FineEntry  # type: ignore[misc]
    stats.StatsCSVFileWriter = CompleteCsvWriter  # type: ignore[misc]


def finish_csv(environment: Environment) -> None:
    """Write the last rows of Locust's CSV files, if it writes any."""
    writer = getattr(environment, "wiretax_csv_writer", None)
    if writer is not None:
        writer.finish()
