"""Writes a report of two files into report/, without a kernel, which takes long to start."""

from __future__ import annotations

from pathlib import Path

from wiretax.report.folder import replacing


def main() -> None:
    with replacing(Path("report")) as folder:
        (folder / "figures").mkdir()
        (folder / "figures" / "a.svg").write_text("<svg></svg>")
        (folder / "index.html").write_text("whole")
