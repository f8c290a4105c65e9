"""What the kernel that executes a report's notebooks is given of the environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.console import Console

from wiretax.report.progress import ReportLines

SECRETS = {
    "PUSHER_URL": "http://k:hidden@127.0.0.1/apps/1",
    "WIRETAX_AGAINST": "http://k:hidden@127.0.0.1/apps/2",
    "WIRETAX_REDIS": "redis://user:hidden@127.0.0.1",
    "WIRETAX_WEB_PASSWORD": "hidden",
    "GITHUB_TOKEN": "hidden",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "SOMETHING_NEW": "hidden",
}


def test_a_cell_sees_no_variable_that_it_does_not_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Imported here, as papermill takes a second to load.
    import nbformat

    from wiretax.report.kernel import execute

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_NUMERIC", "C")
    cell = nbformat.v4.new_code_cell("import os\nprint('\\n'.join(f'{k}={v}' for k, v in os.environ.items()))")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python"}, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata=metadata)
    done, failures = execute(notebook, tmp_path, ReportLines(Console(quiet=True)))
    assert failures == []
    [output] = [each for found in done.cells for each in found.get("outputs", [])]
    assert "hidden" not in output.text
    assert "LC_NUMERIC=C" in output.text
    assert f"PATH={os.environ['PATH']}" in output.text
    # And the process that makes the report keeps its own.
    assert {name: os.environ[name] for name in SECRETS} == SECRETS


def test_names_that_resemble_a_needed_one_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from wiretax.report.kernel import kernel_environment

    for name in ("PATH_SECRET", "PYTHON_TOKEN", "JUPYTER_TOKEN", "HOME_ASSISTANT_TOKEN"):
        monkeypatch.setenv(name, "hidden")
    assert "hidden" not in kernel_environment().values()
