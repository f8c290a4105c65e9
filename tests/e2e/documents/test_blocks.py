"""What the documents show in TOML and Python is valid: plans and gates load, Python runs, locustfiles too."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from collected import DOCUMENTS, ROOT, Shown, blocks
from commands import environment
from warm import run_warm

from analysis.gates.baseline.gates import load_gates
from wiretax.load.plan.reading import load_plan

HEAD = 'schema = 1\nname = "shown"\n'
WORKLOAD = '\n[[workload]]\napi = "trigger"\n'
OF_PLANS = ("[[workload]]", "[[mock.fault]]", "[labels]", "[delivery]")
TOML, PYTHON = ([each for document in DOCUMENTS for each in blocks(document, name)] for name in ("toml", "python"))
LOCUSTFILES = [each for each in PYTHON if "scenarios" in each.text]
SCRIPTS = sorted({each.document for each in PYTHON if each not in LOCUSTFILES})


@pytest.mark.parametrize("block", TOML, ids=str)
def test_a_plan_or_gates_file_can_be_loaded(block: Shown, tmp_path: Path) -> None:
    file = tmp_path / "shown.toml"
    if "[[check]]" in block.text:
        file.write_text(block.text)
        assert load_gates(file, accepting=True).checks
        return
    assert any(each in block.text for each in OF_PLANS)
    # A part of a plan is shown without the rest.
    head = "" if "schema = 1" in block.text else HEAD
    file.write_text(head + block.text + ("" if "[[workload]]" in block.text else WORKLOAD))
    assert load_plan(str(file)).workloads


@pytest.mark.parametrize("document", SCRIPTS)
def test_python_runs_in_the_order_of_its_document(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "results" / "reference", tmp_path / "results" / "reference")
    run = "capacity" if "capacities" in "".join(each.text for each in blocks(document, "python")) else "quick"
    shutil.copytree(ROOT / "results" / "reference" / run, tmp_path / "results" / "RUN")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for each in blocks(document, "python"):
        exec(compile(each.text, str(each), "exec"), names)


@pytest.mark.parametrize("block", LOCUSTFILES, ids=str)
def test_locust_loads_a_locustfile(block: Shown, tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(block.text)
    done = run_warm("locust", "-f", "shown.py", "--list", cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stderr
    assert "TriggerUser" in done.stdout + done.stderr
