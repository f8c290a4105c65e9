"""Sentences and tables of a page, and pages of incomplete runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from saved import Costs, rendered

from analysis.findings.brief import brief
from analysis.findings.monthly_traffic import monthly_traffic, traffic_size
from analysis.measures.clients import OFFICIAL
from analysis.tables import notebook_tables as page
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run

CALLS = [
    Workload.of(),
    Workload.of("batch", 5),
    Workload.of("batch", 10),
    Workload.of("multi_trigger", channels=10),
]
FREE: dict[str, Any] = {"mock": {"servers": 1, "rtt_s": 0.0}, "warnings": [], "invalid_because": []}
SHOWN = [
    page.in_brief,
    page.claimed,
    page.costs,
    page.libraries,
    page.bytes_model,
    page.time_model,
    page.monthly,
    page.warnings,
    page.witnesses,
    page.environment,
]


def run(slices: pd.DataFrame, **meta: Any) -> Run:
    latency = pd.DataFrame(
        {"round": [0], "workload": [CALLS[0].name], "bucket_low_s": [1e-3], "bucket_high_s": [2e-3], "count": [5]}
    )
    return Run(Path("results/a-run"), {**FREE, **meta}, slices, latency, pd.DataFrame(), None)


def whole() -> pd.DataFrame:
    return rendered(CALLS, rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))


def larger() -> pd.DataFrame:
    calls = [*CALLS, Workload.of("batch", 2), Workload.of("batch", 20)]
    return rendered(calls, rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))


def test_a_run_in_three_sentences() -> None:
    first, second, third = brief(whole(), FREE)
    assert first.startswith("An event of 100 B published by itself sends 473 B, 4.73x its payload")
    assert "308 B" in first
    assert second == "In a batch of 10 it sends 196 B, 58.6 % less; no batch, however large, gets below 163 B."
    assert third.startswith(
        "Events then go out 5.50x as fast [5.50, 5.50], all connections busy, on a mock that costs"
    )
    assert third.endswith("on a mock that costs nothing.")
    # With more sizes the data support a limit.
    assert brief(larger(), FREE)[2].endswith(
        "; a line through batches of up to 20 gives a gain limit of 11.0x [11.00, 11.00], and 90 % of it needs "
        "90 events per call (extrapolated)."
    )


def test_in_brief_gives_the_largest_measured_gain_without_a_limit() -> None:
    slow = larger()
    slow = slow.assign(duration_s=slow["duration_s"].mask(slow["batch_size"] == 20, slow["duration_s"] * 1.3))
    assert brief(slow, FREE)[2].endswith(
        "; the largest measured gain is 5.64x [5.64, 5.64] with a batch of 20, and 90 % of it needs about 9 "
        "events per call."
    )


def test_a_run_of_libraries_in_three_sentences() -> None:
    calls = [Workload.of(client=client, payload_bytes=17) for client in OFFICIAL]
    calls += [Workload.of("batch", 10, client=client, payload_bytes=17) for client in OFFICIAL]
    first, second, third = brief(rendered(calls), FREE)
    assert "7 official libraries has a head of 374 to 485 B, 429 on average" in first
    assert second == "An event of 17 B published by itself sends 459 to 561 B."
    assert third.startswith("In a batch of 10 it sends")


def test_the_server_is_named() -> None:
    assert "on the given endpoint" in brief(whole(), {"mock": None})[2]
    assert "simulates a server's cost" in brief(whole(), {"mock": {"servers": 1, "rtt_s": 0.04}})[2]


def test_the_monthly_saving_shows_its_arithmetic() -> None:
    [month] = monthly_traffic(whole(), (1_000_000_000,))
    assert month.arithmetic == "1,000,000,000 x (473.0 - 195.6) B = 277.4 GB"
    assert monthly_traffic(whole()[lambda frame: frame["api"] == "trigger"]) == []
    assert [traffic_size(count) for count in (1500, 1e6, 2.5e12)] == ["1.5 kB", "1.0 MB", "2.5 TB"]


def test_the_claims_are_marked_by_their_verdict() -> None:
    html = page.claimed(run(whole())).html()
    assert html.count('class="verdict holds') >= 3
    assert 'class="verdict not-measured"' in html


def test_models_show_their_parameters_and_residuals() -> None:
    text = page.bytes_model(run(whole())).markdown()
    assert "| batch, reference | 100 B | 322 | 53 | 1.1000 | 163 | 0 | 3 to 4 | 5, 10 |" in text
    text = page.time_model(run(whole())).markdown()
    assert "| 20.00 [20.00, 20.00] | 2.00 [2.00, 2.00] | 0.0 % | 1, 5, 10 | 5.50x [5.50, 5.50]" in text
    assert "| -<br><sub>4 sizes are needed, the trigger's included</sub> |" in text
    text = page.time_model(run(larger())).markdown()
    assert "7.33x [7.33, 7.33]<br><sub>a batch of 20</sub> | 15 |" in text
    assert "| 11.0x [11.00, 11.00]<br><sub>90 % of it with 90 [90, 90], more than were measured</sub> |" in text


def test_a_line_that_does_not_describe_the_times_is_not_shown() -> None:
    bent = larger().assign(duration_s=lambda frame: frame["duration_s"].mask(frame["batch_size"] == 5, 1.0))
    text = page.time_model(run(bent)).markdown()
    assert "| reference | 100 B | - | - |" in text
    assert "a line through the call times is" in text


def test_advice_is_shown_with_its_alternatives() -> None:
    given = page.advice(run(whole()), rate=500, payload_bytes=200, rtt_s=0.040, budget_s=0.100)
    assert page.chosen(given).lines[0].startswith("Publish in batches of 10, with a linger of")
    sheet = page.options(given)
    assert [str(getattr(row[0], "text", row[0])) for row in sheet.rows] == [
        "trigger",
        "batch of 2",
        "batch of 5",
        "batch of 10",
    ]
    assert sheet.html().count('class="advised"') == 1
    hurried = page.options(page.advice(run(whole()), rate=500, payload_bytes=200, rtt_s=0.040, budget_s=0.010))
    assert hurried.html().count('class="too-late"') == 4


def test_warnings_cautions_and_invalid_reasons_are_shown() -> None:
    few = whole()[lambda frame: frame["round"] < 3]
    text = page.warnings(
        run(few, warnings=["the kernel's count can't be read"], invalid_because=["a witness lies"])
    )
    assert list(text.lines)[:2] == ["Invalid: a witness lies.", "The kernel's count can't be read."]
    assert text.lines[2].startswith("3 rounds for each pair of workloads, too few")
    assert page.warnings(run(whole())).markdown().startswith("None: the run is valid")


@cache
def thin() -> dict[str, pd.DataFrame]:
    frame = whole()
    return {
        "empty": frame.iloc[:0],
        "nothing acknowledged": frame.assign(requests=0, events=0, messages=0),
        "one round": frame[frame["round"] == 0],
        "no trigger": frame[frame["api"] == "batch"],
        "no batch": frame[frame["api"] == "trigger"],
        "before TLS was counted": frame.drop(
            columns=[name for name in frame if name.startswith(("tls_", "framing_"))]
        ),
        "observed": frame.assign(client="observed", payload_kind="observed"),
    }


@pytest.mark.parametrize("show", SHOWN, ids=lambda show: show.__name__)
@pytest.mark.parametrize("name", thin())
def test_tables_work_with_incomplete_runs(name: str, show: Any) -> None:
    shown = show(run(thin()[name]))
    text = shown.markdown()
    assert text
    assert "nan" not in text.replace("finance", "")
    assert shown.html()


def test_an_empty_table_is_marked_absent_in_its_metadata() -> None:
    _, metadata = page.libraries(run(whole()))._repr_mimebundle_()
    assert metadata == {"wiretax": {"absent": True}}
    shown, metadata = page.costs(run(whole()))._repr_mimebundle_()
    assert metadata == {}
    assert set(shown) == {"text/html", "text/plain"}
