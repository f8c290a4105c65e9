"""Connections that the server closes are shown in every table, page and label, whatever the plan asks for."""

from __future__ import annotations

import math
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from judged import run_of
from rich.console import Console
from saved import kernel, record, slice_, slices_frame

from analysis.figures.drawing import Absent
from analysis.figures.sharing import connections
from analysis.findings.brief import brief
from analysis.findings.connection_notes import closing_notes, connection_notes
from analysis.measures.connections import connection_use
from analysis.measures.counts import totals
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.layers import CLOSED
from analysis.measures.summary import summarise
from analysis.models.connection_cost import connection_cost
from analysis.tables import notebook_tables as page
from analysis.tables.run_table import render_summary
from analysis.text.labels import describe
from wiretax.channels.workload import Workload
from wiretax.load.accounting.live import figures as live
from wiretax.load.accounting.live.figures import Live
from wiretax.runs.files.schema import CLOSING_COLUMNS
from wiretax.wire.counters import TlsCounters
from wiretax.wire.slices import Slice

CALLS = 600
# Segments of a call over a kept connection, one each way; and what a connection has beside them.
OWN = 8
SETUP = OWN * 52 + 16
SENTENCE = "the server closed the connection after every call: 432 B of 1,058 B per event are connection set-up"


def closing(workload: Workload, calls: int = 1, by_server: bool = True, own: int = OWN) -> Slice:
    """A slice in which a connection carries so many calls; 0 for all, on connections opened before."""
    opened = CALLS // calls if calls else 0
    closed = {"closed_by_server": opened} if by_server else {"closed_by_client": opened}
    made = slice_(workload, 0, CALLS, connections=opened, **closed)
    segments = kernel(CALLS + opened * own // 2, CALLS + opened * own // 2)
    made.tcp = segments._replace(
        headers_out=segments.headers_out + 8 * opened, headers_in=segments.headers_in + 8 * opened
    )
    return made


def frame(*slices: Slice) -> pd.DataFrame:
    return slices_frame(record(*slices))


KEPT, ASKED, CLOSES = Workload.of(), Workload.of(calls_per_connection=100), Workload.of(connection="close")


@pytest.mark.parametrize(
    ("made", "calls", "early", "label"),
    [
        (closing(KEPT, 0), math.inf, False, "trigger"),
        (closing(KEPT), 1, True, "trigger, server closes"),
        (closing(KEPT, 50), 50, True, "trigger, server closes after 50"),
        (closing(ASKED), 1, True, "trigger, server closes after 1 of 100 calls"),
        (closing(ASKED, 20), 20, True, "trigger, server closes after 20 of 100 calls"),
        # A slice ends within a connection's life, and the client closes what is left.
        (closing(ASKED, 60, by_server=False), 60, False, "trigger, 100 calls"),
        (closing(ASKED, 100), 100, False, "trigger, 100 calls"),
        # The server closes because it was asked to.
        (closing(CLOSES), 1, False, "trigger, close"),
    ],
    ids=["kept", "closed", "closed after 50", "1 of 100", "20 of 100", "client", "all asked", "close"],
)
def test_a_workload_is_labelled_by_its_measured_connections(
    made: Slice, calls: float, early: bool, label: str
) -> None:
    [row] = summarise(frame(made)).to_dict("records")
    assert (row["calls_on_connection"], row["server_closes"]) == (calls, early)
    assert describe(row) == label


def test_set_up_is_the_part_of_a_connection_that_is_not_calls() -> None:
    use = connection_use(frame(closing(KEPT)))
    assert use["setup_per_event"].tolist() == [pytest.approx(SETUP)]
    # More than a connection has of its own is the calls', such as acknowledgements of large bodies.
    assert connection_use(frame(closing(KEPT, own=40)))["setup_per_event"].tolist() == [pytest.approx(SETUP)]
    ten = Workload.of("batch", 10)
    assert connection_use(frame(closing(ten)))["setup_per_event"].tolist() == [pytest.approx(SETUP / 10)]
    assert connection_use(frame(closing(KEPT, 0)))["setup_per_event"].tolist() == [0]
    secure = closing(KEPT.replace(tls=True))
    secure.tls = TlsCounters(CALLS * 622, CALLS * 2022, CALLS * 600, CALLS * 2000)
    assert connection_use(frame(secure))["setup_per_event"].tolist() == [pytest.approx(SETUP + 2600)]


def test_a_note_says_what_the_server_closed_and_its_cost() -> None:
    slices = frame(closing(KEPT), closing(ASKED), closing(Workload.of("batch", 10)))
    assert list(closing_notes(slices)) == [f"{SENTENCE} (trigger, 100 B)"]
    assert brief(slices, {})[-1] == f"T{SENTENCE[1:]} (trigger, 100 B)."
    some = frame(closing(KEPT, 50))
    assert next(closing_notes(some)).startswith(
        "the server closed the connection after 50 calls on average: 9 B of "
    )
    blind = slices.assign(**dict.fromkeys((name for name, _ in CLOSING_COLUMNS), np.nan))
    assert list(closing_notes(blind)) == ["the server closed the connection after every call"]


def test_connections_kept_or_closed_as_planned_get_no_note() -> None:
    kept = frame(closing(KEPT, 0))
    assert not list(closing_notes(kept))
    assert list(connection_notes(kept)) == ["connections were kept: all calls of a user shared one"]
    asked = frame(closing(CLOSES), closing(ASKED, 60, by_server=False))
    assert not list(connection_notes(asked))


def test_of_two_servers_the_one_that_closes_is_named() -> None:
    slices = frame(closing(KEPT, 0), closing(KEPT.replace(server="against")))
    assert list(closing_notes(slices)) == [f"against: {SENTENCE} (trigger, 100 B)"]


def shown(slices: pd.DataFrame) -> str:
    told = StringIO()
    Console(width=200, file=told).print(render_summary(summarise(slices), 200))
    return told.getvalue()


def test_the_table_has_calls_per_connection_unless_all_connections_were_kept() -> None:
    text = shown(frame(closing(KEPT), closing(ASKED, 60, by_server=False), closing(CLOSES)))
    assert "calls per" in text
    cells = [line.split()[-1] for line in text.splitlines() if "trigger" in line]
    assert cells == ["1", "1", "60"]
    assert "calls per" not in shown(frame(closing(KEPT, 0)))


def test_the_report_has_the_same_note() -> None:
    sheet = page.costs(run_of(frame(closing(KEPT), closing(Workload.of("batch", 10)))))
    assert "calls per connection" in sheet.headers
    assert [row[-1] for row in sheet.rows] == ["1", "1"]
    assert all("server closes" in str(row[2]) for row in sheet.rows)
    models = page.bytes_model(run_of(frame(closing(KEPT), closing(Workload.of("batch", 10)))))
    assert all("server closes" in str(row[0]) for row in models.rows)


def test_there_is_no_curve_if_the_server_closes_after_each_call() -> None:
    slices = frame(*(closing(Workload.of(calls_per_connection=asked)) for asked in (0, 2, 10, 100)))
    assert connection_cost(slices).empty
    figure = connections(slices)
    assert isinstance(figure, Absent)
    assert f"{SENTENCE} (trigger, 100 B); the figure needs a server that keeps connections" in str(figure)


def test_a_curve_uses_the_measured_calls_per_connection() -> None:
    # The server closes after 5 calls, so 10 and 100 are the same.
    made = [closing(CLOSES), closing(Workload.of(calls_per_connection=10), 5), closing(ASKED, 5), closing(KEPT, 5)]
    points = connection_cost(frame(*made))
    assert points["calls"].tolist() == [1, 5, 5, 5]
    assert points["connection_bytes"].tolist() == pytest.approx([SETUP] * 4)


def test_the_live_page_shows_the_note_during_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SAMPLE_S", 0.0)
    figures = Live(by_rounds=True)
    figures.sample(record(closing(KEPT), closing(Workload.of("batch", 10), 0)))
    first, second = figures.workloads
    assert (first["sent_as"], first["calls_on_connection"]) == ("trigger, server closes", 1)
    assert first["closing"] == f"{SENTENCE} (trigger, 100 B)"
    assert (second["sent_as"], second["calls_on_connection"], second["closing"]) == ("batch of 10", None, None)


def test_an_older_run_without_counts_of_closes_can_be_read() -> None:
    slices = frame(closing(KEPT, 50))
    old = slices.drop(columns=[*(name for name, _ in CLOSING_COLUMNS), *CLOSED])
    cost, now = bytes_per_event(old).iloc[0], bytes_per_event(slices).iloc[0]
    total = totals(old).iloc[0]
    segments = int(total["segments_out"] + total["segments_in"])
    assert cost["tcp_ip"] + cost["response_tcp_ip"] == pytest.approx(52 * segments / CALLS)
    assert cost["cable"] < now["cable"]
    assert not list(closing_notes(old))
    assert summarise(old)["calls_on_connection"].tolist() == [50]
