"""What scripts use: the documented examples run, and frames of several runs know their runs."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from saved import rendered

import wiretax
from wiretax import api
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run

ROOT = Path(__file__).parents[3]
QUICK = ROOT / "results" / "reference" / "quick"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_its_examples_give_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(api)
    assert result.attempted > 8
    assert result.failed == 0


def test_the_examples_of_the_docs_run(tmp_path: Path) -> None:
    for name in ("quick", "clients"):
        shutil.copytree(QUICK.parent / name, tmp_path / "results" / "reference" / name)
    shutil.copytree(QUICK, tmp_path / "results" / "one")
    code = "\n".join(EXAMPLE.findall((ROOT / "docs" / "python.md").read_text()))
    assert code.count("wiretax.") >= 4
    code += "\nassert list(bytes_per_event.columns) and len(bytes_per_event) == 1\n"
    code += "row = table.set_index('workload').loc['batch10-100B-chat-reference']\n"
    code += "assert abs(gain.estimate / row['gain'] - 1) < 1e-9 and abs(gain.low / row['gain_low'] - 1) < 1e-9\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "batch10-100B-chat-reference" in done.stdout


def test_one_question_of_an_analyst_takes_two_lines(tmp_path: Path) -> None:
    calls = [
        Workload.of(api, size, payload_bytes=payload, client=client, tls=tls)
        for api, size in (("trigger", 1), ("batch", 10))
        for payload in (10, 100, 1000)
        for client in ("node", "go")
        for tls in (False, True)
    ]
    run = Run(tmp_path, {"plan": {}}, rendered(calls), pd.DataFrame(), pd.DataFrame(), None)
    table = wiretax.summarise(run).query("client == 'node' and not tls")
    found = table.pivot(index="payload_bytes", columns=["api", "batch_size"], values="sent_per_event")
    assert found.index.tolist() == [10, 100, 1000]
    assert found.columns.tolist() == [("trigger", 1), ("batch", 10)]
    assert found["trigger", 1].is_monotonic_increasing
    assert (found["batch", 10] < found["trigger", 1]).all()


def test_an_older_run_has_the_columns_that_it_lacks() -> None:
    older = wiretax.read_run(QUICK.parent / "clients").slices
    assert not older["encrypted"].any()
    assert older["steady_requests"].equals(older["requests"].astype(float))
    [both] = {frame["server"].unique().tolist()[0] for frame in (older, wiretax.read_run(QUICK).slices)}
    assert both == "endpoint"


def test_all_names_are_there_and_others_are_not() -> None:
    assert all(hasattr(wiretax, name) for name in wiretax.__all__)
    with pytest.raises(AttributeError, match="no attribute 'publish'"):
        _ = wiretax.publish  # type: ignore[attr-defined]


def test_frames_of_several_runs_have_the_columns_of_their_runs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(QUICK, tmp_path / name)
    (tmp_path / "no-run").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    runs = wiretax.load_runs(tmp_path / "*")
    assert len(runs) == 2
    [reason] = runs.unreadable
    assert "broken" in reason
    assert runs.table["run"].tolist() == ["a", "b"]
    assert runs.table["plan"].unique().tolist() == ["quick"]
    assert set(runs.slices["run"]) == {"a", "b"}
    assert len(runs.summary) == 16
    assert runs.frame("queue").empty
    with pytest.raises(AttributeError):
        runs.frame("nothing")
    assert len(wiretax.load_runs([tmp_path / "b"])) == 1
    assert len(wiretax.load_runs(tmp_path / "none*")) == 0
    assert wiretax.load_runs(tmp_path / "none*").summary.empty


def test_a_folder_without_a_run_is_a_line() -> None:
    with pytest.raises(wiretax.RunNotFoundError, match=re.escape("run.json")):
        wiretax.read_run(ROOT / "docs")
