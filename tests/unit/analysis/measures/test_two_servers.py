"""Two servers in one run: separate in every table, compared round by round."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from saved import HEAD, latency_frame, record, slice_, slices_frame

from analysis.findings.cautions import cautions
from analysis.measures.summary import summarise
from analysis.measures.two_servers import compare_servers
from analysis.tables.run_table import print_run
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.wire.slices import Slice

CALLS = [Workload.of(), Workload.of("batch", 10)]
MODEL = {"requests": 1, "request_bytes": 2, "response_bytes": 3}
AGREED = {"agrees": True, "kernel": {"request_bytes": 2}, "model": MODEL}


def pairs(slower: float, rounds: int = 6, head: int = 0) -> list[Slice]:
    """Both calls sent to both servers while the machine's speed changes each round.

    The second server is slower by a factor, and its heads are longer by so many bytes.
    """
    made = []
    for number in range(rounds):
        for call in CALLS:
            speed_s = 1.0 + number / 3
            made.append(slice_(call, number, 100, speed_s))
            other = slice_(call.replace(server="against"), number, 100, speed_s * slower)
            other.measured.header_bytes += head * 100
            made.append(other)
    return made


def meta(**more: Any) -> dict[str, Any]:
    return {
        "plan": {"name": "p", "users": 4},
        "endpoint": "http://127.0.0.1:18080/apps/1",
        "against": "http://127.0.0.1:8080/apps/1",
        "mock": None,
        "rounds_measured": 6,
        "busy": {"generator": 0.5, "mock": None},
        "warnings": [],
        "invalid_because": [],
        "reconcile": {**AGREED, "server": None, "by_server": {"endpoint": {"requests": 1}, "against": None}},
        **more,
    }


def printed(made: RunRecord, **more: Any) -> str:
    text = io.StringIO()
    run = as_read(made, Path("r"), meta(**more))
    print_run(run, Console(file=text, width=120))
    return text.getvalue()


def test_a_slower_server_is_measured_to_the_percent_despite_drift() -> None:
    table = compare_servers(slices_frame(record(*pairs(slower=1.25))))
    assert table["workload"].tolist() == [call.name for call in CALLS]
    assert table["ratio"].tolist() == pytest.approx([0.8, 0.8])
    assert table["ratio_low"].tolist() == pytest.approx([0.8, 0.8])
    assert table["ratio_high"].tolist() == pytest.approx([0.8, 0.8])
    assert table["rounds"].tolist() == [6, 6]
    assert (table["sent"] == 0).all()


def test_a_workload_is_compared_with_the_trigger_of_the_same_server() -> None:
    summary = summarise(slices_frame(record(*pairs(slower=2)))).set_index("workload")
    for call in CALLS:
        for sent in (call, call.replace(server="against")):
            assert summary.at[sent.name, "baseline"] == CALLS[0].replace(server=sent.server).name
    assert summary.index.tolist() == [
        each.name for call in CALLS for each in (call, call.replace(server="against"))
    ]


def test_too_few_rounds_give_a_ratio_without_an_interval() -> None:
    table = compare_servers(slices_frame(record(*pairs(slower=2, rounds=4))))
    assert table["ratio"].tolist() == pytest.approx([0.5, 0.5])
    assert table["ratio_low"].isna().all()


def test_a_server_that_acknowledged_nothing_has_no_ratio() -> None:
    silent = [
        Slice(each.workload, each.round) if each.workload.server == "against" else each for each in pairs(slower=1)
    ]
    for each in silent:
        each.duration_s = 1.0
    table = compare_servers(slices_frame(record(*silent)))
    assert table["ratio"].isna().all()
    assert table["sent"].isna().all()
    assert "nothing was acknowledged by both" in printed(record(*silent))


def test_the_table_names_both_servers_and_their_differences() -> None:
    said = printed(record(*pairs(slower=1.25, head=-1)))
    assert "http://127.0.0.1:18080/apps/1  (endpoint given)" in said
    assert "\nagainst  http://127.0.0.1:8080/apps/1\n" in said
    assert "batch of 10, against" in said
    assert "0.80 [0.80, 0.80]" in said
    same = "both servers got the same number of bytes except for Host"
    assert f"{same}: 127.0.0.1:8080 is -1 B from 127.0.0.1:18080" in said
    assert "model, sockets, kernel and --endpoint's mock agree to the byte" in said


def test_other_differences_are_not_attributed_to_host() -> None:
    said = printed(record(*pairs(slower=1, head=5)))
    assert "against got +5 B per call compared with endpoint: each call carries its own host" in said
    assert "both servers got the same number of bytes\n" in printed(record(*pairs(slower=1)))
    both = {"endpoint": {"requests": 1}, "against": {"requests": 1}}
    said = printed(record(*pairs(slower=1)), reconcile={**AGREED, "server": {}, "by_server": both})
    assert "kernel and both mocks agree" in said


def test_a_varying_ratio_of_servers_is_a_caution() -> None:
    uneven = [
        slice_(each.workload, each.round, 100, each.duration_s * (2 if each.round % 2 else 1))
        if each.workload.server == "against"
        else each
        for each in pairs(slower=1)
    ]
    [doubt] = cautions(slices_frame(record(*uneven)), {"against": "http://h/apps/1"})
    # Triggers and batches of one server changed alike: their gain is steady.
    assert doubt.what.startswith("2 of 4 gains have an interval of more than ±5 %")
    assert f"{CALLS[0].replace(server='against').name} over {CALLS[0].name}" in doubt.what


def test_an_older_run_without_the_column_has_one_server() -> None:
    old = slices_frame(record(*(each for each in pairs(slower=1) if each.workload.server == "endpoint")))
    old = old.drop(columns="server")
    assert summarise(old)["server"].unique().tolist() == ["endpoint"]
    assert compare_servers(old).empty


def test_an_unsaved_run_equals_the_saved_one() -> None:
    made = record(*pairs(slower=1))
    run: Run = as_read(made, Path("r"), {"schema": 1})
    assert run.slices["requests"].tolist() == slices_frame(made)["requests"].tolist()
    pd.testing.assert_frame_equal(run.latency, latency_frame(made).assign(start=0), check_dtype=False)
    assert run.failures.empty
    assert run.server is None
    assert set(HEAD) <= set(run.slices)
