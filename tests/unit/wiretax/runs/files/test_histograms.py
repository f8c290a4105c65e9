"""Histograms of a saved run, read in batches: the same as its rows, in memory that does not grow with them."""

from __future__ import annotations

from math import nextafter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from queued import BATCH, Drain, record_of
from saved import parts_of, record, run_json, slice_

from analysis.measures.latency import percentiles
from wiretax.channels.workload import Workload
from wiretax.runs.files import frames
from wiretax.runs.files.histograms import Histograms, with_dictionaries
from wiretax.runs.reader import read_run
from wiretax.runs.writer import write_run

WORKLOADS = (Workload.of(), Workload.of("batch", 10))
BUCKETS = 200
SMALL_BATCH = 1_000
ENDS = ["bucket_low_s", "bucket_high_s"]


def saved_rounds(folder: Path, rounds: int) -> Path:
    """A run with many buckets in each of its slices."""
    folder.mkdir(exist_ok=True)
    slices = []
    for number in range(rounds):
        for workload in WORKLOADS:
            made = slice_(workload, number, BUCKETS)
            made.measured.latency.counts[:] = 0
            made.measured.latency.record([1_000_000 + 10_000 * (each + number) for each in range(BUCKETS)])
            slices.append(made)
    made = record(*slices)
    made.meta = run_json(made, parts=parts_of(made))
    write_run(folder, made)
    return folder


def peak_of_reading(folder: Path) -> int:
    """The most memory (B) that pyarrow held while it read the latencies of a run."""
    before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.system_memory_pool())
    pa.set_memory_pool(pool)
    try:
        read_run(folder, ["latency"])
    finally:
        pa.set_memory_pool(before)
    return int(pool.max_memory())


def test_memory_does_not_grow_with_the_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BATCH_ROWS", SMALL_BATCH, raising=False)
    few, many = (peak_of_reading(saved_rounds(tmp_path / str(rounds), rounds)) for rounds in (50, 400))
    assert many < 2 * few


def test_the_frame_has_all_rows_and_sums_are_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BATCH_ROWS", SMALL_BATCH)
    folder = saved_rounds(tmp_path, 20)
    run = read_run(folder)
    whole = pq.read_table(folder / "latency.parquet").to_pandas()
    assert len(whole) > 2 * SMALL_BATCH
    assert run.latencies.totals == {"count": whole["count"].sum(), "censored": 0}
    pairs = {(round_, name) for name, rounds in run.latencies.rounds().items() for round_ in rounds.tolist()}
    assert pairs == set(zip(whole["round"], whole["workload"], strict=True))
    pd.testing.assert_frame_equal(percentiles(run.latencies), percentiles(whole))
    pd.testing.assert_frame_equal(run.latency, whole)


def test_rows_of_a_workload_are_found_by_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BATCH_ROWS", SMALL_BATCH)
    run = read_run(saved_rounds(tmp_path, 20))
    for workload in WORKLOADS:
        rows, mine = run.latencies.of_rounds(workload.name), run.latency["workload"] == workload.name
        assert rows is not None
        assert np.repeat(rows.rounds, rows.lengths).tolist() == run.latency.loc[mine, "round"].tolist()
        assert rows.counts.tolist() == run.latency.loc[mine, "count"].tolist()
        lows = run.latencies.ends()[0][rows.buckets]
        assert lows.tolist() == run.latency.loc[mine, "bucket_low_s"].tolist()
    assert run.latencies.of_rounds("another") is None


def test_rows_of_many_rounds_take_four_bytes_each(tmp_path: Path) -> None:
    run = read_run(saved_rounds(tmp_path, 20))
    rows = run.latencies.of_rounds(WORKLOADS[0].name)
    assert rows is not None
    size = sum(each.nbytes for each in (rows.rounds, rows.lengths, rows.buckets, rows.counts, rows.censored))
    assert size < 4.5 * (run.latency["workload"] == WORKLOADS[0].name).sum()


ROWS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["wire", "total"]),
        st.sampled_from([(0.001, 0.002), (0.002, 0.003), (0.002, 0.004), (nextafter(0.002, 1), 0.003)]),
        st.integers(1, 1 << 40),
        st.integers(0, 3),
    ),
    max_size=40,
)


@given(ROWS, st.integers(1, 40))
def test_sums_are_those_of_pandas(
    rows: list[tuple[int, str, str, tuple[float, float], int, int]], size: int
) -> None:
    frame = pd.DataFrame(
        [(round_, name, kind, *ends, count, gone) for round_, name, kind, ends, count, gone in rows],
        columns=["round", "workload", "kind", *ENDS, "count", "censored"],
    )
    made = Histograms.of_frame(frame[:0])
    for first in range(0, len(frame), size):
        (batch,) = pa.Table.from_pandas(frame[first : first + size], preserve_index=False).to_batches()
        made.add(with_dictionaries(batch))
    for kind in ("wire", "total"):
        expected = frame[frame["kind"] == kind].groupby(["workload", *ENDS])[["count", "censored"]].sum()
        found = {
            (name, low, high): [count, gone]
            for name, buckets in made.sums(kind).items()
            for low, high, count, gone in zip(*(each.tolist() for each in buckets), strict=True)
        }
        assert found == {key: row.tolist() for key, row in zip(expected.index, expected.to_numpy(), strict=True)}
    assert made.totals == {"count": frame["count"].sum(), "censored": frame["censored"].sum()}
    rounds = frame.groupby("workload")["round"].unique()
    assert {name: each.tolist() for name, each in made.rounds().items()} == {
        name: sorted(each) for name, each in rounds.items()
    }


def test_waits_are_kept_apart_by_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BATCH_ROWS", 10)
    made = record_of(Drain(BATCH), rounds=3)
    made.meta = run_json(made)
    write_run(tmp_path, made)
    waits = pq.read_table(tmp_path / "waits.parquet").to_pandas()
    run = read_run(tmp_path, ["waits"])
    assert set(waits["kind"]) == {"waiting", "wire", "total"}
    for kind, rows in waits.groupby("kind"):
        (_, _, counts, _) = run.wait_times.sums(str(kind))[BATCH.name]
        assert counts.sum() == rows["count"].sum()
    pd.testing.assert_frame_equal(run.waits, waits)
