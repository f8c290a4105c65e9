"""The documents show the runs in results/reference/, and these are small and complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from delivered import add_delivery
from queued import BATCH, Drain, record_of
from saved import run_json, slice_

from docs import reference as kept
from docs import refresh
from docs.reference import FILES, REFERENCE, NotReferenceError, record, reference
from docs.refresh import BLOCKS, FIGURES, README, drawings, main, refreshed
from wiretax.channels.validation import object_to_library
from wiretax.channels.workload import Workload, workload_of
from wiretax.runs.files.probes import ProbeRecord
from wiretax.runs.folder import RUN_FILE
from wiretax.runs.writer import write_run
from wiretax.wire.queue_series import QueueSeries

MOST_BYTES = 2_200_000
NUMBER = re.compile(r"-?\d+\.\d+")
RUNS = sorted(str(file.parent.relative_to(REFERENCE)) for file in REFERENCE.rglob(RUN_FILE))


@pytest.mark.parametrize("document", BLOCKS, ids=lambda document: document.name)
def test_a_documents_tables_are_those_of_the_reference_runs(document: Path) -> None:
    text = document.read_text()
    assert refreshed(document, text) == text, "run make refresh to update it"


def numbers(svg: str) -> list[float]:
    return [float(each) for each in NUMBER.findall(svg)]


@pytest.mark.parametrize(
    ("document", "name"), [(document, name) for document, named in BLOCKS.items() for name in named]
)
def test_an_outdated_block_is_updated(document: Path, name: str) -> None:
    text = document.read_text()
    line = next(line for line in BLOCKS[document][name]().splitlines() if re.search(r"\d", line))
    changed = re.sub(r"\d+", lambda number: f"{int(number[0]) + 1}", line, count=1)
    assert refreshed(document, text.replace(line, changed)) == text


def test_a_readme_without_a_block_is_rejected() -> None:
    with pytest.raises(LookupError, match="no block 'first-look'"):
        refreshed(README, "# wiretax\n")


def test_the_docs_show_the_figures_of_the_reference_runs() -> None:
    made = drawings()
    drawn = {f"{drawing.name}.svg": drawing.svg() for drawing in made}
    drawn |= {f"{drawing.name}.csv": drawing.csv() for drawing in made}
    assert len(drawn) == 2 * 12
    # The benchmarks draw their own figures, of no saved run.
    assert {*drawn} <= {file.name for file in FIGURES.iterdir()}
    for name, text in drawn.items():
        shown = (FIGURES / name).read_text()
        # The last digit of a coordinate may differ from processor to processor.
        assert NUMBER.sub("", shown) == NUMBER.sub("", text), "make refresh redraws it"
        assert numbers(shown) == pytest.approx(numbers(text), abs=0.01, rel=1e-6)


# An observed publisher's library may not be known.
@pytest.mark.parametrize("name", [name for name in RUNS if not name.startswith("publisher/")])
def test_no_reference_run_holds_what_a_client_library_refuses_to_send(name: str) -> None:
    rows = reference(name).slices.drop_duplicates("workload").to_dict("records")
    assert {row["workload"]: said for row in rows if (said := object_to_library(workload_of(row)))} == {}


def test_reference_runs_are_valid_and_small() -> None:
    assert {"clients", "headline", "quick"} <= set(RUNS)
    assert all(reference(name).meta["valid"] for name in RUNS)
    assert sum(file.stat().st_size for file in REFERENCE.rglob("*") if "report" not in file.parts) < MOST_BYTES


QUIET = {"generator": 0.9, "mock": 0.9, "others": 0.2}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results folder in place of this project's."""
    monkeypatch.setattr(kept, "RESULTS", tmp_path)
    monkeypatch.setattr(kept, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(refresh, "refresh", lambda: pytest.fail("it was to be refused"))
    return tmp_path


def saved(folder: Path, **more: Any) -> Path:
    """A run of a queue, of a probe and of a trigger, written as any other."""
    made = record_of(Drain(BATCH))
    probe = ProbeRecord(BATCH.replace(rate=0.0), 0, BATCH.arrivals.rate, "search", True, 0.01)
    made.capacity.append(probe.as_row())
    series = made.series[0, BATCH.name] = QueueSeries(0.1)
    series.acknowledged([0.05], 0.06)
    series.settle()
    made.add(slice_(Workload.of(), 0, 10), 4)
    add_delivery(made, Workload.of(subscribers=1), 0)
    made.add(slice_(Workload.of(subscribers=1), 0, 100), 4)
    made.server = {"requests": 1}
    made.meta = run_json(made, **{"environment": {"cores": 2}, "busy": QUIET, **more})
    folder.mkdir(parents=True)
    write_run(folder, made)
    return folder


def test_a_run_on_a_quiet_machine_is_recorded_as_it_was_saved(elsewhere: Path) -> None:
    run = saved(elsewhere / "a-run")
    (run / "gate.json").write_text("{}")
    stale = saved(elsewhere / "reference" / "quick") / "old.parquet"
    stale.write_bytes(b"")
    main(["--record", "a-run", "quick"])
    folder = elsewhere / "reference" / "quick"
    assert {file.name for file in folder.iterdir()} == set(FILES)
    assert all((folder / name).read_bytes() == (run / name).read_bytes() for name in FILES)
    assert [each.name for each in (elsewhere / "reference").iterdir()] == ["quick"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"busy": {**QUIET, "others": 0.21}},
            "a-run: other processes used 10.5 % of the machine (0.21 of 2 cores), expected at most 10 %",
        ),
        ({"busy": {**QUIET, "others": 1.9}}, "95.0 % of the machine (1.9 of 2 cores)"),
        ({"busy": {**QUIET, "others": None}}, "it does not record how much of the machine other processes used"),
        ({"busy": {}}, "it does not record how much"),
        (
            {"busy": {**QUIET, "mock": None, "others": None, "server": 0.5, "machine": 1.61}},
            "10.5 % of the machine (0.21 of 2 cores)",
        ),
        ({"valid": False}, "a-run: it is invalid"),
        ({"interrupted": True}, "a-run: it was interrupted"),
    ],
)
def test_no_other_run_is_recorded_and_what_there_was_stays(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], more: dict[str, Any], says: str
) -> None:
    saved(elsewhere / "a-run", **more)
    before = saved(elsewhere / "reference" / "quick")
    with pytest.raises(SystemExit) as refused:
        main(["--record", "a-run", "quick"])
    assert refused.value.code == 3
    assert says in capsys.readouterr().err
    assert {file.name for file in before.iterdir()} == set(FILES)


def test_a_local_server_is_none_of_the_others() -> None:
    busy = {"generator": 0.9, "mock": None, "others": None, "server": 0.9, "machine": 1.9}
    assert [*kept.disqualifications({"valid": True, "environment": {"cores": 2}, "busy": busy})] == []


def test_nothing_is_made_of_references_that_shared_their_machine(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(elsewhere / "reference" / "quick")
    saved(elsewhere / "reference" / "tradeoff", busy={**QUIET, "others": 1.9})
    with pytest.raises(SystemExit) as refused:
        main([])
    assert refused.value.code == 3
    said = capsys.readouterr().err
    assert "tradeoff: other processes used 95.0 %" in said
    assert "quick" not in said


def test_on_quiet_references_the_docs_are_made_anew(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(refresh, "refresh", lambda: made.append(True))
    saved(elsewhere / "reference" / "quick")
    main([])
    assert made


@pytest.mark.parametrize(
    ("run", "name", "says"), [("nowhere", "quick", "no run 'nowhere'"), ("r", "../q", "name")]
)
def test_what_is_no_run_or_no_name_is_refused(elsewhere: Path, run: str, name: str, says: str) -> None:
    with pytest.raises(NotReferenceError, match=says):
        record(run, name)
