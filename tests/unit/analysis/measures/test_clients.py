"""Client libraries side by side: the rows, and the claim about their heads."""

from __future__ import annotations

import math
from io import StringIO

import pytest
from rich.console import Console
from saved import latency_frame, record, slice_, slices_frame

from analysis.measures.clients import OFFICIAL, compare_clients, head_claim
from analysis.measures.summary import summarise
from analysis.tables.run_table import render_clients
from wiretax.channels.workload import Workload
from wiretax.runs.record import RunRecord


def clients(*names: str) -> RunRecord:
    """A run with a trigger and a batch of ten of each client, six rounds; each name's head is a byte longer."""
    made = record()
    for number, name in enumerate(names):
        for round_ in range(6):
            for api, size in (("trigger", 1), ("batch", 10)):
                workload = Workload.of(api, size, client=name)  # type: ignore[arg-type]
                each = slice_(workload, round_, 100)
                each.measured.header_bytes += number * 100
                made.add(each, 4)
    return made


def test_a_library_is_one_row_with_its_trigger_and_its_batch() -> None:
    made = clients("node", "go")
    pairs = compare_clients(summarise(slices_frame(made), latency_frame(made))).set_index("client")
    assert list(pairs.index) == ["node", "go"]
    assert pairs.loc["go", ["trigger_head", "batch_head"]].tolist() == [301, 301]
    assert pairs.at["node", "trigger_sent"] == 450
    assert pairs.at["node", "batch_sent"] == 135
    assert pairs.at["node", "saving"] == pytest.approx(0.7)
    assert pairs.at["node", "gain"] == 10
    assert pairs.at["node", "batch_size"] == 10


def test_a_library_without_a_batch_keeps_its_row() -> None:
    made = record(*(slice_(Workload.of(client="php"), number, 10) for number in range(6)))
    row = compare_clients(summarise(slices_frame(made), latency_frame(made))).iloc[0]
    assert row["trigger_head"] == 300
    assert math.isnan(row["batch_head"])


def test_the_claim_is_checked_with_official_libraries_only() -> None:
    claim = head_claim(slices_frame(clients("go", "ruby", "curl")))
    assert claim is not None
    assert (claim.libraries, claim.least, claim.mean, claim.most) == (2, 300, 300.5, 301)
    assert (claim.least_fields, claim.most_fields) == (70, 71)
    assert head_claim(slices_frame(clients("curl", "reference"))) is None


def test_the_claim_uses_the_heads_of_one_server() -> None:
    alone, both = clients("go", "ruby"), clients("go", "ruby")
    longer = slice_(Workload.of(client="go", server="against"), 0, 100)
    longer.measured.header_bytes += 500
    both.add(longer, 4)
    assert head_claim(slices_frame(both)) == head_claim(slices_frame(alone))


@pytest.mark.parametrize("width", [80, 90, 100, 120])
def test_the_table_of_libraries_is_complete_at_common_widths(width: int) -> None:
    made = clients(*OFFICIAL)
    console = Console(width=width, record=True, file=StringIO(), highlight=False)
    console.print(render_clients(summarise(slices_frame(made), latency_frame(made)), width))
    text = console.export_text()
    assert "…" not in text
    assert all(name in text for name in OFFICIAL)
    assert "10.00 [10.00, 10.00]" in text


def test_libraries_are_compared_at_a_common_payload() -> None:
    made = clients("node", "go")
    for number in range(6):
        made.add(slice_(Workload.of("batch", 50, client="go"), number, 100), 4)
    pairs = compare_clients(summarise(slices_frame(made))).set_index("client")
    assert pairs["batch_size"].tolist() == [10, 10]
    alone = slices_frame(made)
    alone = alone[alone["client"] == "go"]
    assert compare_clients(summarise(alone))["batch_size"].tolist() == [50]
