"""A job that uses action.yml, as GitHub's runner runs it: each shell step by bash, with inputs in its environment.

Steps that use other actions are not run: tests give their outputs, and what they would get is kept.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from commands import environment

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"]}
CONTEXT = re.compile(r"(?:inputs|steps|github)(?:\.[\w-]+)+")
STATUS = re.compile(r"(?:always|success|failure|cancelled)\(\)")
TOKEN = "token-of-the-job"


@dataclass
class Job:
    """One use of the action.

    Attributes:
        folder: the workspace.
        temp: the runner's folder for temporary files.
        inputs: what the workflow gives it.
        github: other values of GitHub's context, like ``event_name``.
        variables: further variables of the job.
        outputs: of each step.
        uses: what steps that use other actions would be given.
        codes: of each shell step that was run.
        log: all that the steps printed.
    """

    folder: Path
    temp: Path
    inputs: dict[str, str] = field(default_factory=dict)
    github: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    uses: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    log: str = ""

    def run(self, *names: str) -> None:
        """Run these steps, those whose condition holds. One that fails doesn't end it, but conditions know."""
        assert not self.inputs.keys() - ACTION["inputs"].keys()
        for name in names:
            step = STEPS[name]
            condition = step.get("if", "success()")
            if not STATUS.search(condition):
                condition = f"success() && ({condition})"
            if not self._holds(condition):
                continue
            if "uses" in step:
                self.uses[name] = {key: self._filled(value) for key, value in step["with"].items()}
            else:
                self._run_shell(name, step)

    @property
    def summary(self) -> str:
        """The job's page."""
        page = self.temp / "summary.md"
        return page.read_text() if page.exists() else ""

    def output(self, name: str) -> str:
        """An output of the action."""
        return self._filled(ACTION["outputs"][name]["value"])

    def _run_shell(self, name: str, step: dict[str, Any]) -> None:
        assert step["shell"] == "bash"
        script, outputs = self.temp / "step.sh", self.temp / f"{name}-outputs"
        script.write_text(self._filled(step["run"]))
        outputs.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.folder,
            env=environment(
                GITHUB_ACTION_PATH=str(ROOT),
                GITHUB_ACTIONS="true",
                GITHUB_OUTPUT=str(outputs),
                GITHUB_REPOSITORY="org/app",
                GITHUB_RUN_ID="7",
                GITHUB_SERVER_URL="https://github.com",
                GITHUB_STEP_SUMMARY=str(self.temp / "summary.md"),
                RUNNER_TEMP=str(self.temp),
                **self.variables,
                **{key: self._filled(value) for key, value in step.get("env", {}).items()},
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )
        self.log += done.stdout
        self.codes[name] = done.returncode
        self.outputs[name] = dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def _value(self, context: str) -> str:
        first, _, rest = context.partition(".")
        if first == "inputs":
            return self.inputs.get(rest, ACTION["inputs"][rest]["default"])
        if first == "github":
            return {"token": TOKEN, **self.github}.get(rest, "")
        step, _, output = rest.partition(".outputs.")
        assert step in STEPS
        return self.outputs.get(step, {}).get(output, "")

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self._value(found[1]), str(text))

    def _holds(self, condition: str) -> bool:
        statuses = {"always()": "True", "success()": str(not any(self.codes.values()))}
        python = CONTEXT.sub(lambda found: repr(self._value(found[0])), condition)
        python = STATUS.sub(lambda found: statuses[found[0]], python)
        return bool(eval(python.replace("&&", "and").replace("||", "or")))
