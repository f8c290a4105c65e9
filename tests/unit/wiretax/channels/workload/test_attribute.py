"""A new attribute is one field: columns, name, plans, options, gates and tables follow from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parents[5]
VALUES = "wiretax/channels/workload/values.py"
BEFORE = "    @property\n    def by_library"
FIELD = """    priority: Literal["low", "high"] = attribute(
        "priority", "low", part="{}prio".format, label="priority {}".format, compared=True, later=True,
        option=Option("How urgent the server takes calls to be"),
    )

"""


# Scripts that run with a copy of the sources whose transport has a priority; what each prints is tested.
SCRIPTS = {
    "plan": """
import tomllib
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import parse_plan
text = 'schema = 1\\nname = "p"\\n[[workload]]\\napi = "trigger"\\npriority = {}\\n'
for each in parse_plan(tomllib.loads(text.format('["low", "high"]'))).workloads:
    print(each.name, each.transport.priority)
try:
    parse_plan(tomllib.loads(text.format('"hihg"')))
except PlanError as error:
    print(error)
""",
    "run": """
from pathlib import Path
from saved import record, run_json, slice_, unseal
from analysis.measures.counts import SliceCounts, baselines
from analysis.measures.summary import summarise
from analysis.text.labels import describe
from wiretax.channels.workload import Workload, workload_of
from wiretax.runs.reader import read_run
from wiretax.runs.writer import write_run
calls = [Workload.of(), Workload.of("batch", 5)]
sent = [call.replace(priority=each) for each in ("low", "high") for call in calls]
made = record(*(slice_(each, round_, 100) for round_ in range(3) for each in sent))
made.meta = run_json(made)
folder = Path("saved-run"); folder.mkdir()
write_run(folder, made)
run = read_run(folder)
rows = run.slices.to_dict("records")
print([workload_of(row) for row in rows[:4]] == sent)
print(baselines(SliceCounts.of(run.slices).workloads)[sent[3].name])
print(describe(summarise(run.slices).to_dict("records")[-1]))
old = run.slices.drop(columns="priority")
old.to_parquet(folder / "slices.parquet")
unseal(folder)
print(set(summarise(read_run(folder).slices)["priority"]))
""",
    "gate": """
import tomllib
from pathlib import Path
from analysis.gates.file.checks import GatesError
from analysis.gates.file.parser import parse_gates
check = 'id = "a"\\nmetric = "segments.per_event"\\nmax = 1\\nwhere = { priority = "%s" }\\n'
text = "schema = 1\\n[[check]]\\n" + check
rules, checks = parse_gates(tomllib.loads(text % "high"), Path())
print(sorted(checks[0].where["priority"]))
try:
    parse_gates(tomllib.loads(text % "hihg"), Path())
except GatesError as error:
    print(error)
""",
    "option": """
from argparse import ArgumentParser
class Parser(ArgumentParser):
    def add_argument(self, *names, env_var=None, is_secret=None, include_in_web_ui=None, **settings):
        return super().add_argument(*names, **settings)
from wiretax.load.free.options import FreeRunOptions, add_options
parser = Parser()
add_options(parser)
options = FreeRunOptions.of(parser.parse_args(["--priority", "high"]), tls=False)
print(options.workload("trigger").name, options.as_dict()["priority"])
""",
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The lines that each script prints; one process runs them all."""
    folder = tmp_path_factory.mktemp("priority")
    for name in ("wiretax", "analysis", "scenarios", "tests/unit"):
        copytree(ROOT / name, folder / name, ignore=ignore_patterns("__pycache__"))
    values = folder / VALUES
    text = values.read_text()
    assert text.count(BEFORE) == 1
    values.write_text(text.replace(BEFORE, FIELD + BEFORE))
    program = f"import sys\nsys.path[:0] = [{str(folder)!r}, {str(folder / 'tests/unit')!r}]\n"
    program += "".join(f"print('# {name}')\n{script}" for name, script in SCRIPTS.items())
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("# ")[1:]
    return {lines[0]: lines[1:] for lines in (part.splitlines() for part in parts)}


def test_a_plan_sets_it_and_its_values_multiply(printed: dict[str, list[str]]) -> None:
    assert printed["plan"] == [
        "trigger-100B-chat-reference low",
        "trigger-100B-chat-reference-highprio high",
        "[[workload]] 1: priority = 'hihg', expected one of low, high (did you mean high?)",
    ]


def test_a_run_stores_it_and_tables_show_it(printed: dict[str, list[str]]) -> None:
    assert printed["run"] == [
        "True",
        "trigger-100B-chat-reference-highprio",
        "batch of 5, priority high",
        "{'low'}",
    ]


def test_a_gate_selects_by_it(printed: dict[str, list[str]]) -> None:
    chosen, error = printed["gate"]
    assert chosen == "['high']"
    assert "priority = 'hihg', expected one of low, high" in error


def test_a_free_run_has_an_option_for_it(printed: dict[str, list[str]]) -> None:
    assert printed["option"] == ["trigger-100B-chat-reference-highprio high"]
