"""The notebooks run, and are kept as they come out on the reference runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert all(cell["execution_count"] for cell in cells)
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


def test_there_are_the_eight() -> None:
    assert [file.stem for file in STORIES] == [
        "01-what-an-event-costs",
        "02-what-batching-gives",
        "03-client-libraries",
        "04-choose-a-batch-size",
        "05-from-a-message-queue",
        "06-the-rate-that-a-server-carries",
        "07-from-publisher-to-subscriber",
        "08-across-runs",
    ]
