"""The runs that the benchmark of growth makes up are runs as wiretax writes them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.growth.saved import write_rounds, write_runs
from benchmarks.growth.tables import growth_sheet
from wiretax.runs.reader import read_run


def test_a_run_of_more_rounds_is_undamaged_and_adds_up(tmp_path: Path) -> None:
    run = read_run(write_rounds(tmp_path / "run", 272))
    assert run.slices["round"].nunique() == 272
    assert run.meta["valid"]
    parts = {name: counts["requests"] for name, counts in run.meta["parts"].items()}
    assert run.slices["requests"].sum() == parts["total"] - parts["aside"] - parts["boundary"]


def test_a_folder_has_as_many_runs_as_asked_for(tmp_path: Path) -> None:
    results = write_runs(tmp_path / "results", 3)
    runs = [read_run(folder) for folder in sorted(results.iterdir())]
    assert len({run.meta["started"] for run in runs}) == 3


def test_growth_is_shown_by_size() -> None:
    rows = [
        {"users": 5000, "requests_per_s": 30_123.4, "cpu_s": 12.34, "load_s": 3.0, "peak_mb": 240.4, "valid": True}
    ]
    assert growth_sheet("users", rows).rows == (("5,000", "30,123", "12.3", "3.0", "240"),)
