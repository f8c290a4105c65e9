"""delivery.parquet and delivery_times.parquet: written only if deliveries were counted, read back, and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from delivered import DELIVERY_META, delivered_run
from saved import parts_of, record, run_json, slice_

from wiretax.channels.workload import Workload
from wiretax.runs.files.schema import DELIVERY
from wiretax.runs.reader import RunNotFoundError, as_read, read_run, salvage_run
from wiretax.runs.record import RunRecord
from wiretax.runs.writer import write_run

BATCH = Workload.of("batch", 10, subscribers=2)


def saved_run(folder: Path, **changes: Any) -> RunRecord:
    made = delivered_run(BATCH, rounds=2, **changes)
    made.meta = run_json(made, parts=parts_of(made), delivery=DELIVERY_META)
    write_run(folder, made)
    return made


def test_what_subscribers_received_is_read_back(tmp_path: Path) -> None:
    made = saved_run(tmp_path, lost=3, delays_s={"total": [0.004]}, censored_s={"total": [1.5] * 3})
    for run in (read_run(tmp_path), as_read(made, tmp_path, made.meta)):
        assert run.delivery["workload"].tolist() == [BATCH.name] * 2
        assert run.delivery["subscribers"].tolist() == [2, 2]
        assert (
            run.delivery[["sent", "expected", "delivered", "lost"]].to_numpy().tolist()
            == [[1000, 2000, 1997, 3]] * 2
        )
        times = run.delivery_times
        assert set(times["kind"]) == {"total"}
        assert (times["count"].sum(), times["censored"].sum()) == (2 * 1997, 2 * 3)
        assert run.delays.totals == {"count": 2 * 1997, "censored": 2 * 3}
        assert run.meta["delivery"] == DELIVERY_META


def test_a_run_without_deliveries_has_no_such_files(tmp_path: Path) -> None:
    made = record(slice_(Workload.of(), 0, 5))
    made.meta = run_json(made)
    write_run(tmp_path, made)
    assert not [*tmp_path.glob("delivery*")]
    run = read_run(tmp_path)
    assert run.delivery.empty
    assert run.delivery_times.empty


@pytest.mark.parametrize("name", ["delivery", "delivery_times"])
def test_both_files_belong_to_the_run(tmp_path: Path, name: str) -> None:
    saved_run(tmp_path)
    (tmp_path / f"{name}.parquet").unlink()
    with pytest.raises(RunNotFoundError, match=rf"{name}\.parquet is missing"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"acknowledged": 990}, "sent is 1,000 in a row with acknowledged + rejected + failed + unknown = 990"),
        ({"delivered": 5}, "expected is 2,000 in a row with delivered + lost + missed = 5"),
        ({"lost": -1}, "lost is -1, expected 0 or more"),
        ({"backlog_max_bytes": None}, "backlog_max_bytes is null in 2 rows"),
    ],
)
def test_counts_that_do_not_add_up_are_damage(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    made = delivered_run(BATCH, rounds=2)
    for row in made.deliveries:
        row.update(changes)
    made.meta = run_json(made)
    write_run(tmp_path, made)
    (damage,) = salvage_run(tmp_path, ["slices", "latency", "failures", "delivery"]).damage
    assert said in damage


def test_an_unknown_kind_of_delay_is_damage(tmp_path: Path) -> None:
    made = delivered_run(BATCH, rounds=1)
    made.delivery_times = [(*each[:3], "guessed", each[4]) for each in made.delivery_times]
    made.meta = run_json(made)
    write_run(tmp_path, made)
    (damage,) = salvage_run(tmp_path).damage
    assert "delivery_times.parquet: kind is 'guessed', expected one of waiting, wire" in damage


def test_counts_of_a_kernel_that_keeps_none_are_null(tmp_path: Path) -> None:
    saved_run(tmp_path, ws_tcp_received_bytes=None, ws_segments_in=None)
    assert read_run(tmp_path).delivery["ws_tcp_received_bytes"].isna().all()
    assert set(DELIVERY.names) <= set(pq.read_schema(tmp_path / "delivery.parquet").names)


def test_starting_over_forgets_deliveries() -> None:
    made = delivered_run(BATCH)
    made.set_aside()
    assert (made.deliveries, made.delivery_times) == ([], [])
