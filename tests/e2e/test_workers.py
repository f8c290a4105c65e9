"""More than one process: ``wiretax run --processes``, and Locust's own masters and workers."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
from pathlib import Path

import pytest
from commands import PACED, Plan, Run, free_port, run_until
from locust_process import LOCUSTFILE, PLANFILE, following, forked, locust, own_port, wait_for
from saved_runs import saved

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.load.plan.reading import load_plan
from wiretax.load.sweep.rounds import round_order
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

OTHER_VERSION = """
import wiretax.load.cluster.assignment
import wiretax.load.cluster.worker

wiretax.load.cluster.worker.__version__ = wiretax.load.cluster.assignment.__version__ = "0.0.1"
from scenarios.%s import *
"""
CHECK = """schema = 1
[valid]
min_requests = 10
[[check]]
id = "head"
metric = "http.request.head.size"
where = { api = "batch" }
max = 400
"""
# Workers report more often than every three seconds.
OFTEN = f"""
import locust.runners

locust.runners.WORKER_REPORT_INTERVAL = 0.5
{PACED}"""
SENT = ["request_line_bytes", "auth_query_bytes", "header_bytes", "body_bytes"]


def test_processes_share_the_users_and_all_their_bytes_agree(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(slice="50ms"), "--processes", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "agree to the byte" in done.stdout
    result = saved(tmp_path)
    rows, aside = result.slices, result.meta["parts"]["aside"]
    assert result.meta["workers"] == 2
    assert [(each["worker"], each["users"], each["state"]) for each in result.meta["worker_states"]] == [
        (0, 2, "finished"),
        (1, 2, "finished"),
    ]
    assert set(rows.groupby(["round", "workload"])["worker"].agg(tuple)) == {(0, 1)}
    assert set(rows["users"]) == {2}
    assert (rows["requests"] > 0).all()
    assert len(rows) == 3 * 4 * 2
    # The order is the plan's, drawn from its seed, as one process would have it.
    plan_read = load_plan(plan())
    expected = [each.name for number in range(3) for each in round_order(plan_read.workloads, 1, number)]
    assert rows["workload"].tolist()[::2] == rows["workload"].tolist()[1::2] == expected
    in_rows = int(rows[[*SENT, "boundary_sent_bytes"]].sum().sum())
    assert in_rows + sum(aside[part] for part in SENT) == result.server["request_bytes"]
    # Histograms are added: a row a bucket, and every exchange in one, however late it ended.
    assert not result.latency.duplicated(["round", "workload", "bucket_low_s"]).any()
    assert result.latency["count"].sum() == rows[["requests", "boundary_requests"]].sum().sum()


def test_each_worker_of_a_comparison_is_judged_with_the_others(run: Run, plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text(CHECK)
    with embedded_mock(Limits(), CostModel()) as mock:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        done = run("run", plan(), "--processes", "2", "--against", url, "--gates", "gates.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    result = saved(tmp_path)
    assert set(result.slices["server"]) == {"endpoint", "against"}
    assert set(result.server["by_server"]) == {"endpoint", "against"}
    assert result.meta["reconcile"]["agrees"]


def test_all_workers_together_never_send_more_than_the_limit(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(rounds=200, rtt="2ms"), "--processes", "2", "--max-messages", "8000")
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    sent = result.server["messages"]
    # The first to have sent its half ends the run; one more of its calls, of ten messages, would not have fitted.
    assert 4000 - 10 <= sent <= 8000
    assert result.meta["budget"] == {"max_messages": 8000, "messages": sent, "spent": True}
    assert result.meta["reconcile"]["agrees"]


def test_a_worker_that_is_killed_ends_the_run_and_is_named(plan: Plan, tmp_path: Path) -> None:
    process = run_until("round 2 of", plan(rounds=200), "--processes", "2", cwd=tmp_path)
    killed = forked(process)[0].pid
    os.kill(killed, signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 5, out
    result = saved(tmp_path)
    states = {each["pid"]: each["state"] for each in result.meta["worker_states"]}
    assert states.pop(killed) == "lost"
    assert list(states.values()) == ["finished"]
    said = " ".join(result.meta["invalid_because"])
    assert f"process {killed}) was lost: its process ended" in said
    assert "is missing from all figures" in said
    # What the mock counted beyond the figures is said, and only slices that both held are in a row.
    model, server = (result.meta["reconcile"][name] for name in ("model", "server"))
    assert f"by the mock's count {server['requests'] - model['requests']:,} requests" in said
    assert set(result.slices.groupby(["round", "workload"])["worker"].agg(tuple)) == {(0, 1)}


def test_ctrl_c_keeps_what_all_workers_measured(plan: Plan, tmp_path: Path) -> None:
    process = run_until("round 1 of", plan(rounds=200), "--processes", "2", cwd=tmp_path, real=True)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert result.meta["reconcile"]["agrees"]
    assert set(result.slices["worker"]) == {0, 1}


def test_more_processes_than_users_are_refused_in_one_line(run: Run, plan: Plan) -> None:
    done = run("run", plan(), "--processes", "5")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "the plan has 4 users" in done.stderr


def test_a_master_conducts_workers_and_names_who_came_late_or_is_of_another_version(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between two messages of a worker that has stopped, Locust's master does not list it: for a second, as if that
    # machine were busy. All are told to quit all the same.
    monkeypatch.setenv("LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP", "1")
    port = str(free_port())
    other = tmp_path / "other.py"
    other.write_text(OTHER_VERSION % "planfile")
    follow = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    lead = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--headless"]
    files = ["--json-file", "stats"]
    arguments = [*lead, "--expect-workers", "1", "--plan", plan(rounds=1000), "-u", "2", *files]
    with following(tmp_path, PLANFILE, *arguments, real=True) as (master, lines):
        good = locust(tmp_path, PLANFILE, *follow, real=True)
        wait_for("round 0 of", lines)
        bad, late = locust(tmp_path, other, *follow), locust(tmp_path, PLANFILE, *follow)
        wait_for("came late", lines)
        bad.communicate(timeout=30)
        master.send_signal(signal.SIGINT)
        assert "interrupted" not in "".join(lines)
        assert master.wait(60) == 130
        for worker in (good, late):
            worker.communicate(timeout=30)
    assert [each.returncode for each in (good, bad, late)] == [0, 2, 0]
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert result.meta["reconcile"]["agrees"]
    states = {each["state"]: each for each in result.meta["worker_states"]}
    assert {state: each["users"] for state, each in states.items()} == {"finished": 2, "refused": 0, "late": 0}
    assert "it runs wiretax 0.0.1" in states["refused"]["why"]
    assert set(result.slices["worker"]) == {states["finished"]["worker"]}
    said = " ".join(result.meta["warnings"])
    assert "came late" in said
    assert "0.0.1" in said
    assert requests_by_locust(tmp_path) == result.meta["parts"]["total"]["requests"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--headless", "--plan", "qick"], "did you mean quick"),
        # Forked workers leave with their master, and do not wait for its heartbeat for a minute.
        (["--headless", "--processes", "2", "--gates", "none.toml"], "none.toml"),
        (["--headless", "--endpoint", "http://127.0.0.1/apps/1"], "lacks the key or the secret"),
    ],
)
def test_what_a_master_cannot_use_is_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    real = "--processes" in arguments
    with following(tmp_path, PLANFILE, *arguments, *own_port(), real=real) as (process, lines):
        said = "".join(lines)
        assert process.wait(30) == 2
    assert says in said
    assert "Traceback" not in said
    assert "did not end" not in said


def test_ctrl_c_during_the_ramp_up_of_several_processes_leaves_one_run_that_agrees(tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text(CHECK)
    often = tmp_path / "often.py"
    often.write_text(OFTEN)
    # One user a second, for a minute.
    arguments = ["--headless", "-u", "60", "-r", "1", "--processes", "2", *own_port(), "--gates", "gates.toml"]
    files = ["--json-file", "stats", "--csv", "out"]
    kinds = ["TriggerUser", "BatchUser"]
    with following(tmp_path, often, *arguments, *files, *kinds, real=True) as (process, lines):
        # In Locust's table: as many requests as the gates ask for.
        enough = [rf"^POST +{kind}\S+ +(\d{{2,}}) " for kind in ("trigger", "batch")]
        while enough and (line := next(lines, "")):
            enough = [each for each in enough if not re.match(each, line)]
        # As a terminal does: to the master and its workers.
        os.killpg(process.pid, signal.SIGINT)
        said = "".join(lines)
        assert process.wait(60) == 0, said
    assert len(list((tmp_path / "results").iterdir())) == 1
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert result.meta["reconcile"]["agrees"]
    assert set(result.slices["worker"]) == {0, 1}
    assert set(result.slices["api"]) == {"trigger", "batch"}
    assert {each["state"] for each in result.meta["worker_states"]} == {"finished"}
    assert len(result.meta["worker_states"]) == 2
    # Of each kind, on both.
    users = result.slices.groupby(["round", "workload"])["users"].sum()
    assert result.meta["plan"]["users"] == users.max()
    assert (result.folder / "gate.json").is_file()
    # Nobody was stopped in the middle of a call, and Locust knows of every one.
    total = result.meta["parts"]["total"]
    assert (total["unfinished"], total["unknown"]) == (0, 0)
    assert requests_by_locust(tmp_path) == total["requests"]
    for name in ("out_stats.csv", "out_stats_history.csv"):
        last = list(csv.DictReader((tmp_path / name).read_text().splitlines()))[-1]
        assert total["requests"] == int(last.get("Request Count") or last["Total Request Count"])


def requests_by_locust(folder: Path) -> int:
    return sum(entry["num_requests"] for entry in json.loads((folder / "stats.json").read_text()))


def test_a_free_run_that_loses_a_worker_is_invalid_and_says_why(tmp_path: Path) -> None:
    often = tmp_path / "often.py"
    often.write_text(OFTEN)
    arguments = ["--headless", "-u", "2", "-r", "2", "--processes", "2", *own_port(), "TriggerUser"]
    with following(tmp_path, often, *arguments) as (process, lines):
        wait_for("POST     trigger", lines)  # in Locust's table
        killed = forked(process)[0].pid
        os.kill(killed, signal.SIGKILL)
        process.send_signal(signal.SIGINT)
        said = "".join(lines)
        assert process.wait(60) == 5, said
    result = saved(tmp_path)
    assert {each["pid"]: each["state"] for each in result.meta["worker_states"]}[killed] == "lost"
    assert f"process {killed}) was lost" in " ".join(result.meta["invalid_because"])
    assert result.slices["requests"].sum() > 0


def test_a_worker_of_another_version_sends_nothing_in_a_free_run(tmp_path: Path) -> None:
    port = str(free_port())
    other = tmp_path / "other.py"
    other.write_text(OTHER_VERSION % "locustfile")
    follow = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    lead = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--headless"]
    arguments = [*lead, "--expect-workers", "2", "-u", "2", "-r", "2", "-t", "2s", "TriggerUser"]
    with following(tmp_path, LOCUSTFILE, *arguments) as (master, lines):
        workers = [locust(tmp_path, file, *follow) for file in (LOCUSTFILE, other)]
        said = "".join(lines)
        assert master.wait(60) == 0, said
        for worker in workers:
            worker.communicate(timeout=30)
    assert [worker.returncode for worker in workers] == [0, 2]
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert result.meta["reconcile"]["agrees"]
    assert {each["state"] for each in result.meta["worker_states"]} == {"finished", "refused"}
    assert "0.0.1" in " ".join(result.meta["warnings"])
    assert result.meta["workers"] == 1


def test_more_workers_than_users_of_a_planfile_are_an_invalid_run(plan: Plan, tmp_path: Path) -> None:
    options = ("--headless", "--plan", plan(), "-u", "1", "--processes", "2", *own_port())
    process = locust(tmp_path, PLANFILE, *options)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 5
    assert "1 users for 2 workers, and each needs at least one" in said
