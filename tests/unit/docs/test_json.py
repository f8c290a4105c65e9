"""docs/json.md: each command with ``--json`` has a schema, and the examples print what they are said to print."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from judged import judged
from shown import fenced

from analysis.advice.advise import Demand, advise
from analysis.documents.advice import advice_document
from analysis.documents.run import run_document
from analysis.documents.schemas import SCHEMAS
from analysis.gates.outputs.gatejson import gate_document
from docs.reference import reference
from wiretax.channels.endpoint import SERVICE
from wiretax.channels.workload import Workload
from wiretax.cli import LazyCommands
from wiretax.json_output import encoded

TEXT = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
FILTERS = {
    words[-1]: words[1:-1]
    for block in fenced(TEXT, "sh")
    for words in map(shlex.split, block.splitlines())
    if words[0] == "jq"
}
GATES = '[[check]]\nid = "size"\nmetric = "http.request.size.per_event"\nmax = 200\n'
JQ = shutil.which("jq")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The documents of the examples, by the names of their files."""
    run = reference("quick")
    demand = Demand(Workload.of(payload_bytes=200, tls=True), SERVICE, 500.0, 0.04, 0.1, 10)
    return {
        "run.json": run_document(run, 0),
        "gate.json": gate_document(judged(run, GATES)),
        "advise.json": advice_document(advise(demand), []),
    }


def tsv(values: list[Any]) -> str:
    return "\t".join("" if each is None else str(each).removesuffix(".0") for each in values)


def expected(name: str, document: dict[str, Any]) -> list[str]:
    """The lines of an example, in Python."""
    if name == "run.json":
        columns = ("workload", "sent_bytes_per_event", "gain", "gain_low", "gain_high")
        return [tsv([row[each] for each in columns]) for row in document["workloads"]]
    if name == "gate.json":
        failed = [each for each in document["cases"] if each["verdict"] == "fail"]
        return [f"{each['check']} {each['workload']}: {each['message']}" for each in failed]
    chosen = document["recommendation"]
    return [f'{{"batch_size":{chosen["batch_size"]},"linger_ms":{chosen["linger_s"] * 1000:g}}}']


def test_there_are_examples_for_a_run_a_gate_and_advice(documents: dict[str, dict[str, Any]]) -> None:
    assert set(FILTERS) == set(documents)
    assert all(len(expected(name, document)) for name, document in documents.items())


@pytest.mark.optional_tools
@pytest.mark.skipif(JQ is None, reason="jq is missing")
@pytest.mark.parametrize("name", FILTERS)
def test_an_example_prints_its_lines(documents: dict[str, dict[str, Any]], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encoded(documents[name]))
    done = subprocess.run(["jq", *FILTERS[name], name], cwd=tmp_path, capture_output=True, text=True, check=True)
    printed = [rounded(line) for line in done.stdout.splitlines()]
    assert printed == [rounded(line) for line in expected(name, documents[name])]


def rounded(line: str) -> str:
    """A line with numbers of at most ten digits: jq prints more of them or fewer, by its version."""
    return re.sub(r"\b\d+\.\d+\b", lambda number: f"{float(number[0]):.10g}", line)


def test_each_schema_is_linked_and_belongs_to_a_command_with_the_option() -> None:
    linked = set(re.findall(r"\]\(schema/(\w+)\.json\)", TEXT))
    assert linked == set(SCHEMAS)
    for name, command in LazyCommands().items():
        has_option = any("--json" in each.opts for each in command.params)
        assert has_option == (name in linked), name


def test_blocks_are_named() -> None:
    optional = {name for name in SCHEMAS["run"]()["properties"] if name not in SCHEMAS["run"]()["required"]}
    assert optional <= set(re.findall(r"`(\w+)`", TEXT))


def test_the_document_of_a_reference_run_is_small() -> None:
    # One that a shell variable or a log can hold.
    assert len(json.dumps(run_document(reference("quick"), 0))) < 20_000
