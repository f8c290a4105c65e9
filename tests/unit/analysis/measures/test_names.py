"""Workloads with names of the user's own: compared among themselves, and told apart wherever they are shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from drawn import drawn, texts
from queued import BATCH, TRIGGER, Drain, run_of
from rich.console import Console
from saved import record, rendered, run_json, slice_, slices_frame
from shared_connections import shared

from analysis.figures import connections
from analysis.measures.queues import queue_frontier
from analysis.measures.representative import representative_family
from analysis.measures.summary import summarise
from analysis.measures.two_servers import compare_servers
from analysis.models.cost_model import fit_bytes
from analysis.tables.queue_table import alike, arriving
from analysis.tables.run_table import print_run
from analysis.text.labels import describe
from wiretax.channels.request.sizes import body_sizes
from wiretax.channels.workload import Workload
from wiretax.runs.reader import as_read

CALLS = [Workload.of(), Workload.of("batch", 5)]
SPREAD = [call.replace(channel_name="location-{}", event_name="moved-on", spread=1000) for call in CALLS]


def test_a_batch_is_compared_with_the_trigger_of_its_names() -> None:
    slices = slices_frame(record(*(slice_(each, round_, 10) for round_ in range(5) for each in SPREAD + CALLS)))
    summary = summarise(slices)
    # The usual names come first.
    assert summary["workload"].tolist() == [each.name for each in CALLS + SPREAD]
    assert summary["baseline"].tolist() == [CALLS[0].name] * 2 + [SPREAD[0].name] * 2
    assert [describe(row) for row in summary.to_dict("records")][2:] == [
        "trigger, channel location-{}, event moved-on, over 1,000 channels",
        "batch of 5, channel location-{}, event moved-on, over 1,000 channels",
    ]
    # A figure of one family shows the usual one.
    assert set(representative_family(slices)["workload"]) == {each.name for each in CALLS}


def test_the_envelope_of_the_byte_model_has_the_bytes_of_names() -> None:
    fit = fit_bytes(rendered([*CALLS, *SPREAD])).set_index(["api", "event_name"])
    for usual, named in zip(CALLS, SPREAD, strict=True):
        api = usual.call.api
        found = fit.loc[(api, "moved-on"), ["envelope_bytes", "residual"]].tolist()
        assert found == [body_sizes(named).event, 0]
        # "location-0001" is longer than "my-channel".
        assert found[0] == fit.at[(api, "my-event"), "envelope_bytes"] + 3
        assert fit.at[(api, "moved-on"), "escape_factor"] == fit.at[(api, "my-event"), "escape_factor"]


def test_two_servers_are_compared_name_by_name() -> None:
    sent = [each.replace(server=server) for each in (CALLS[0], SPREAD[0]) for server in ("endpoint", "against")]
    pairs = compare_servers(
        slices_frame(record(*(slice_(each, round_, 10) for round_ in range(5) for each in sent)))
    )
    assert pairs["channel_name"].tolist() == ["my-channel", "location-{}"]


def test_queues_of_other_names_are_blocks_of_their_own() -> None:
    named = [each.replace(channel_name="orders", spread=10) for each in (TRIGGER, BATCH)]
    table = queue_frontier(run_of(*(Drain(each) for each in (TRIGGER, BATCH, *named))))
    blocks = table.drop_duplicates("curve").to_dict("records")
    assert [arriving(block, table) for block in blocks] == [
        "1,000/s, channel my-channel, over 1 channel",
        "1,000/s, channel orders, over 10 channels",
    ]
    assert ", channel orders, over 10 channels, " in alike(table[table["spread"] == 10])
    assert "channel" not in alike(table[table["spread"] == 1])


def test_a_name_in_a_figure_is_text_and_no_formula() -> None:
    slices = [shared(100), shared(10)]
    for each in slices:
        each.workload = each.workload.replace(event_name="$^{_$")
    figure = drawn(connections(slices_frame(record(*slices))))
    figure.figure.canvas.draw()
    assert any("event $^{_$" in text for text in texts(figure))


@pytest.mark.parametrize("width", [80, 100, 120])
def test_long_names_cut_no_number_of_a_table(width: int) -> None:
    long = [each.replace(channel_name="c" * 160, event_name="e" * 200, spread=1000) for each in CALLS]
    made = record(*(slice_(each, round_, 10) for round_ in range(5) for each in long))
    made.meta = run_json(made)
    text = io.StringIO()
    print_run(as_read(made, Path("r"), made.meta), Console(file=text, width=width, force_terminal=True))
    assert "5.00 [5.00, 5.00]" in text.getvalue()
    assert "…" not in text.getvalue()
