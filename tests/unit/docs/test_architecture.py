"""The paths in docs/architecture.md and CONTRIBUTING.md lead to files and folders of this repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Tables and lists shorten a path by the folder they are about.
ABOVE = ("", "wiretax", "wiretax/load", "analysis", "tests")
# Without capitals: names like NAME.toml stand for any file.
PATH = re.compile(r"`([a-z0-9_.-]+/[a-z0-9_./-]*)`")


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_each_path_exists(name: str) -> None:
    paths = set(PATH.findall((ROOT / name).read_text()))
    assert len(paths) > 10
    assert [path for path in paths if not any((ROOT / above / path).exists() for above in ABOVE)] == []
