"""results/<run>/: the contract of its files, and that nothing half written is taken for a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from saved import parts_of, record, run_json, slice_, unseal

from analysis.measures.event_bytes import bytes_per_event
from wiretax.channels.workload import Workload
from wiretax.runs.files.schema import LATER_COLUMNS
from wiretax.runs.folder import ResultsError, claim_run_folder, leave_run_folder, write_whole
from wiretax.runs.reader import RunNotFoundError, find_run, read_run, salvage_run
from wiretax.runs.record import RunRecord
from wiretax.runs.writer import write_run
from wiretax.wire.ledger import Failure

COLUMNS = {
    "slices": """round workload api batch_size channels payload_bytes payload_kind client connection http tls users
        duration_s requests events failures request_line_bytes auth_query_bytes header_bytes body_bytes
        payload_total_bytes response_head_bytes response_body_bytes connections tcp_sent_bytes tcp_received_bytes
        tcp_retransmitted_bytes segments_out segments_in boundary_requests""",
    "latency": "round workload bucket_low_s bucket_high_s count",
    "failures": "workload kind status message count",
}


def made() -> RunRecord:
    one = slice_(Workload.of("batch", 10), 0, 50)
    one.measured.failed[Failure("lost", 0, "reset")] = 2
    one.measured.failures = one.measured.unfinished = 2
    one.boundary.requests = 1
    one.boundary.latency.record([1_000_000])
    one.boundary.body_bytes = 700
    run = record(one, slice_(Workload.of("batch", 10), -1, 7))
    run.meta = run_json(run, parts=parts_of(run))
    run.server = {"requests": 58}
    return run


def test_the_columns_of_the_contract_are_there(tmp_path: Path) -> None:
    write_run(tmp_path, made())
    for name, columns in COLUMNS.items():
        assert set(columns.split()) <= set(pq.read_schema(tmp_path / f"{name}.parquet").names)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_run(tmp_path, made())
    run = read_run(tmp_path)
    assert run.meta == made().meta
    assert run.server == {"requests": 58}
    (row,) = run.slices.to_dict("records")
    assert (row["workload"], row["batch_size"], row["requests"], row["events"]) == (
        "batch10-100B-chat-reference",
        10,
        50,
        500,
    )
    assert row["payload_total_bytes"] == 50_000
    assert (row["boundary_requests"], row["boundary_sent_bytes"]) == (1, 700)
    assert run.latency["count"].sum() == 51
    assert run.failures.to_dict("records") == [
        {
            "workload": "batch10-100B-chat-reference",
            "kind": "lost",
            "status": 0,
            "message": "reset",
            "count": 2,
            "start": 0,
        }
    ]


def test_what_could_not_be_measured_is_null_not_zero(tmp_path: Path) -> None:
    uncounted = slice_(Workload.of(), 0, 5)
    uncounted.tcp = None
    run = record(uncounted)
    run.meta = run_json(run)
    write_run(tmp_path, run)
    assert read_run(tmp_path).slices["tcp_sent_bytes"].isna().all()


def test_a_warm_up_is_in_the_totals_and_in_no_row() -> None:
    run = made()
    assert len(run.slices) == 1
    assert run.total.requests == 50 + 7 + 1
    assert run.aside.requests == 7
    assert run.boundary.requests == 1


def test_an_empty_run_can_be_written_and_read(tmp_path: Path) -> None:
    run = RunRecord()
    run.meta = run_json(run)
    write_run(tmp_path, run)
    assert read_run(tmp_path).slices.empty
    assert read_run(tmp_path).server is None


def test_a_file_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    target.write_text("old")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_whole(target, fail)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_run_without_run_json_is_not_a_run(tmp_path: Path) -> None:
    folder = claim_run_folder(tmp_path, "run")
    write_run(folder, made())
    (folder / "run.json").unlink()
    with pytest.raises(RunNotFoundError, match="no run in"):
        find_run(tmp_path)
    (folder / "run.json").write_text("{")
    with pytest.raises(RunNotFoundError, match="no run in"):
        find_run(tmp_path)
    with pytest.raises(RunNotFoundError, match=r"can't be read"):
        read_run(folder)


def test_the_newest_run_is_the_default_and_any_can_be_named(tmp_path: Path) -> None:
    for name, started in (("a", "2026-01-02"), ("b", "2026-01-03"), ("c", "2026-01-01")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_bytes(orjson.dumps({"schema": 1, "started": started}))
    assert find_run(tmp_path).name == "b"
    assert find_run(tmp_path, "c").name == "c"
    assert find_run(tmp_path, str(tmp_path / "a")).name == "a"
    with pytest.raises(RunNotFoundError, match="no run 'd'"):
        find_run(tmp_path, "d")


@pytest.mark.parametrize("schema", [0, 99])
def test_a_run_of_another_schema_names_the_version_that_reads_it(tmp_path: Path, schema: int) -> None:
    run = made()
    run.meta |= {"schema": schema, "wiretax": "7.8.9"}
    write_run(tmp_path, run)
    for read in (read_run, salvage_run):
        with pytest.raises(RunNotFoundError, match=f"schema {schema}, expected 1; wiretax 7.8.9 wrote it"):
            read(tmp_path)


def test_a_run_json_of_something_else_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, made())
    (tmp_path / "run.json").write_text("[1]")
    with pytest.raises(RunNotFoundError, match=r"run.json names no schema"):
        salvage_run(tmp_path)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without_requests(file: Path) -> None:
    pq.write_table(pq.read_table(file).drop_columns(["requests", "events"]), file)


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("slices.parquet", cut_off, "slices.parquet can't be read: it is cut off, altered or not Parquet"),
        ("latency.parquet", Path.unlink, "latency.parquet is missing"),
        ("failures.parquet", lambda file: file.write_bytes(b""), "failures.parquet can't be read"),
        ("slices.parquet", without_requests, "slices.parquet lacks requests, events"),
        ("server.json", cut_off, "server.json can't be read"),
    ],
)
def test_a_damaged_file_is_named_and_the_rest_can_be_salvaged(
    tmp_path: Path, name: str, harm: Callable[[Path], object], said: str
) -> None:
    write_run(tmp_path, made())
    whole = salvage_run(tmp_path)
    assert whole.damage == ()
    harm(tmp_path / name)
    with pytest.raises(RunNotFoundError, match=said):
        read_run(tmp_path)
    run = salvage_run(tmp_path)
    (sentence,) = run.damage
    assert said in sentence
    assert run.doubts == (f"this run is damaged: {sentence}",)
    for kind in ("slices", "latency", "failures"):
        left, was = getattr(run, kind), getattr(whole, kind)
        assert list(left.columns) == list(was.columns)
        assert len(left) == (0 if name.startswith(kind) else len(was))


def test_a_run_from_before_tls_was_counted_is_whole(tmp_path: Path) -> None:
    write_run(tmp_path, made())
    for name in ("slices", "latency"):
        table = pq.read_table(tmp_path / f"{name}.parquet")
        later = sorted(LATER_COLUMNS.intersection(table.column_names))
        pq.write_table(table.drop_columns(later), tmp_path / f"{name}.parquet")
    unseal(tmp_path)
    assert salvage_run(tmp_path).damage == ()
    assert read_run(tmp_path).latency["censored"].tolist() == [0] * len(read_run(tmp_path).latency)
    assert bytes_per_event(read_run(tmp_path).slices)["tls"].tolist() == [0.0]


def test_a_run_says_why_it_is_no_base_to_build_on(tmp_path: Path) -> None:
    run = made()
    write_run(tmp_path, run)
    assert read_run(tmp_path).doubts == ()
    run.meta |= {"valid": False, "invalid_because": ["the mock saw less"]}
    write_run(tmp_path, run)
    assert read_run(tmp_path).doubts == ("this run is invalid: the mock saw less",)
    nothing = RunRecord()
    nothing.meta = run_json(nothing)
    (tmp_path / "nothing").mkdir()
    write_run(tmp_path / "nothing", nothing)
    assert read_run(tmp_path / "nothing").doubts == ("this run is empty: it measured nothing",)


def test_two_runs_of_one_second_get_two_folders(tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert claim_run_folder(results, "run").name == "run"
    assert claim_run_folder(results, "run").name == "run-2"


def test_a_folder_in_which_nothing_was_written_is_taken_back(tmp_path: Path) -> None:
    folder = claim_run_folder(tmp_path / "results", "run")
    leave_run_folder(folder)
    assert not (tmp_path / "results").exists()
    folder = claim_run_folder(tmp_path / "results", "run")
    write_run(folder, made())
    leave_run_folder(folder)
    assert read_run(folder).meta == made().meta


def test_a_results_folder_that_cannot_be_one_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"results folder .*file: can't be written .*--results"):
        claim_run_folder(tmp_path / "file", "run")
