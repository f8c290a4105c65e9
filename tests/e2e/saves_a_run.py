"""Saves a run with all kinds of files into results/, as a command does once its load has ended."""

from __future__ import annotations

from pathlib import Path

from queued import whole_record

from wiretax.runs.folder import claim_run_folder, leave_run_folder, run_name
from wiretax.runs.saving import save_run


def main() -> None:
    folder = claim_run_folder(Path("results"), run_name("whole"))
    try:
        saved = save_run(folder, whole_record())
    finally:
        leave_run_folder(folder)
    print(saved.folder if saved.is_saved else "", saved.problem, sep="\n")
