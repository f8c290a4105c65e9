"""The figures of a list of runs are those of each run's table."""

from __future__ import annotations

from pathlib import Path

import pytest
from measured_starts import start
from saved import kernel, record, run_json, slice_

from analysis.measures.counts import SliceCounts
from analysis.measures.headline import Figure, Headline, add_headline, headline, read_headline
from analysis.measures.summary import summarise
from wiretax.channels.workload import Workload
from wiretax.load.starts.merging import merge
from wiretax.runs.files.run_json import read_run_json
from wiretax.runs.reader import read_run, read_tables
from wiretax.runs.record import RunRecord
from wiretax.runs.run_tables import RunTables
from wiretax.runs.writer import all_tables, write_run

REFERENCE = Path(__file__).parents[4] / "results" / "reference"


@pytest.mark.parametrize("name", ["quick", "clients", "connections", "headline", "soketi"])
def test_figures_are_those_of_the_table(name: str) -> None:
    run = read_run(REFERENCE / name, ["slices"])
    table = summarise(run.slices).set_index("workload")
    found = headline(SliceCounts.of(run.slices), SliceCounts.of(run.queued))
    assert found.trigger is not None
    assert found.batch is not None
    assert found.gain is not None
    triggers = table[table["api"] == "trigger"]
    smallest = triggers[triggers["payload_bytes"] == triggers["payload_bytes"].min()]
    assert found.trigger.workload in smallest.index
    assert found.trigger.value == table["sent_per_event"][found.trigger.workload]
    assert found.batch.value == table["sent_per_event"][found.batch.workload]
    compared = table[(table["baseline"] == found.trigger.workload) & (table["api"] == "batch")]
    if len(compared):
        assert table["batch_size"][found.batch.workload] == compared["batch_size"].max()
    assert found.gain == Figure(str(table["gain"].idxmax()), table["gain"].max())


@pytest.mark.parametrize("name", ["tradeoff", "capacity", "delivery"])
def test_queues_have_bytes_but_no_gain(name: str) -> None:
    run = read_run(REFERENCE / name, ["slices"])
    found = headline(SliceCounts.of(run.slices), SliceCounts.of(run.queued))
    assert found.trigger is not None
    assert found.batch is not None
    assert found.trigger.value == 473.0
    if run.slices.empty:
        assert found.gain is None
    else:
        assert found.gain is not None
        assert found.gain.value == summarise(run.slices)["gain"].max()
    # As the run is saved, and as it is read.
    tables = read_tables(REFERENCE / name)
    add_headline(tables)
    assert tables.meta["headline"] == found.as_dict() == read_headline(REFERENCE / name)


def test_figures_of_starts_are_those_of_the_table() -> None:
    merged = merge([start(batches=100), start(batches=120), start(batches=150)], {"starts": 3})
    add_headline(merged)
    table = summarise(merged.tables["slices"].to_pandas())
    assert merged.meta["headline"]["gain"]["gain"] == table["gain"].max() == pytest.approx(10 * 370 / 300)


def three_rounds(*workloads: Workload) -> RunRecord:
    made = record(
        *(slice_(each, number, 100 + 10 * place) for number in range(3) for place, each in enumerate(workloads))
    )
    made.meta = run_json(made)
    return made


def test_a_run_is_saved_with_its_figures(tmp_path: Path) -> None:
    small, large = Workload.of(payload_bytes=10), Workload.of(payload_bytes=100)
    batches = [Workload.of("batch", size, payload_bytes=10) for size in (2, 10)]
    made = three_rounds(large, small, *batches, Workload.of("batch", 10, payload_bytes=5))
    add_headline(made)
    assert made.meta["headline"] == {
        "trigger": {"workload": small.name, "sent_per_event": 360.0},
        "batch": {"workload": batches[1].name, "sent_per_event": 45.0},
        "gain": {"workload": batches[1].name, "gain": pytest.approx(10 * 130 / 110)},
    }
    write_run(tmp_path, made)
    assert read_run_json(tmp_path)["headline"] == made.meta["headline"]
    merged = RunTables(run_json(made), all_tables(made), None)
    add_headline(merged)
    assert merged.meta["headline"] == made.meta["headline"]


def test_what_was_not_measured_is_none() -> None:
    batch = Workload.of("batch", 10)
    assert headline(SliceCounts(), SliceCounts()) == Headline(None, None, None)
    found = headline(SliceCounts(three_rounds(batch).slices), SliceCounts())
    assert (found.trigger, found.gain) == (None, None)
    assert found.batch is not None
    assert found.batch.workload == batch.name
    silent = slice_(Workload.of(), 0, 0)
    silent.tcp = kernel(0, 0)
    assert headline(SliceCounts(record(silent).slices), SliceCounts()) == Headline(None, None, None)


def test_users_that_send_side_by_side_have_no_gain() -> None:
    made = three_rounds(Workload.of(), Workload.of("batch", 10))
    made.meta["mode"] = "free"
    add_headline(made)
    assert made.meta["headline"]["gain"] is None
    assert made.meta["headline"]["batch"] is not None
