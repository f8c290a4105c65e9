"""A report of a run that holds hostile text: in a browser none of it runs, and on a terminal none of it acts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pyarrow as pa
import pytest
from chromium import seen_by
from commands import environment
from warm import run_warm

from wiretax.escaping import INVISIBLE
from wiretax.runs.files.schema import FRAMES

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "quick"
# What would run or load something in a page, end the element that it stands in, or act on a terminal.
HOSTILE = (
    '<script>document.title = "ran"</script>"><img src="x" onerror="document.title = \'ran\'">'
    "<iframe src=data:,></iframe></title></style></details></svg>--> <!--figure:layer-waterfall--> "
    "<!--contents--> $1 \x1b[2J\x1b]52;c;eA==\x07\x9b2J \u202egnp.\u2066"
)
# Of run.json, what is text of a server, of a plan, of a machine or of a publisher's command line.
TEXTS = {
    "endpoint": HOSTILE,
    "against": HOSTILE,
    "warnings": [HOSTILE, "slices " + HOSTILE],
    "valid": False,
    "invalid_because": [HOSTILE],
    # Others are rejected when a run is read.
    "labels": {"note": '<script>document.title = "ran"</script></title><!--contents--> $1'},
    "mock": None,
    "files": None,
}


def hostile(value: Any) -> Any:
    """The same, with hostile text after each text in it."""
    if isinstance(value, dict):
        return {key: hostile(each) for key, each in value.items()}
    if isinstance(value, list):
        return [hostile(each) for each in value]
    return value + HOSTILE if isinstance(value, str) else value


def rewrite(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    file = folder / f"{name}.parquet"
    frame = change(pd.read_parquet(file))
    # The run may have been saved before some columns were there.
    schema = pa.schema([field for field in FRAMES[name] if field.name in frame])
    frame.to_parquet(file, schema=schema)


def failed(_: pd.DataFrame) -> pd.DataFrame:
    row = {"workload": HOSTILE, "kind": HOSTILE, "status": 400, "message": HOSTILE, "count": 3}
    return pd.DataFrame([row], columns=FRAMES["failures"].names)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run whose names and texts are hostile."""
    run = tmp_path_factory.mktemp("hostile") / "run"
    shutil.copytree(REFERENCE, run)
    for name in ("slices", "latency"):
        rewrite(run, name, lambda frame: frame.assign(workload=frame["workload"] + HOSTILE))
    rewrite(run, "slices", lambda frame: frame.assign(client=frame["client"] + HOSTILE))
    rewrite(run, "failures", failed)
    document = json.loads((run / "run.json").read_text())
    document["plan"] |= {
        "name": HOSTILE,
        "workloads": hostile(document["plan"]["workloads"]),
        "command": [HOSTILE],
    }
    document["environment"] = hostile(document["environment"])
    document["reconcile"] |= {"agrees": False, "differences": [HOSTILE]}
    (run / "run.json").write_text(json.dumps({**document, **TEXTS}))
    done = run_warm("wiretax", "report", str(run), cwd=run.parent, env=environment(), timeout_s=120)
    assert "this part failed" not in done.stderr, done.stderr
    return run / "report" / "index.html"


def test_nothing_of_it_runs_in_a_browser_or_becomes_a_part_of_the_page(page: Path) -> None:
    seen = seen_by("browser.py", page, timeout_s=60)
    # The page's policy would hold a script back, and report it here.
    assert seen["said"] == []
    assert seen["requests"] == [page.resolve().as_uri()]
    assert seen["active"] == []
    assert seen["title"] == "run - wiretax"
    shown = seen["desk"]["text"]
    assert "<script>document.title" in shown
    assert "\\x1b[2J\\x1b]52;c;eA==\\x07\\x9b2J \\u202egnp.\\u2066" in shown
    drawn = [name for name, _, _, _ in seen["desk"]["drawings"]]
    assert len(drawn) == len(set(drawn)) > 1


def test_no_file_of_it_holds_what_a_terminal_would_obey(page: Path) -> None:
    files = [each for each in page.parent.rglob("*") if each.suffix in (".html", ".svg")]
    assert len(files) > 1
    for file in files:
        found = {repr(each) for each in INVISIBLE.findall(file.read_text())} - {repr("\n"), repr("\t")}
        assert found == set(), file.name
        if file.suffix == ".svg":
            ElementTree.parse(file)
