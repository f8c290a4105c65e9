"""The scenarios in Locust's own way: ``locust -f scenarios/locustfile.py``."""

from __future__ import annotations

import csv
import json
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commands import Plan, environment, paced
from locust_process import own_port
from raw_server import OK, answer, raw_server
from saved_runs import assert_agrees, saved
from warm import run_warm, start_warm

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import find_run, read_run

LOCUSTFILE = Path(__file__).parents[2] / "scenarios" / "locustfile.py"
PLANFILE = LOCUSTFILE.with_name("planfile.py")

LISTENING = """
from scenarios.locustfile import *
from locust import constant_pacing, events

class PacedUser(TriggerUser):
    wait_time = constant_pacing(0.1)

@events.request.add_listener
def note(request_type, name, response_time, response_length, exception, **_):
    print("NOTED", request_type, name, response_time > 0, exception, flush=True)
"""

# Locust's own log of requests, as its documentation shows it, and users that send four calls a second each.
LOGGING = """
import os
from locust import constant_pacing, events
from locust.contrib.csv_request_logger import CsvRequestLogger
from scenarios.locustfile import *

BatchUser.wait_time = TriggerUser.wait_time = constant_pacing(0.25)

@events.init.add_listener
def log_requests(environment, **_):
    CsvRequestLogger(f"log-{os.getpid()}.csv").register(environment)
"""


def locust(folder: Path, *arguments: str, file: Path = LOCUSTFILE) -> subprocess.CompletedProcess[str]:
    options = ["-f", str(file), "--headless", "-t", "1s", *arguments]
    return run_warm("locust", *options, cwd=folder, env=environment())


def stats(folder: Path) -> dict[str, int]:
    """Requests by name, as Locust counted them."""
    return {entry["name"]: entry["num_requests"] for entry in json.loads((folder / "stats.json").read_text())}


def test_all_that_locust_writes_agrees_with_the_run_though_it_ends_during_the_ramp_up(tmp_path: Path) -> None:
    files = ["--json-file", "stats", "--csv", "out", "--html", "out.html"]
    # One user a second, of which two or three come.
    done = locust(tmp_path, "-u", "16", "-t", "2s", "--batch-size", "5", *files, "TriggerUser", "BatchUser")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["valid"], run.meta["invalid_because"]
    assert run.mode == run.meta["mode"] == "free"
    assert set(run.slices["workload"]) == {"trigger-100B-chat-reference", "batch5-100B-chat-reference"}
    # Nobody was stopped in the middle of a call.
    total = run.meta["parts"]["total"]
    assert (total["unfinished"], total["unknown"]) == (0, 0)
    sent = run.slices.groupby("workload")[["requests", "boundary_requests"]].sum().sum(axis=1).to_dict()
    assert sum(sent.values()) == total["requests"] == run.server["requests"]  # type: ignore[index]
    assert stats(tmp_path) == sent
    rows = {row["Name"]: row for row in csv_rows(tmp_path / "out_stats.csv")}
    assert {name: int(row["Request Count"]) for name, row in rows.items()} == {
        **sent,
        "Aggregated": total["requests"],
    }
    assert int(csv_rows(tmp_path / "out_stats_history.csv")[-1]["Total Request Count"]) == total["requests"]
    html = re.findall(r'"name": "([^"]+)"[^{}]*"num_requests": (\d+)', (tmp_path / "out.html").read_text())
    assert {name: int(requests) for name, requests in html} == {**sent, "Aggregated": total["requests"]}
    medians = run.latency.sort_values("bucket_low_s").groupby("workload").apply(median_ms, include_groups=False)
    for name, median in medians.items():
        # Fractions of a millisecond, as the run has them.
        assert float(rows[name]["50%"]) == pytest.approx(median, rel=0.02)
        assert float(rows[name]["Average Content Size"]) == 2  # {}
    assert "batch of 5" in done.stdout
    assert "B/event" in done.stdout


def csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def median_ms(buckets: pd.DataFrame) -> float:
    """The middle of the bucket that half of the calls reach."""
    reached = buckets["count"].cumsum()
    row = buckets[reached >= reached.iloc[-1] / 2].iloc[0]
    return float(row["bucket_low_s"] + row["bucket_high_s"]) / 2 * 1e3


@pytest.mark.parametrize("by", ["--endpoint", "--host"])
def test_a_server_of_ones_own(tmp_path: Path, by: str) -> None:
    with embedded_mock(Limits(), CostModel()) as mock:
        place = f"127.0.0.1:{mock.port}"
        app = f"http://{DEMO.key}:{DEMO.secret}@{place}/apps/{DEMO.app_id}"
        where = app if by == "--endpoint" else f"http://{place}"
        done = locust(tmp_path, "-u", "2", by, where, "MultiTriggerUser", file=paced(tmp_path))
    assert done.returncode == 0, done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["endpoint"] == f"http://{place}/apps/{DEMO.app_id}"
    assert run.slices["channels"].unique().tolist() == [10]
    assert DEMO.secret not in done.stdout + done.stderr


def test_an_app_that_the_server_does_not_know_ends_a_free_run_and_its_size_is_not_blamed(tmp_path: Path) -> None:
    unknown = answer("404 Not Found", b"The app 1 could not be found.")
    with raw_server(lambda _, __: unknown) as server:
        done = locust(tmp_path, "-u", "2", "--endpoint", server.url(), "TriggerUser")
    assert done.returncode == 5, done.stderr
    assert "answered 404: The app 1 could not be found; check the app id in the URL" in done.stderr
    assert "size" not in "".join(read_run(find_run(tmp_path / "results")).meta["invalid_because"])
    # What two users had on its way, and no more.
    assert len(server.requests) <= 2


def test_a_plan_with_more_users_than_fit_in_the_limit_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    planfile = LOCUSTFILE.with_name("planfile.py")
    away = "http://k:hidden@192.0.2.1/apps/1"
    done = locust(tmp_path, "-u", "16", "--plan", "remote", "--endpoint", away, "--yes", file=planfile)
    assert done.returncode == 2
    assert "16 users: plan remote would send about 77,637 messages" in done.stderr
    assert "2 users would fit" in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_mock_inside_tls(tmp_path: Path) -> None:
    done = locust(tmp_path, "-u", "2", "--tls", "BatchUser", file=paced(tmp_path))
    assert done.returncode == 0, done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["valid"], run.meta["invalid_because"]
    assert set(run.slices["workload"]) == {"batch10-100B-chat-reference-tls"}
    assert run.slices["tls_handshake_sent_bytes"].sum() > 0


def test_a_listener_of_the_users_hears_of_every_request_at_the_pace_of_its_class(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(LISTENING)
    done = locust(tmp_path, "-u", "1", "--json-file", "stats", "PacedUser", file=mine)
    assert done.returncode == 0, done.stderr
    noted = [line for line in done.stdout.splitlines() if line.startswith("NOTED")]
    assert set(noted) == {"NOTED POST trigger-100B-chat-reference True None"}
    # Ten a second for one second: an unpaced user sends thousands.
    assert 2 <= len(noted) <= 25
    assert stats(tmp_path) == {"trigger-100B-chat-reference": len(noted)}


def test_locusts_otel_and_csv_log_receive_every_call_and_its_bytes(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(LOGGING)
    exporters = {f"OTEL_{what}_EXPORTER": "console" for what in ("METRICS", "TRACES")}
    options = ["--headless", "-t", "1s", "-u", "2", "-r", "2", "--otel", "--json-file", "stats"]
    done = run_warm(
        *("locust", "-f", str(mine), *options, "TriggerUser", "BatchUser"),
        cwd=tmp_path,
        env=environment(OTEL_LOGS_EXPORTER="none", **exporters),
    )
    assert done.returncode == 0, done.stderr
    run = saved(tmp_path)
    total, each = run.meta["parts"]["total"], run.slices.set_index("workload")
    sent = (each["requests"] + each["boundary_requests"]).to_dict()
    logged = logged_rows(tmp_path)
    assert Counter(row["name"] for row in logged) == sent == stats(tmp_path)
    assert {(row["request_type"], row["status_code"], row["exception"]) for row in logged} == {("POST", "200", "")}
    exported = documents(done.stdout)
    points = {
        (metric["name"], point["attributes"]["name"]): point
        for document in exported
        for resource in document.get("resource_metrics", ())
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
        for point in metric["data"]["data_points"]
        if "name" in point["attributes"]
    }
    spans = [document for document in exported if "context" in document]
    for name, requests in sent.items():
        assert points["locust.client.duration", name]["count"] == requests
        size = points["http.request.size", name]
        assert size["count"] == requests
        assert size["attributes"] == {
            "name": name,
            "http.request.method": "POST",
            "http.response.status_code": 200,
        }
        assert [span["name"] for span in spans].count(f"POST {name}") == requests
    for key, place in (("http.request.size", "request_bytes"), ("http.response.size", "response_bytes")):
        assert sum(points[key, name]["sum"] for name in sent) == run.meta["reconcile"]["model"][place]
        assert sum(span["attributes"][key] for span in spans) == run.meta["reconcile"]["model"][place]
    assert total["requests"] == len(logged)


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]])
def test_a_plan_in_locust_is_logged_too(tmp_path: Path, plan: Plan, processes: list[str]) -> None:
    mine = tmp_path / "mine.py"
    paces = "BatchUser.wait_time = TriggerUser.wait_time = constant_pacing(0.25)"
    mine.write_text(LOGGING.replace("locustfile", "planfile").replace(paces, ""))
    port = own_port() if processes else []
    # Few calls: each is a line of the log.
    options = ["--headless", "--plan", plan(rounds=1, rtt="2ms"), *processes, *port]
    done = run_warm("locust", "-f", str(mine), *options, cwd=tmp_path, env=environment())
    assert done.returncode == 0, done.stderr
    # Each workload was tried out with one call.
    sent = saved(tmp_path).meta["parts"]["total"]["requests"] - 4
    assert len(logged_rows(tmp_path)) == sent > 0


# Each stage goes on until as many classes have sent some calls in it, and Locust knows of them.
SHAPED = """
from locust import LoadTestShape, constant_pacing
from scenarios.locustfile import *

BatchUser.wait_time = TriggerUser.wait_time = constant_pacing(0.02)

class Stages(LoadTestShape):
    stages = [(2, None, 2), (5, [TriggerUser], 2), (1, None, 1)]
    number, before = 0, {}

    def tick(self):
        users, kinds, sending = self.stages[self.number]
        calls = {entry.name: entry.num_requests for entry in self.runner.stats.entries.values()}
        if any(calls.get(name, 0) < count for name, count in self.before.items()):
            self.before = {}  # statistics were reset
        grown = [name for name, count in calls.items() if count >= self.before.get(name, 0) + 5]
        if self.runner.user_count == users and len(grown) >= sending:
            self.number, self.before = self.number + 1, calls
        if self.number == len(self.stages):
            return None
        users, kinds, _ = self.stages[self.number]
        return users, 100, kinds
"""
ALONE_OR_WORKERS = pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["alone", "workers"])


def staged_run(folder: Path, *options: str) -> tuple[Any, list[str]]:
    """A run of these stages, and its output."""
    mine = folder / "mine.py"
    mine.write_text(SHAPED)
    files = ["--csv", "out", "--csv-full-history", "--json-file", "stats"]
    port = own_port() if "--processes" in options else []
    arguments = ["--headless", *files, *options, *port, "TriggerUser", "BatchUser"]
    done = run_warm("locust", "-f", str(mine), *arguments, cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr
    assert_agrees(saved(folder))
    return saved(folder), done.stdout.splitlines()


def assert_locust_agrees(folder: Path, run: Any) -> None:
    """Locust's files have the calls that count, and no others."""
    counted = run.slices.groupby("workload")[["requests", "boundary_requests"]].sum().sum(axis=1).to_dict()
    parts = run.meta["parts"]
    assert sum(counted.values()) == parts["total"]["requests"] - parts["aside"]["requests"]
    assert {name: number for name, number in stats(folder).items() if number} == counted
    whole = {**counted, "Aggregated": sum(counted.values())}
    for file, column in (("out_stats.csv", "Request Count"), ("out_stats_history.csv", "Total Request Count")):
        last = {row["Name"]: int(row[column]) for row in csv_rows(folder / file)}
        assert {name: number for name, number in last.items() if number} == whole


@ALONE_OR_WORKERS
def test_a_shapes_stages_are_rows_of_the_run(tmp_path: Path, processes: list[str]) -> None:
    run, output = staged_run(tmp_path, *processes)
    stages = run.meta["plan"]["stages"]
    assert [(each["users"], each["user_classes"]) for each in stages] == [(2, []), (5, ["TriggerUser"]), (1, [])]
    trigger, batch = "trigger-100B-chat-reference", "batch10-100B-chat-reference"
    sent = run.slices.groupby(["stage", "workload"])["requests"].sum()
    assert {each: number >= 5 for each, number in sent.items() if each[0] < 2} == {
        (stage, workload): True for stage in (0, 1) for workload in (trigger, batch)
    }
    assert sent[2].sum() >= 5
    # Rounds and windows belong to one stage each.
    assert (run.slices.groupby("round")["stage"].nunique() == 1).all()
    assert (run.slices["started_s"] >= run.slices["stage"].map(lambda stage: stages[stage]["started_s"])).all()
    table = [line.split() for line in output]
    start = next(place for place, words in enumerate(table) if words[:3] == ["stage", "users", "s"])
    shown = [(words[0], words[1]) for words in table[start + 1 : start + 7] if words[0] in "123"]
    assert shown == [("1", "2"), ("2", "5"), ("3", "1")]
    assert_locust_agrees(tmp_path, run)


@ALONE_OR_WORKERS
def test_after_reset_stats_the_run_and_locusts_files_have_the_same_calls(
    tmp_path: Path, processes: list[str]
) -> None:
    run, _ = staged_run(tmp_path, "--reset-stats", *processes)
    # Locust resets once all users of a stage are there.
    assert run.meta["parts"]["aside"]["requests"] >= 20
    assert set(run.slices["stage"]) == {2}
    assert_locust_agrees(tmp_path, run)


def logged_rows(folder: Path) -> list[dict[str, str]]:
    """What the log of every process has."""
    return [row for log in folder.glob("log-*.csv") for row in csv_rows(log)]


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON documents in a console exporter's output, whose last lines are a brace alone."""
    lines = iter(text.splitlines())
    starts = (line for line in lines if line == "{")
    return [json.loads("\n".join([start, *takewhile(lambda each: each != "}", lines), "}"])) for start in starts]


CHECK = """schema = 1
[valid]
min_requests = 10
[[check]]
id = "head"
metric = "http.request.head.size"
where = { api = "batch" }
max = %d
"""


@pytest.mark.parametrize(("most", "code", "says"), [(400, 0, "1 passed"), (300, 3, "1 failed")])
def test_gates_judge_the_run_it_leaves_and_set_its_exit_code(
    tmp_path: Path, most: int, code: int, says: str
) -> None:
    (tmp_path / "gates.toml").write_text(CHECK % most)
    done = locust(tmp_path, "-u", "2", "--gates", "gates.toml", "BatchUser", file=paced(tmp_path))
    assert done.returncode == code, done.stderr
    assert says in done.stdout
    folder = find_run(tmp_path / "results")
    assert {"gate.json", "junit.xml", "summary.md"} <= {file.name for file in folder.iterdir()}


def test_what_sigterm_ends_is_judged_and_written_whole(tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text(CHECK % 300)
    arguments = ["-u", "2", "-r", "2", "--gates", "gates.toml", "--json", "--json-file", "stats", "BatchUser"]
    process = subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", str(paced(tmp_path)), "--headless", *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("POST"):  # in Locust's table
            break
    process.terminate()
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 3, said
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["valid"], run.meta["invalid_because"]
    assert stats(tmp_path) == {"batch10-100B-chat-reference": run.meta["parts"]["total"]["requests"]}


@pytest.mark.parametrize(
    ("numbers", "plan"),
    [
        ([signal.SIGINT] * 3, False),
        ([signal.SIGHUP], False),
        ([signal.SIGTERM, signal.SIGTERM, signal.SIGINT], False),
        ([signal.SIGHUP, signal.SIGINT, signal.SIGTERM], True),
    ],
)
def test_further_signals_do_not_cost_the_run(tmp_path: Path, numbers: list[signal.Signals], plan: bool) -> None:
    file, more = (PLANFILE, ["--plan", "quick"]) if plan else (paced(tmp_path), ["-u", "2", "BatchUser"])
    arguments = ["-f", str(file), "--headless", *more]
    process = start_warm("locust", *arguments, cwd=tmp_path, env=environment())
    assert process.stderr is not None
    for line in process.stderr:
        if "round 1 of" in line if plan else line.startswith("POST"):  # in Locust's table
            break
    for number in numbers:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert "saved in" in out
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["interrupted"] is plan
    assert run.meta["valid"], run.meta["invalid_because"]
    assert process.returncode == (130 if plan else 0), err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_free_run_that_a_signal_cuts_short_of_its_run_time_is_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    arguments = ["-f", str(LOCUSTFILE), "--headless", "-u", "1", "-t", "1h", "BatchUser"]
    process = start_warm("locust", *arguments, cwd=tmp_path, env=environment())
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("POST"):  # in Locust's table
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["interrupted"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert process.returncode == 130, err


def test_a_free_run_whose_output_nobody_reads_is_saved(tmp_path: Path) -> None:
    file = str(paced(tmp_path))
    arguments = [sys.executable, "-m", "locust", "-f", file, "--headless", "-t", "1s", "-u", "1"]
    shell = f"{shlex.join([*arguments, 'BatchUser'])} 2>&1 | head -1"
    whole = ["bash", "-c", f"{shell}; exit $PIPESTATUS"]
    done = subprocess.run(whole, cwd=tmp_path, env=environment(), timeout=60)
    assert done.returncode == 0
    assert read_run(find_run(tmp_path / "results")).meta["valid"]


def test_gates_that_match_nothing_that_was_sent_are_not_passed(tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text(CHECK % 400)
    arguments = ["-u", "1", "--gates", "gates.toml", "TriggerUser"]
    assert locust(tmp_path, *arguments, file=paced(tmp_path)).returncode == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--gates", "none.toml"], "none.toml"),
        (["--batch-size", "11"], "11 events in one batch, expected 1 to 10"),
        (["--payload-bytes", "3"], "payload_bytes = 3, expected 9"),
        (["--payload-bytes", "10240", "--client", "php"], "php encodes a string a second time"),
        (["--endpoint", "http://127.0.0.1/apps/1"], "lacks the key or the secret"),
        (["--insecure"], "go with an https:// --endpoint"),
        (["--endpoint", "https://k:hidden@127.0.0.1/apps/1", "--ca", "none.pem"], "can't be read"),
        (["--host", "http://k:hidden@127.0.0.1"], "give the endpoint with --endpoint"),
    ],
)
def test_options_that_cannot_be_used_are_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = locust(tmp_path, "-u", "1", *arguments, "TriggerUser")
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr.replace(" ".join(arguments), "")


def test_no_more_is_sent_than_the_limit_and_the_test_ends_there(tmp_path: Path) -> None:
    done = locust(tmp_path, "-u", "4", "-r", "4", "-t", "30s", "--max-messages", "1005", "BatchUser")
    assert done.returncode == 0, done.stderr
    assert "stopped at the limit: 1,000 of 1,005 messages" in done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert run.server is not None
    assert run.server["messages"] == 1000
    assert run.meta["budget"]["spent"]


def test_a_test_against_another_machine_has_to_be_meant(tmp_path: Path) -> None:
    done = locust(tmp_path, "--endpoint", "http://k:hidden@192.0.2.1/apps/1", "TriggerUser")
    assert done.returncode == 2
    assert "up to 10,000 messages (--max-messages) would go to http://192.0.2.1/apps/1" in done.stderr
    assert "hidden" not in done.stderr


def test_a_test_stops_at_credentials_that_are_not_taken_and_waits_where_it_is_asked_to(tmp_path: Path) -> None:
    slow_down = answer("429 Too Many Requests", b"", "Retry-After: 1")
    no = answer("401 Unauthorized", b"Invalid signature")

    def reply(_: bytes, number: int) -> bytes:
        return no if number > 30 else slow_down if number == 10 else OK

    with raw_server(reply) as server:
        done = locust(tmp_path, "-u", "2", "-r", "2", "-t", "30s", "--endpoint", server.url(), "TriggerUser")
    assert done.returncode == 5, done.stderr
    assert "ended early" in done.stderr
    assert "answered 401: Invalid signature" in done.stderr
    assert len(server.requests) <= 30 + 2
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["paused"]["times"] == 1
    assert run.meta["paused"]["waited_s"] == pytest.approx(1, abs=0.2)
    # The wait is in no slice.
    assert run.slices["duration_s"].sum() < 1
    assert run.meta["parts"]["total"]["requests"] == len(server.requests)


SUBSCRIBERS = LOCUSTFILE.with_name("subscribers.py")


def test_subscribers_receive_what_other_users_publish(tmp_path: Path) -> None:
    users = ["-u", "4", "-r", "4", "-t", "2s", "--json-file", "stats"]
    done = locust(tmp_path, *users, "TriggerUser", "BatchUser", "SubscriberUser", file=SUBSCRIBERS)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["valid"], run.meta["invalid_because"]
    assert_agrees(run)
    delivery = run.delivery
    assert set(delivery["workload"]) == {"trigger-100B-chat-reference", "batch10-100B-chat-reference"}
    assert (delivery["sent"] == delivery["acknowledged"]).all()
    assert (delivery["expected"] == delivery["delivered"] + delivery["missed"]).all()
    assert not delivery[["lost", "duplicated", "foreign"]].to_numpy().any()
    assert (delivery["delivered"] > 0).all()
    assert (delivery["subscribers"] == 1).all()
    # Two workloads share the subscriber's connection: its bytes are known for both together, and agree.
    assert delivery["payload_delivered_bytes"].isna().all()
    assert run.meta["delivery"]["differences"] == []
    assert run.meta["delivery"]["totals"]["messages"] == delivery["delivered"].sum()
    # Each delivery is a request of Locust's table.
    assert stats(tmp_path)["delivery"] == delivery["delivered"].sum()
    assert "deliveries, sent as" in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--payload-bytes", "20"), "payload_bytes = 20: an event needs 32 of kind chat"),
        (("--master",), "run without workers, or leave it out"),
    ],
)
def test_what_subscribers_can_not_count_is_refused(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    done = locust(tmp_path, "-u", "2", *options, "TriggerUser", "SubscriberUser", file=SUBSCRIBERS)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr


def test_a_subscriber_that_can_not_subscribe_ends_the_run_with_a_line(tmp_path: Path) -> None:
    def no_websocket(request: bytes, _: int) -> bytes | None:
        return answer("200 OK", b"{}") if request.startswith(b"POST") else answer("404 Not Found", b"")

    with raw_server(no_websocket) as server:
        users = ("-u", "2", "-r", "2", "-t", "30s", "--endpoint", server.url())
        done = locust(tmp_path, *users, "TriggerUser", "SubscriberUser", file=SUBSCRIBERS)
    assert done.returncode == 5, done.stderr
    assert "subscriber 1 can't connect" in done.stderr
    assert DEMO.secret not in done.stderr


def test_a_planfile_runs_a_part_of_its_plan(plan: Plan, tmp_path: Path) -> None:
    chosen = ["--only", "*python", "--rounds", "2", "-u", "2"]
    done = locust(tmp_path, "--plan", plan(), *chosen, file=PLANFILE)
    assert done.returncode == 0, done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert set(run.slices["workload"]) == {"trigger-10B-chat-python"}
    assert (run.meta["plan"]["users"], run.meta["plan"]["rounds"], run.meta["rounds_measured"]) == (2, 2, 2)
    assert len(run.meta["plan"]["left_out"]) == 3
    wrong = locust(tmp_path, "--plan", plan(), "--skip", "x", file=PLANFILE)
    assert wrong.returncode == 2
    assert "--skip x: no workload of plan tiny has such a name" in wrong.stderr
