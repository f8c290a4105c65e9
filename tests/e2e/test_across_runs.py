"""A publisher through four commits, as its team sees it: observed, gated, compared, in its history, exported."""

from __future__ import annotations

import json
from pathlib import Path

from commands import Run
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from docs.across_runs import COMMITS, SampleRepository

# The name, two bytes of a colon and a space, the value, and two of the line's end.
TRACEPARENT = len("traceparent") + 2 + len("00-") + 32 + 1 + 16 + len("-01") + 2
GATES = """
schema = 1
[[check]]
id = "head"
metric = "http.request.head.size"
where = { api = "trigger" }
max = 470
[[check]]
id = "event"
metric = "http.request.size.per_event"
where = { api = "batch" }
max = 145
"""


def test_a_publisher_through_its_commits(run: Run, tmp_path: Path) -> None:
    repository = SampleRepository(tmp_path)
    (tmp_path / "gates.toml").write_text(GATES)
    commits, gated = [], []
    for line, subject in COMMITS:
        commits.append(repository.commit(line, subject))
        done = run(
            "observe", "--label", f"step={subject}", "--", *repository.command, PATH=repository.environment["PATH"]
        )
        assert done.returncode == 0, done.stdout + done.stderr
        gated.append(run("gate").returncode)
    # The header breaks the limit of a head, and the second encoding that of an event, too.
    assert gated == [0, 3, 3, 3]
    verdict = json.loads(max(tmp_path.glob("results/*/gate.json")).read_text())
    assert [case["verdict"] for case in verdict["cases"]] == ["fail", "fail"]
    base, traced, commented, encoded = commits

    shown = run("compare", base, traced, "--fail-on-difference")
    assert shown.returncode == 3, shown.stdout + shown.stderr
    assert f"traceparent added: +{TRACEPARENT} B" in shown.stdout
    assert "bytes differ in 2 of 2 workloads" in shown.stdout
    assert f"commit {base[:10]}" in shown.stdout
    same = run("compare", traced, commented, "--fail-on-difference")
    assert same.returncode == 0, same.stdout + same.stderr
    assert "no byte differs in 2 workloads" in same.stdout
    twice = json.loads(run("compare", "step=comment", "step=encode", "--json").stdout)
    trigger = next(each for each in twice["workloads"] if each["workload"] == "trigger")
    payload = next(each for each in trigger["changes"] if each["part"] == "payload")
    # A pair of quotes, and a backslash before each of four quotes.
    assert payload["after"] - payload["before"] == 6
    assert "encoded as JSON twice in 20 events of the second run" in payload["causes"][0]["what"]
    assert {each["part"] for each in trigger["changes"]} == {"payload", "envelope"}
    comment = run("compare", base, encoded, "--markdown").stdout
    assert "### wiretax compare: bytes differ in 2 of 2 workloads" in comment
    assert f"traceparent added: +{TRACEPARENT} B" in comment

    figure = tmp_path / "history.svg"
    lines = run("history", "--workload", "trigger", "--figure", str(figure)).stdout
    assert f"+{TRACEPARENT} B/event at commit {traced[:10]}" in lines
    assert f"at commit {encoded[:10]}" in lines
    assert commented[:10] in lines
    assert f"at commit {commented[:10]}" not in lines
    drawn = figure.read_text()
    assert all(commit[:7] in drawn for commit in commits)
    head = json.loads(run("history", "http.request.head.size", "--workload", "trigger", "--json").stdout)
    assert [(step["commit"], step["difference"]) for step in head["steps"]] == [(traced, TRACEPARENT)]
    assert [each["labels"]["step"] for each in head["runs"]] == [subject for _, subject in COMMITS]

    exported = run("export", "step=encode", "--format", "openmetrics").stdout
    families = {family.name: family for family in text_string_to_metric_families(exported)}
    [info] = families["wiretax_run_info"].samples
    assert info.labels["commit"] == encoded
    heads = []
    for commit in (base, traced):
        rows = [json.loads(line) for line in run("export", commit, "--format", "jsonl").stdout.splitlines()]
        heads.append({row["workload"]: row["value"] for row in rows if row["metric"] == "http.request.head.size"})
    assert {heads[1][name] - heads[0][name] for name in heads[0]} == {TRACEPARENT}
