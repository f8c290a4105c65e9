"""junit.xml: the result as CI systems show tests. A check is a class, a case a test."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from analysis.gates.evaluation.result import Case, GateResult
from wiretax import __version__
from wiretax.escaping import visible

SUITE = "wiretax.gate"


def junit_xml(result: GateResult) -> bytes:
    """The file. An invalid case is an error; an undecided one is a failure if it fails the gate, otherwise
    skipped."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    suite = ET.Element("testsuite")
    properties = ET.SubElement(suite, "properties")
    facts = {"wiretax": __version__, "run": result.run, "plan": result.plan, "gates": result.gates}
    facts |= {f"note {number}": note for number, note in enumerate(result.notes, 1)}
    for name, value in facts.items():
        ET.SubElement(properties, "property", _clean({"name": name, "value": value}))
    for case in result.cases:
        name = case.check if case.workload is None else case.subject
        test = ET.SubElement(
            suite, "testcase", _clean({"classname": f"{SUITE}.{case.check}", "name": name, "time": "0"})
        )
        kind = _kind(case, result)
        counts["tests"] += 1
        if kind is None:
            ET.SubElement(test, "system-out").text = visible(case.message)
            continue
        counts[{"failure": "failures", "error": "errors", "skipped": "skipped"}[kind]] += 1
        about = {"message": case.message} | ({} if kind == "skipped" else {"type": case.verdict})
        ET.SubElement(test, kind, _clean(about)).text = visible(f"{case.metric} of {case.subject}: {case.message}")
    suite.attrib |= _clean(
        {
            "name": SUITE,
            "timestamp": result.started.partition(".")[0].partition("+")[0],
            "time": "0",
            **{name: str(value) for name, value in counts.items()},
        }
    )
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _kind(case: Case, result: GateResult) -> str | None:
    """The element for a test that did not pass; None if it passed."""
    if case.verdict == "inconclusive":
        return "failure" if result.inconclusive == "fail" else "skipped"
    return {"fail": "failure", "invalid": "error", "skipped": "skipped"}.get(case.verdict)


def _clean(attributes: Mapping[str, str]) -> dict[str, str]:
    """Without characters that XML can't represent, or that a terminal would obey."""
    return {name: visible(value) for name, value in attributes.items()}
