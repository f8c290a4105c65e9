"""What a report says of a run: which it is, what speaks against it, and what is said when nothing is known."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
from queued import TRIGGER, Drain, record_of
from saved import latency_frame, record, slice_, slices_frame

from wiretax.channels.workload import Workload
from wiretax.report.facts import Passage, agreement, banner, failures, headline, method, workloads
from wiretax.runs.files.schema import FRAMES
from wiretax.runs.reader import Run, as_read

META = {
    "started": "2026-01-31T12:30:00.000+00:00",
    "plan": {
        "name": "tiny",
        "rounds": 5,
        "users": 1,
        "slice_s": 0.25,
        "workloads": ["trigger-10B", "batch10-10B"],
    },
    "endpoint": "http://127.0.0.1:1/apps/1",
    "mock": {"servers": 2, "rtt_s": 0.04},
    "rounds_measured": 5,
    "reconcile": {"agrees": True, "differences": []},
}


def run(measured: bool = True, damage: tuple[str, ...] = (), failed: Any = None, **more: Any) -> Run:
    made = record(*(slice_(Workload.of("batch", 10), number, 50) for number in range(5)))
    nothing = {name: schema.empty_table().to_pandas() for name, schema in FRAMES.items()}
    slices = slices_frame(made) if measured else nothing["slices"]
    latency = latency_frame(made) if measured else nothing["latency"]
    rows = nothing["failures"] if failed is None else pd.DataFrame(failed)
    return Run(Path("the-run"), {**META, **more}, slices, latency, rows, None, damage)


def words(passage: Passage) -> str:
    """As read: cells and lines apart by a space."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", passage.html)).split())


def test_a_part_of_a_plan_says_so() -> None:
    plan = {**META["plan"], "only": ["b*"], "skip": [], "left_out": [{"workload": "trigger-100B"}]}
    assert words(headline(run(plan=plan))).endswith(" · 1 of 3 workloads left out by --only 'b*'")


def test_a_sound_run_has_no_banner_and_no_failures() -> None:
    assert banner(run()).html == ""
    assert words(failures(run())) == "No exchange failed."
    assert words(agreement(run())) == "They agree to the byte."
    assert words(headline(run())) == (
        "tiny · 31 January 2026, 12:30:00 UTC · mock: rtt 40 ms, 2 servers · 1 user · 5 rounds"
    )


def test_what_speaks_against_a_run_stands_on_top() -> None:
    invalid = run(valid=False, invalid_because=["request_bytes: 1 by the model, 2 by the mock", "no <answer>"])
    assert words(banner(invalid)).startswith(
        "This run is invalid. request_bytes: 1 by the model, 2 by the mock. No <answer>."
    )
    assert "<answer>" not in banner(invalid).html
    assert "It holds 2 of 5 rounds" in words(banner(run(interrupted=True, rounds_measured=2)))
    assert "latency.parquet is missing." in words(banner(run(damage=("latency.parquet is missing",))))
    assert "This run measured nothing." in words(banner(run(measured=False)))


def test_slices_that_cannot_be_read_are_not_called_unmeasured() -> None:
    said = words(banner(run(measured=False, damage=("slices.parquet is missing",))))
    assert "slices.parquet is missing." in said
    assert "measured nothing" not in said


def test_failures_are_listed_the_most_frequent_first() -> None:
    rows = [
        {"workload": "trigger", "kind": "lost", "status": 0, "message": "reset", "count": 2},
        {"workload": "batch", "kind": "refused", "status": 413, "message": "<too large>", "count": 1500},
    ]
    said = words(failures(run(failed=rows)))
    assert said.startswith("1,502 exchanges failed")
    assert said.index("batch refused 413 <too large> 1,500") < said.index("trigger lost - reset 2")
    assert "not known" in words(failures(run(damage=("failures.parquet is missing",))))


def test_of_many_kinds_of_failure_the_rest_is_counted() -> None:
    kinds = [{"workload": "w", "kind": f"k{n}", "status": 0, "message": "", "count": 1} for n in range(13)]
    said = words(failures(run(failed=kinds)))
    assert said.startswith("13 exchanges failed")
    assert said.endswith("And 3 kinds more.")


def test_witnesses_that_disagree_are_quoted() -> None:
    apart = {"agrees": False, "differences": ["events: 1 by the client, 2 by the mock"]}
    assert words(agreement(run(reconcile=apart))) == "They disagree. events: 1 by the client, 2 by the mock."


def test_all_workloads_are_there_measured_or_planned() -> None:
    measured = words(workloads(run()))
    assert "1 workload, as measured" in measured
    assert "100 B reference batch of 10" in measured
    assert words(workloads(run(measured=False))) == "2 workloads planned trigger-10B, batch10-10B"


def test_a_run_that_says_nothing_of_itself_is_still_shown() -> None:
    bare = Run(Path("the-run"), {}, *(schema.empty_table().to_pandas() for schema in FRAMES.values()), None)
    assert words(headline(bare)) == "the-run"
    assert banner(bare).html.count("banner") == 1
    assert "no record of its witnesses' counts" in words(agreement(bare))
    assert words(workloads(bare)) == "0 workloads planned"


def queued(slices: bool = False) -> Run:
    made = record_of(Drain(TRIGGER.replace(rtt_s=0.05), calls=100))
    if slices:
        made.add(slice_(Workload.of(), 0, 50), 4)
    mock = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0}
    return as_read(made, Path("the-run"), {**META, "mock": mock})


def test_the_method_is_that_of_the_run() -> None:
    swept, queue, both = words(method(run())), words(method(queued())), words(method(queued(slices=True)))
    assert "compared round by round" in swept
    assert "at saturation (closed loop)" in swept
    assert "Queues" not in swept
    assert queue.startswith("Queues are measured in an open loop.")
    assert "saturation" not in queue
    assert "costs nothing" not in queue
    assert "saturation" in both
    assert "Queues" in both
    assert "mock: rtt 50 ms, 1 server" in words(headline(queued()))


def test_a_free_run_is_not_said_to_be_saturated_and_an_observed_one_no_loop() -> None:
    free = words(method(run(plan={"name": "free-run", "users": 4})))
    assert free.startswith("Latency is measured in a closed loop.")
    assert "saturation" not in free
    assert "round by round" not in free
    assert words(method(run(observed={}))).startswith("What this page can't say:")
