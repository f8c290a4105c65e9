"""``--json``: standard output is one document that has the published form, however a command ends."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import Plan, Run, environment, free_port, run_until
from documented import document_in
from warm import run_warm

from wiretax.runs.reader import find_run

GATES = """
schema = 1
[[check]]
id = "size"
metric = "http.request.size.per_event"
max = 1
"""
INVALID = "schema = 1\n[valid]\nmin_requests = 1000000\n" + GATES.partition("\n")[2].partition("\n")[2]
UNDECIDED = 'schema = 1\n[[check]]\nid = "rate"\nmetric = "events_per_second"\nmin = 1\n'
# A publisher on the standard library, which says something on its standard output.
PUBLISH = """
import hashlib, hmac, http.client, json, os, sys, time
env = os.environ
print("the publisher's own words")
path = f"/apps/{env['PUSHER_APP_ID']}/events"
body = json.dumps({"name": "e", "channel": "c", "data": "{}"})
query = "&".join([
    f"auth_key={env['PUSHER_KEY']}", f"auth_timestamp={int(time.time())}", "auth_version=1.0",
    f"body_md5={hashlib.md5(body.encode()).hexdigest()}",
])
to_sign = f"POST\\n{path}\\n{query}".encode()
signature = hmac.new(env["PUSHER_SECRET"].encode(), to_sign, "sha256").hexdigest()
connection = http.client.HTTPConnection(env["PUSHER_HOST"], int(env["PUSHER_PORT"]))
headers = {"Content-Type": "application/json"}
for _ in range(2):
    connection.request("POST", f"{path}?{query}&auth_signature={signature}", body, headers)
    print(connection.getresponse().read().decode())
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with a run of three rounds, and its document."""
    folder = tmp_path_factory.mktemp("json")
    plan = 'schema = 1\nname = "tiny"\nrounds = 3\nslice = "20ms"\nusers = 4\n'
    workloads = ('api = "trigger"', 'api = "batch"\nbatch_size = 10')
    (folder / "tiny.toml").write_text(plan + "".join(f"[[workload]]\n{each}\n" for each in workloads))
    for name, text in {"gates": GATES, "invalid": INVALID, "undecided": UNDECIDED}.items():
        (folder / f"{name}.toml").write_text(text)
    options = ("--gates", "gates.toml", "--max-rounds", "3", "--json")
    done = run_warm("wiretax", "run", "tiny.toml", *options, cwd=folder, env=environment())
    assert done.returncode == 3, done.stderr
    assert "tiny: round 2 of 0-2" in done.stderr
    return folder, document_in(done.stdout, "run")


def test_a_run_that_fails_its_gates_is_one_document(measured: tuple[Path, dict[str, Any]]) -> None:
    folder, document = measured
    saved = find_run(folder / "results")
    assert (document["run"], document["folder"]) == (saved.name, f"results/{saved.name}")
    assert (document["valid"], document["exit_code"], document["rounds"]) == (True, 3, 3)
    assert [row["api"] for row in document["workloads"]] == ["trigger", "batch"]
    assert document["gate"] == json.loads((saved / "gate.json").read_text())


@pytest.mark.parametrize(("gates", "code"), [("gates", 3), ("undecided", 4), ("invalid", 5)])
def test_a_verdict_is_the_content_of_gate_json(
    measured: tuple[Path, dict[str, Any]], gates: str, code: int
) -> None:
    folder, _ = measured
    options = ("--gates", f"{gates}.toml", "--json")
    done = run_warm("wiretax", "gate", *options, cwd=folder, env=environment(GITHUB_ACTIONS="true"))
    assert done.returncode == code
    document = document_in(done.stdout, "gate")
    assert document["exit_code"] == code
    assert document == json.loads((find_run(folder / "results") / "gate.json").read_text())


def test_a_comparison_is_one_document(measured: tuple[Path, dict[str, Any]]) -> None:
    folder, document = measured
    runs = (document["run"], str(Path(__file__).parents[2] / "results" / "reference" / "quick"))
    done = run_warm("wiretax", "compare", *runs, "--json", "--fail-on-difference", cwd=folder, env=environment())
    assert done.returncode == 3, done.stderr
    assert document_in(done.stdout, "compare")["before"]["run"] == document["run"]
    same = run_warm("wiretax", "compare", runs[0], runs[0], "--json", cwd=folder, env=environment())
    assert document_in(same.stdout, "compare")["times"]


def test_a_history_is_one_document(measured: tuple[Path, dict[str, Any]]) -> None:
    folder, document = measured
    for metric, is_exact in (("http.request.size.per_event", True), ("messages_per_second", False)):
        done = run_warm("wiretax", "history", metric, "--json", cwd=folder, env=environment())
        assert done.returncode == 0, done.stderr
        history = document_in(done.stdout, "history")
        assert (history["exact"], history["runs"][-1]["run"]) == (is_exact, document["run"])


def test_a_list_of_runs_is_one_document(measured: tuple[Path, dict[str, Any]]) -> None:
    folder, document = measured
    (folder / "results" / "no-run").mkdir(exist_ok=True)
    done = run_warm("wiretax", "runs", "--json", cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr
    listed = document_in(done.stdout, "runs")
    [row] = listed["runs"]
    trigger = next(each for each in document["workloads"] if each["api"] == "trigger")
    assert (row["run"], row["valid"]) == (document["run"], True)
    assert row["trigger_sent_bytes_per_event"] == trigger["sent_bytes_per_event"]
    assert row["gain"] > 1
    [other] = listed["unreadable"]
    assert other["folder"].endswith("no-run")
    none = run_warm("wiretax", "runs", "--json", "--plan", "another", cwd=folder, env=environment())
    assert document_in(none.stdout, "runs")["runs"] == []


def test_an_interrupted_run_is_one_document(plan: Plan, tmp_path: Path) -> None:
    process = run_until("round 1 of", plan(rounds=5_000), "--json", "--processes", "2", cwd=tmp_path)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    document = document_in(out, "run")
    assert (document["interrupted"], document["exit_code"]) == (True, 130)
    assert document["rounds"] >= 2


def test_an_invalid_run_is_one_document_with_its_failures(run: Run, plan: Plan) -> None:
    path = Path(plan())
    path.write_text(path.read_text() + '[[mock.fault]]\nkind = "server-error"\nshare = 1\n')
    done = run("run", str(path), "--json", "--quiet")
    assert done.returncode == 5, done.stderr
    document = document_in(done.stdout, "run")
    assert (document["valid"], document["exit_code"]) == (False, 5)
    assert document["invalid_because"][0] == "no event was acknowledged in any whole slice"
    assert {(each["kind"], each["status"]) for each in document["failures"]} == {("rejected", 500)}
    assert document["calls"]["rejected"] == sum(each["count"] for each in document["failures"])


def test_a_rate_that_changes_has_its_stages(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spiky.toml").write_text("""
schema = 1
name = "spiky"
rounds = 1
slice = "50ms"
users = 4
[mock]
per_request = "2ms"
[[workload]]
api = "trigger"
stages = [
    {rate = "100/s", for = "500ms"},
    {rate = "2000/s", for = "100ms", name = "spike"},
    {rate = "100/s", for = "1s", name = "after"},
]
""")
    done = run("run", "spiky.toml", "--json")
    assert done.returncode == 0, done.stderr
    document = document_in(done.stdout, "run")
    assert document["workloads"] == []
    assert [each["name"] for each in document["stages"]] == ["", "spike", "after"]
    assert [each["last_rate"] for each in document["stages"]] == [100, 2000, 100]
    assert len(document["queues"]) == len(document["recoveries"]) == 1


@pytest.mark.parametrize("code", [0, 7])
def test_what_an_observed_command_prints_goes_to_standard_error(run: Run, tmp_path: Path, code: int) -> None:
    (tmp_path / "publish.py").write_text(PUBLISH)
    done = run("observe", "--json", "--deliver", "--", sys.executable, "publish.py", str(code))
    assert done.returncode == code, done.stderr
    assert "the publisher's own words\n" in done.stderr
    document = document_in(done.stdout, "observe")
    assert (document["valid"], document["exit_code"], document["command_exit_code"]) == (True, code, code)
    assert document["command"] == [sys.executable, "publish.py", str(code)]
    [kind] = document["kinds"]
    assert (kind["api"], kind["requests"], kind["events"]) == ("trigger", 2, 2)
    assert kind["sent_bytes_per_event"] == kind["head_bytes_per_call"] + kind["body_bytes_per_call"]
    assert document["deliveries"][0]["delivered_deliveries"] == 2
    assert document["libraries"][0]["requests"] == 2


def test_a_command_that_published_nothing_has_a_document_too(run: Run, tmp_path: Path) -> None:
    done = run("observe", "--json", "--", "echo", "hello")
    assert (done.returncode, done.stderr.splitlines()[0]) == (5, "hello")
    document = document_in(done.stdout, "observe")
    assert (document["run"], document["valid"], document["exit_code"]) == (None, False, 5)
    assert document["to_check"]
    assert not (tmp_path / "results").exists()


def test_names_that_no_text_can_hold_are_escaped(run: Run, tmp_path: Path) -> None:
    (tmp_path / "publish.py").write_text(PUBLISH)
    odd = os.fsdecode(b"\xff")
    done = run("observe", "--json", "--", sys.executable, "publish.py", "0", odd, "\x9b31m ##[error]")
    assert done.returncode == 0, done.stderr
    assert document_in(done.stdout, "observe")["command"][3:] == ["\\udcff", "\x9b31m ##[error]"]
    assert "\x9b" not in done.stdout
    assert "##[" not in done.stdout


def test_advice_has_its_inputs_the_choice_and_every_size(run: Run) -> None:
    options = ("--rate", "500/s", "--payload", "200", "--rtt", "40ms")
    done = run("advise", *options, "--budget", "100ms", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = document_in(done.stdout, "advise")
    assert (document["inputs"]["rate_per_second"], document["inputs"]["rtt_s"]) == (500, 0.04)
    assert [each["batch_size"] for each in document["alternatives"]] == [*range(1, 11)]
    assert document["recommendation"] in document["alternatives"]
    assert document["work"] is None
    assert document["summary"][0].startswith("Publish in batches of 10,")
    nothing = document_in(run("advise", *options, "--budget", "1ms", "--json").stdout, "advise")
    assert nothing["recommendation"] is None
    assert not any(each["fits"] for each in nothing["alternatives"])


def test_findings_have_a_level_and_what_to_do(run: Run) -> None:
    machine = run("doctor", "--json")
    document = document_in(machine.stdout, "doctor")
    assert (machine.returncode, document["endpoint"], document["exit_code"]) == (0, None, 0)
    nobody = f"http://key:hidden@127.0.0.1:{free_port()}/apps/1"
    done = run("doctor", "--endpoint", nobody, "--json")
    document = document_in(done.stdout, "doctor")
    assert (done.returncode, document["exit_code"], document["ok"]) == (1, 1, False)
    assert "hidden" not in done.stdout
    [failed] = [each for each in document["findings"] if each["level"] == "failed"]
    assert failed["advice"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "nosuch", "--json"], 2),
        (["gate", "--json"], 2),
        (["gate", "--json", "--list"], 2),
        (["observe", "--json"], 2),
        (["observe", "--json", "--", "/no/such/command"], 2),
        (["advise", "--rate", "x", "--payload", "9", "--rtt", "1ms", "--budget", "1s", "--json"], 2),
        (["doctor", "--json", "--limits"], 2),
        (["run", "quick", "--json", "--endpoint", "http://k:s@127.0.0.1:1/apps/1"], 5),
    ],
    ids=str,
)
def test_an_error_before_anything_is_measured_is_one_line(run: Run, arguments: list[str], code: int) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("wiretax: ")
