"""The runs that gates files name as baselines."""

from __future__ import annotations

from pathlib import Path

from wiretax.documents import read_toml

# The file of checks, unless another one is named.
GATES = Path("gates.toml")


def baselines_in(gates: Path) -> list[Path]:
    """What the checks of a gates file name as baselines: runs, folders of runs, and files of accepted values.

    Raises:
        OSError: if it can't be read as TOML.
    """
    checks = read_toml(gates).get("check")
    named = [
        each.get("baseline") for each in (checks if isinstance(checks, list) else []) if isinstance(each, dict)
    ]
    return [gates.parent / each for each in dict.fromkeys(named) if isinstance(each, str) and "\0" not in each]
