"""A gate's files: other programs can read them, whatever text a run contains."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from judged import judged, run_of
from rich.console import Console
from saved import Costs, made_up

from analysis.gates.evaluation.result import GateResult
from analysis.gates.outputs.annotations import annotate
from analysis.gates.outputs.files import write_outputs
from analysis.gates.outputs.gatejson import gate_json, gate_schema
from analysis.gates.outputs.junit import junit_xml
from analysis.gates.outputs.markdown import summary_md
from analysis.gates.outputs.terminal import print_result
from wiretax.channels.workload import Workload

SCHEMA_FILE = Path(__file__).parents[5] / "docs" / "schema" / "gate.json"
NASTY = "a & b < c > d \"e\" 'f' ]]> | `g` *h* _i_ <b>j</b> % : , ::error::k\n\r\x00\x1b[31m \U0001f600"
GATES = """
[valid]
inconclusive = "{}"
[[check]]
id = "passes"
metric = "http.request.size.per_event"
max = 1000
[[check]]
id = "fails"
metric = "http.request.head.size"
where = {{ api = "trigger" }}
max = 307
[[check]]
id = "undecided"
metric = "events_per_second"
min = 1
where = {{ api = "batch" }}
[[check]]
id = "matches-nothing"
metric = "gain"
where = {{ payload_bytes = 50 }}
min = 1
"""


def result(inconclusive: str = "fail", **meta: Any) -> GateResult:
    """Two rounds of a trigger and a batch: three cases pass or fail, one can't be told."""
    frame = made_up(Costs(), [Workload.of(), Workload.of("batch", 10)], rounds=2)
    return judged(run_of(frame, **meta), GATES.format(inconclusive))


def nasty() -> GateResult:
    """All that came from elsewhere is what would break a file that does not quote it."""
    whole = result()
    cases = [replace(case, message=NASTY, workload=NASTY if case.workload else None) for case in whole.cases]
    return replace(whole, run=NASTY, plan=NASTY, gates=NASTY, invalid_because=(NASTY,), cases=tuple(cases))


@pytest.mark.parametrize("made", [result(), result("pass"), result(valid=False)])
def test_gate_json_conforms_to_its_schema(made: GateResult) -> None:
    document = json.loads(gate_json(made))
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text()))
    assert document["exit_code"] == made.exit_code
    assert len(document["cases"]) == sum(document["counts"].values()) == len(made.cases)


def test_the_published_schema_is_up_to_date() -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    assert schema == gate_schema(), "docs/schema/gate.json is out of date: python -m docs.schemas"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("spoil", [{"schema": 2}, {"verdict": "good"}, {"cases": [{"check": "c"}]}, {"run": 3}])
def test_the_schema_rejects_invalid_documents(spoil: dict[str, Any]) -> None:
    document = {**json.loads(gate_json(result())), **spoil}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text()))


def test_gate_json_has_value_interval_limit_and_workload() -> None:
    cases = {case["check"]: case for case in json.loads(gate_json(result()))["cases"]}
    failed = cases["fails"]
    assert (failed["measured"], failed["exact"], failed["maximum"]) == (308, "308", 307)
    assert failed["workload"] == "trigger-100B-chat-reference"
    assert cases["undecided"]["low"] is None
    assert cases["matches-nothing"]["measured"] is None


@cache
def junit_schema() -> Any:
    """The form that Jenkins and GitLab read: what may stand in what, and the attributes each has to have."""
    # Imported by the process that runs these tests, not by each that collects them.
    import xmlschema

    return xmlschema.XMLSchema(Path(__file__).parents[4] / "golden" / "junit.xsd")


def junit(made: GateResult) -> ET.Element:
    """The suite, once it has the form."""
    root = ET.fromstring(junit_xml(made))
    junit_schema().validate(root)
    [suite] = root
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for attribute, tag in counted.items():
        assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{tag}")), attribute
    return suite


def test_junit_counts_failures_with_their_reasons() -> None:
    suite = junit(result())
    assert [suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["5", "3", "0", "0"]
    assert suite.attrib["timestamp"] == "2026-01-31T12:30:00"
    failure = suite.find("testcase[@classname='wiretax.gate.fails']/failure")
    assert failure is not None
    assert failure.attrib == {"message": "308 B, at most 307", "type": "fail"}


def test_junit_names_each_test_once() -> None:
    tests = junit(result()).findall("testcase")
    assert len({(test.attrib["classname"], test.attrib["name"]) for test in tests}) == len(tests)


def test_junit_skips_allowed_undecided_cases_and_has_errors_for_invalid_ones() -> None:
    suite = junit(result("pass"))
    assert suite.find("testcase[@classname='wiretax.gate.undecided']/skipped") is not None
    invalid = junit(result(valid=False))
    assert invalid.attrib["errors"] == invalid.attrib["tests"]


def test_junit_is_valid_xml_with_any_text() -> None:
    suite = junit(nasty())
    message = suite.findall("testcase/failure")[0].attrib["message"]
    assert message.startswith("a & b < c > d \"e\" 'f' ]]>")
    assert message.endswith("\U0001f600")


def test_the_summary_has_the_verdict_and_lists_failures_first() -> None:
    lines = summary_md(result()).decode().splitlines()
    assert lines[0] == "### wiretax gate: failed"
    assert lines[2].startswith("2 passed, 2 failed, 1 inconclusive. Plan ci, run 2026-01-31T12-30-00-ci.")
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert [row.split(" | ")[0] for row in rows] == ["| ❌", "| ❔", "| ❌", "| ✅", "| ✅"]
    assert "- ❌ fails, trigger-100B-chat-reference: 308 B, at most 307" in lines
    assert summary_md(result(valid=False)).decode().startswith("### wiretax gate: invalid")
    assert summary_md(result("pass")).decode().startswith("### wiretax gate: failed")


def test_text_in_the_summary_is_escaped() -> None:
    for line in summary_md(nasty()).decode().splitlines():
        bare = line.replace("\\\\", "").replace("\\|", "")
        if line.startswith("| "):
            assert bare.count("|") == 6, line
        for mark in "<>`*":
            assert mark not in line.replace(f"\\{mark}", ""), line


def test_annotations_are_one_line_each_and_name_their_level() -> None:
    lines = list(annotate(result()))
    assert lines[0] == ("::error title=wiretax fails%3A fail::trigger-100B-chat-reference: 308 B, at most 307")
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 3
    assert [line.partition(" ")[0] for line in annotate(result("pass"))] == ["::error", "::warning", "::error"]
    # What is wrong with all of the run is said once.
    assert len(list(annotate(result(valid=False)))) == 1


def test_annotations_are_quoted() -> None:
    for line in annotate(nasty()):
        assert "\n" not in line
        assert "\r" not in line
        assert "%25" in line
        title = line.removeprefix("::error title=").partition("::")[0]
        assert ":" not in title
        assert "," not in title


def printed(made: GateResult) -> str:
    console = Console(file=io.StringIO(), width=120, highlight=False)
    print_result(made, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_shows_each_verdict_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    lines = [line.rstrip() for line in printed(result()).splitlines()]
    assert re.sub(" +", " ", lines[1]) == "pass passes 2 workloads 242.6 to 518 B/event at most 1,000"
    assert "fail  fails, trigger-100B-chat-reference: 308 B, at most 307" in lines
    assert lines[-1] == "gate gates.toml: 2 passed, 2 failed, 1 inconclusive"
    assert "::error" not in printed(result())
    assert "invalid  run.json does not mark the run as valid" in printed(result(valid=False))


def test_the_terminal_escapes_markup_in_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    whole = result()
    tagged = replace(whole, cases=tuple(replace(case, message="[red]x[/red] [/]") for case in whole.cases))
    assert "[red]x[/red] [/]" in printed(tagged)


def test_under_github_actions_annotations_are_printed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    lines = printed(result()).splitlines()
    assert [line for line in lines if line.startswith("::")] == list(annotate(result()))


def test_files_are_written_atomically_and_the_summary_is_appended_to_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = tmp_path / "step.md"
    step.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    run = tmp_path / "run"
    run.mkdir()
    (run / "gate.json").write_text("old")
    write_outputs(run, result())
    assert sorted(file.name for file in run.iterdir()) == ["gate.json", "junit.xml", "summary.md"]
    assert (run / "gate.json").read_bytes() == gate_json(result())
    assert (run / "junit.xml").read_bytes() == junit_xml(result())
    assert step.read_text() == "before\n" + (run / "summary.md").read_text()
    # One that can't be written leaves the verdict as it is.
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such.md"))
    write_outputs(run, result())
