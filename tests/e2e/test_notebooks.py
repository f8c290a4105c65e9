"""The notebooks run, and are kept as they come out on the reference runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wiretax.report.story import assemble

ROOT = Path(__file__).parents[2]
STORIES = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))


def test_they_come_out_as_they_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.refresh", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_each_is_kept_executed_with_its_figures_and_without_an_error(file: Path) -> None:
    cells = [cell for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    assert not [output for output in outputs if output["output_type"] in ("error", "stream")]
    assert any("image/png" in output["data"] for output in outputs)
    assert str(ROOT) not in file.read_text()


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_none_has_logic_of_its_own(file: Path) -> None:
    code = "\n".join(
        "".join(cell["source"]) for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "code"
    )
    assert not {"def ", "for ", "if ", "lambda"} & {
        word for word in ("def ", "for ", "if ", "lambda") if word in code
    }


def cells_of(file: Path, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_each_computes_in_plain_sight_and_invites_to_go_on(file: Path) -> None:
    words, code = "\n".join(cells_of(file, "markdown")), "\n".join(cells_of(file, "code"))
    assert "(../docs/data.md)" in words
    # What pandas computes from the run's rows is the library's figure, or the notebook does not run.
    assert re.search(r"groupby|merge|concat", code)
    assert re.search(r"^assert |^np\.testing\.assert_", code, re.MULTILINE)
    titles = re.findall(r"^## .*$", words, re.MULTILINE)
    assert titles[-1] == "## Try it"
    assert json.loads(file.read_text())["cells"][-1]["cell_type"] == "code"


def test_a_report_has_none_of_what_is_computed_in_plain_sight() -> None:
    told = [cell.source for cell in assemble(ROOT / "notebooks", queued=True, staged=True).cells]
    assert len(told) > 30
    assert not [source for source in told if "import pandas" in source or "assert" in source or "Try it" in source]


def test_there_are_the_ten() -> None:
    assert [file.stem for file in STORIES] == [
        "00-start-here",
        "01-what-an-event-costs",
        "02-what-batching-gives",
        "03-client-libraries",
        "04-choose-a-batch-size",
        "05-from-a-message-queue",
        "06-the-rate-that-a-server-carries",
        "07-from-publisher-to-subscriber",
        "08-across-runs",
        "09-two-runs",
    ]
