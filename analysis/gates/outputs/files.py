"""The result's files, each written atomically into the run's folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from analysis.gates.evaluation.result import GateResult
from analysis.gates.outputs.gatejson import gate_json
from analysis.gates.outputs.junit import junit_xml
from analysis.gates.outputs.markdown import summary_md
from wiretax.runs.folder import write_whole

FILES: dict[str, Callable[[GateResult], bytes]] = {
    "gate.json": gate_json,
    "junit.xml": junit_xml,
    "summary.md": summary_md,
}


def write_outputs(folder: Path, result: GateResult) -> None:
    """Write all of them; the summary is also appended to ``$GITHUB_STEP_SUMMARY`` if that is set.

    Raises:
        OSError: if the folder can't be written.
    """
    for name, render in FILES.items():
        data = render(result)
        write_whole(folder / name, lambda path, data=data: path.write_bytes(data))  # type: ignore[misc]
    step = os.environ.get("GITHUB_STEP_SUMMARY")
    if step:
        # The verdict must not depend on whether the page can be written.
        with suppress(OSError), Path(step).open("ab") as page:
            page.write(summary_md(result))
