"""The Dockerfile, as far as it can be tried without a registry of images."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
COPIES = [shlex.split(line)[1:] for line in TEXT.splitlines() if line.startswith("COPY") and "--from" not in line]
SOURCES = [source for *sources, _ in COPIES for source in sources]


def test_nothing_that_it_copies_is_kept_from_docker_and_nothing_else_is_sent() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule for rule in rules if rule.startswith("!")) == sorted(f"!{source}" for source in SOURCES)


def test_what_it_copies_makes_a_whole_wheel(tmp_path: Path) -> None:
    for *sources, place in COPIES:
        for source in sources:
            to = tmp_path / "source" / place / (source if place == "./" else "")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, to)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]
    subprocess.run([*pip, str(tmp_path / "source")], check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    target = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    expected = {
        "/".join([target["sources"].get(folder, folder), *file.relative_to(ROOT / folder).parts])
        for folder in target["only-include"]
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name} == expected


def test_its_python_is_pinned_and_its_user_is_not_root() -> None:
    bases = set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE))
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", bases.pop())
    [user] = re.findall(r"^USER (\d+)$", TEXT, re.MULTILINE)
    assert int(user) > 0
    assert 'ENTRYPOINT ["wiretax"]' in TEXT
