"""Shell completion, as bash asks for it: installed by the command itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import environment

WIRETAX = Path(sys.executable).with_name("wiretax")


def test_bash_completes_commands_plans_and_runs(tmp_path: Path) -> None:
    if shutil.which("bash") is None or not WIRETAX.exists():
        pytest.skip("bash or the wiretax command is not installed")
    run = tmp_path / "results" / "2026-01-31T12-30-00-ci"
    run.mkdir(parents=True)
    (run / "run.json").touch()
    env = environment(HOME=str(tmp_path), PATH=f"{WIRETAX.parent}:/usr/bin:/bin")

    def bash(script: str) -> str:
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # bash would replace itself by the last command.
    assert "bash completion installed" in bash("wiretax --install-completion && true")
    assert "wiretax.sh" in (tmp_path / ".bashrc").read_text()
    asked = """. .bash_completions/wiretax.sh
    ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wiretax_completion "$1"; echo "${COMPREPLY[@]}"; }
    ask wiretax do; ask wiretax run head; ask wiretax gate 2026; ask wiretax run --qu"""
    assert bash(asked).splitlines() == ["doctor", "headline", run.name, "--quiet"]
